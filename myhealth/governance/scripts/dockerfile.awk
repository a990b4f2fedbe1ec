# The last stage of a Dockerfile; see image.sh. Writes what it copies to the file `copies` (source and destination, by a tab) and the
# image's configuration as JSON to the file `config`. The environment's `labels` are KEY=VALUE lines added to those of the file.

function refuse(why) {
    printf "%s:%d: %s\n", FILENAME, start, why > "/dev/stderr"
    failed = 1
    exit 1
}

# A JSON string. A control character has no place in a Dockerfile's words.
function quote(text) {
    if (text ~ /[\001-\037\177]/) refuse("a control character")
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

# An array of JSON strings as the exec form writes it: taken as it is, once it is known to be one.
function array(text) {
    if (text !~ /^\[[ \t]*"([^"\\]|\\["\\\/])*"([ \t]*,[ \t]*"([^"\\]|\\["\\\/])*")*[ \t]*\]$/)
        refuse(instruction " is written as a JSON array: there is no shell in the image")
    return text
}

# KEY=VALUE of ENV and LABEL: one to an instruction, the value in quotes or without spaces.
function pair(text) {
    if (text !~ /^[A-Za-z_][A-Za-z0-9_.\/-]*=("[^"\\$]*"|[^ \t"'\\$]*)$/)
        refuse(instruction " takes one KEY=VALUE, without variables")
    key = text
    sub(/=.*/, "", key)
    value = substr(text, length(key) + 2)
    if (value ~ /^"/) value = substr(value, 2, length(value) - 2)
}


function label(key, value) { marks = marks (marks == "" ? "" : ",") quote(key) ":" quote(value) }

# The stage that is open is judged only if it is the last, so instructions are kept until the file ends.
/^[ \t]*(#|$)/ && !continued { next }
{
    sub(/\r$/, "")
    if (continued && /^[ \t]*#/) next
    if (!continued) { start = NR; text = "" }
    line = $0
    continued = sub(/\\[ \t]*$/, "", line)
    text = text line
    if (continued) next
    sub(/^[ \t]+/, "", text)
    sub(/[ \t]+$/, "", text)
    if (toupper(text) ~ /^FROM[ \t]/) { stages++; count = 0; from = text; from_line = start; next }
    count++
    lines[count] = text
    numbers[count] = start
}

function judge(text,   rest, words, n, from_stage, i) {
    instruction = text
    sub(/[ \t].*/, "", instruction)
    rest = substr(text, length(instruction) + 1)
    sub(/^[ \t]+/, "", rest)
    instruction = toupper(instruction)
    if (instruction == "COPY") {
        n = split(rest, words, /[ \t]+/)
        from_stage = ""
        for (i = 1; i <= n && words[i] ~ /^--/; i++) {
            if (words[i] ~ /^--from=[A-Za-z0-9._-]+$/) from_stage = words[i]
            else refuse("COPY takes --from=STAGE only; files belong to root and are read by all")
        }
        if (from_stage == "") refuse("COPY takes its files --from a build stage")
        if (n - i != 1) refuse("COPY takes one file or folder and one destination")
        if (words[i] !~ /^\/[A-Za-z0-9_.+\/-]+$/ || words[i] ~ /(^|\/)\.\.?(\/|$)/) refuse("COPY takes one file or folder by its whole path")
        if (words[i + 1] !~ /^\/[A-Za-z0-9_.+\/-]*$/ || words[i + 1] ~ /(^|\/)\.\.?(\/|$)/) refuse("COPY's destination is a whole path")
        printf "%s\t%s\n", words[i], words[i + 1] > copies
        copied++
    } else if (instruction == "USER") {
        if (rest !~ /^[1-9][0-9]*(:[1-9][0-9]*)?$/) refuse("USER is a number other than 0: scratch has no names")
        user = rest
    } else if (instruction == "EXPOSE") {
        if (rest !~ /^[1-9][0-9]*(\/(tcp|udp))?$/) refuse("EXPOSE takes one port")
        ports = ports (ports == "" ? "" : ",") quote(rest ~ /\// ? rest : rest "/tcp") ":{}"
    } else if (instruction == "ENV") {
        pair(rest)
        environment = environment (environment == "" ? "" : ",") quote(key "=" value)
    } else if (instruction == "LABEL") {
        pair(rest)
        label(key, value)
    } else if (instruction == "WORKDIR") {
        if (rest !~ /^\/[A-Za-z0-9_.\/-]*$/) refuse("WORKDIR is a whole path")
        folder = rest
    } else if (instruction == "STOPSIGNAL") {
        if (rest !~ /^SIG[A-Z0-9]+$/) refuse("STOPSIGNAL is a name such as SIGTERM")
        signal = rest
    } else if (instruction == "ENTRYPOINT") entrypoint = array(rest)
    else if (instruction == "CMD") command = array(rest)
    else refuse(instruction " is not for an image from scratch")
}

function member(name, text) { if (text != "") json = json (json == "" ? "" : ",") "\"" name "\":" text }

END {
    if (failed) exit 1
    start = from_line
    if (stages < 2) refuse("there is a build stage and, from scratch, the image's stage")
    if (toupper(from) !~ /^FROM[ \t]+SCRATCH([ \t]|$)/) refuse("the last stage is FROM scratch")
    printf "" > copies
    total = count
    for (n = 1; n <= total; n++) { start = numbers[n]; judge(lines[n]) }
    start = from_line
    if (!copied) refuse("the image's stage copies no file")
    if (user == "") refuse("the image's stage names no USER: it would run as root")
    if (entrypoint == "") refuse("the image's stage has no ENTRYPOINT")
    total = split(ENVIRON["labels"], added, "\n")
    for (n = 1; n <= total; n++) {
        key = added[n]
        sub(/=.*/, "", key)
        if (key != "") label(key, substr(added[n], length(key) + 2))
    }
    member("User", quote(user))
    member("ExposedPorts", ports == "" ? "" : "{" ports "}")
    member("Env", environment == "" ? "" : "[" environment "]")
    member("Entrypoint", entrypoint)
    member("Cmd", command)
    member("WorkingDir", folder == "" ? "" : quote(folder))
    member("Labels", marks == "" ? "" : "{" marks "}")
    member("StopSignal", signal == "" ? "" : quote(signal))
    printf "{%s}", json > config
}
