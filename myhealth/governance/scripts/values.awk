# One scalar of a YAML file, found by its path in block mappings; see values.sh. Variables: path, what (get or set); the new value
# is the environment's `new`, where awk does not read escapes into it.

# The place where the value ends: at the end of its quotes, or before a comment.
function split_value(text) {
    if (match(text, /^"[^"\\]*"/) || match(text, /^'[^']*'/)) {
        quote = substr(text, 1, 1)
        value = substr(text, 2, RLENGTH - 2)
        rest = substr(text, RLENGTH + 1)
        return rest ~ /^[ \t\r]*(#.*)?$/
    }
    quote = ""
    # What is no scalar of one line, or one that an edit could change the meaning of.
    if (text == "" || text ~ /^[#|>{\[&*!"'%@`]/) return 0
    value = text
    rest = ""
    if (match(text, /[ \t]+#.*$/) || match(text, /[ \t\r]+$/)) {
        value = substr(text, 1, RSTART - 1)
        rest = substr(text, RSTART)
    }
    return 1
}

BEGIN { new = ENVIRON["new"]; depth = 0; found = 0; block = -1 }

{
    line = $0
    match(line, /^ */)
    indent = RLENGTH
    text = substr(line, indent + 1)
    # Lines of a block scalar look like anything; they end where the indentation does.
    if (block >= 0) {
        if (text ~ /^[ \t\r]*$/ || indent > block) { lines[NR] = line; next }
        block = -1
    }
    if (text ~ /^[A-Za-z0-9_.\/-]+:([ \t\r]|$)/) {
        while (depth > 0 && indents[depth] >= indent) depth--
        key = text
        sub(/:.*/, "", key)
        after = substr(text, length(key) + 2)
        match(after, /^[ \t]*/)
        gap = substr(after, 1, RLENGTH)
        after = substr(after, RLENGTH + 1)
        depth++
        indents[depth] = indent
        keys[depth] = (depth > 1 ? keys[depth - 1] "." : "") key
        if (after ~ /^[|>]/) block = indent
        if (keys[depth] == path) {
            found++
            if (!split_value(after)) { bad = 1 }
            else if (what == "set") {
                # A commit may look like a number, so what is all digits is quoted.
                if (quote == "" && new ~ /^[0-9.]+(e[0-9]+)?$/ && new !~ /\..*\./) quote = "\""
                line = substr(line, 1, indent) key ":" gap quote new quote rest
            }
        }
    } else if (text ~ /^(-|\?)([ \t\r]|$)/ || text ~ /^(---|\.\.\.)/) {
        # An item of a list is not a mapping that a path leads into. A second document would make the path ambiguous.
        while (depth > 0 && indents[depth] >= indent) depth--
        depth++
        indents[depth] = indent
        keys[depth] = "\001"
    }
    lines[NR] = line
}

END {
    if (found != 1 || bad) exit 1
    if (what == "get") { print value; exit 0 }
    for (n = 1; n <= NR; n++) print lines[n]
}
