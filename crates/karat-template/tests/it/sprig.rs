//! Sprig: that nothing is missing, that placeholders are noted, and that results are bounded. What each function gives
//! is in `tests/cases/sprig-*.jsonl`, which the goldens' runner compares with Go.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use karat_template::{IntKind, Interpreter, List, Map, Options, Signature, Str, TemplateSet, Type, Value, sprig};
use karat_testkit::oracle::{Answer, Oracle};
use serde_json::Value as Json;

use crate::host;

/// The names of Sprig 3.3.0's `TxtFuncMap`, without `env` and `expandenv`.
const NAMES: &str = "
    abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt
    biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone
    dateModify date_in_zone date_modify decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf
    duration durationRound empty encryptAES ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey
    genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey
    hasPrefix hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64 isAbs join
    kebabcase keys kindIs kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend
    mustChunk mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge
    mustMergeOverwrite mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll
    mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson
    mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now omit osBase osClean osDir osExt osIsAbs
    pick pluck plural prepend push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric regexFind
    regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest
    reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle slice snakecase sortAlpha split
    splitList splitn squote sub subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson
    toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq
    unixEpoch unset until untilStep untitle upper urlJoin urlParse uuidv4 values without wrap wrapWith
";

fn names() -> BTreeSet<&'static str> {
    NAMES.split_whitespace().collect()
}

/// Renders with Sprig, and says which functions gave placeholders.
fn render(text: &str, options: Options) -> (String, Vec<&'static str>) {
    let mut set = TemplateSet::new("case", Arc::new(sprig::functions()));
    set.parse("case", text).unwrap();
    let mut host = ();
    let mut interpreter = Interpreter::new(&set, options, &mut host);
    let mut out = Vec::new();
    interpreter.execute("case", &Value::Nil, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), interpreter.placeholders().collect())
}

/// What a template is refused with.
fn refusal(text: &str) -> String {
    host::go(text, &Value::Nil).expect_err(text).to_string()
}

#[test]
fn every_function_is_there() {
    assert_eq!(sprig::functions().names().into_iter().collect::<BTreeSet<_>>(), names());
}

#[test]
fn every_function_has_goldens() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut covered = BTreeSet::new();
    let mut rows = 0;
    for entry in fs_err::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().starts_with("sprig-") {
            continue;
        }
        for line in fs_err::read_to_string(entry.path()).unwrap().lines().skip(1) {
            let row: Json = serde_json::from_str(line).unwrap();
            covered.insert(row["function"].as_str().unwrap().to_owned());
            rows += 1;
        }
    }
    let missing: Vec<_> = names().into_iter().filter(|name| !covered.contains(*name)).collect();
    assert!(missing.is_empty(), "no goldens for {missing:?}");
    assert!(rows >= 1500, "only {rows} rows");
}

#[test]
fn placeholders_are_functions_and_are_noted() {
    for name in sprig::placeholders() {
        assert!(names().contains(name), "{name}");
    }
    assert!(sprig::placeholders().is_sorted());
    let text = "{{ randAlphaNum 8 }} {{ uuidv4 }} {{ now.Unix }} {{ date \"2006\" \"now\" }} {{ date \"2006\" 0 }} {{ upper \"x\" }}";
    let (first, noted) = render(text, Options::default());
    assert_eq!(first, "placehol 00000000-0000-4000-8000-000000000000 0 1970 1970 X");
    assert_eq!(noted, ["date", "now", "randAlphaNum", "uuidv4"]);
    assert_eq!(render(text, Options::default()).0, first);
    let later = Options { now: 1_700_000_000, ..Options::default() };
    assert!(render(text, later).0.contains("1700000000 2023 1970"));
}

#[test]
fn results_are_bounded() {
    for text in [
        "{{ repeat 1000000000 \"x\" }}",
        "{{ repeat 9223372036854775807 \"xy\" }}",
        "{{ indent 9223372036854775807 \"x\" }}",
        "{{ nindent 100000000 \"x\\ny\" }}",
        "{{ randAlphaNum 9223372036854775807 }}",
        "{{ $a := repeat 1000000 \"a\" }}{{ replace \"a\" $a $a }}",
        "{{ $a := repeat 1000000 \"a\" }}{{ regexReplaceAll \"a\" $a $a }}",
        "{{ $a := repeat 1000000 \"a\" }}{{ wrapWith 1 $a $a }}",
        "{{ $a := repeat 1000000 \"a\" }}{{ join $a (until 1000) }}",
    ] {
        let message = refusal(text);
        assert!(message.contains("longer than 64 MiB"), "{text}: {message}");
    }
    for text in [
        "{{ until 1000000000 }}",
        "{{ until -9223372036854775808 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ untilStep -9223372036854775808 9223372036854775807 1 }}",
        "{{ seq 9000000000000000000 }}",
        "{{ $a := until 1000000 }}{{ concat $a $a }}",
    ] {
        let message = refusal(text);
        assert!(message.contains("more than 1048576 items"), "{text}: {message}");
    }
}

/// Templates can put a dict into itself, where Go overflows its stack, and share one many times, where Go writes it out.
#[test]
fn cycles_end() {
    let cycle = "{{ $d := dict \"a\" 1 }}{{ $_ := set $d \"d\" $d }}{{ $e := dict \"a\" 1 }}{{ $_ = set $e \"d\" $e }}";
    for call in [
        "toJson $d",
        "toPrettyJson $d",
        "deepCopy $d",
        "deepEqual $d $e",
        "merge (dict \"d\" (dict)) $d | toJson",
        "mergeOverwrite $d $d",
        "has $d (list $e)",
    ] {
        let text = format!("{cycle}{{{{ {call} }}}}");
        let message = refusal(&text);
        assert!(message.contains("does it contain itself?"), "{text}: {message}");
    }
    let doubled = "{{ $d := dict }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}";
    for call in ["toJson $d", "deepCopy $d"] {
        let text = format!("{doubled}{{{{ {call} }}}}");
        let message = refusal(&text);
        assert!(message.contains("too large") || message.contains("more than"), "{text}: {message}");
    }
}

#[test]
fn searching_is_linear() {
    // Quadratic algorithms would take minutes.
    let text = "{{ $a := repeat 1000000 \"a\" }}{{ contains (print (trunc 500000 $a) \"b\") $a }} \
                {{ replace (print (trunc 500000 $a) \"\\xff\") \"\" (print $a \"\\xff\") | len }} \
                {{ regexMatch \"(a*)*b\" $a }}";
    assert_eq!(host::go(text, &Value::Nil).unwrap(), b"false 500000 false");
}

/// scrypt takes its time, so this is no golden.
#[test]
fn derived_passwords() {
    let Some(path) = karat_testkit::peer("oracle") else { return };
    let mut oracle = Oracle::start(&path).unwrap();
    for call in [
        r#"derivePassword 1 "long" "password" "user" "example.com""#,
        r#"derivePassword 4294967295 "maximum" (repeat 100 "p") "" "s\xff""#,
    ] {
        let text = format!("{{{{ {call} }}}}");
        let expected = oracle.ask(&serde_json::json!({"op": "template", "text": text, "data": {}})).unwrap();
        let actual = String::from_utf8(host::go(&text, &Value::Nil).unwrap()).unwrap();
        assert_eq!(Answer::Text(actual), expected, "{text}");
    }
}

/// Odd values of a type.
fn odd(wanted: Type) -> Vec<Value> {
    let texts = || {
        let texts = [
            &b""[..],
            b"a b",
            b"\xff\xc3",
            "é日".as_bytes(),
            b"(",
            b"%zz",
            b"9e999",
            b"-",
            b"1.2.3",
            b"2006-01-02",
            b"{",
        ];
        texts.into_iter().map(|text| Value::Str(Str::from(text))).collect::<Vec<_>>()
    };
    let ints = || [i64::MIN, -1, 0, 1, 7, i64::MAX].map(|number| Value::Int(IntKind::Int, number)).to_vec();
    let maps = || {
        let map = Map::new([("a".into(), Value::Nil), ("b".into(), Value::list(ints()))].into());
        vec![Value::Map(Map::nil(Map::ANY)), Value::empty_map(), Value::Map(map)]
    };
    let lists = || vec![Value::List(List::nil(List::ANY)), Value::list(ints()), Value::list(texts())];
    match wanted {
        Type::String => texts(),
        Type::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Type::Int | Type::Int64 => ints(),
        Type::Float => [f64::NAN, f64::NEG_INFINITY, -0.5, 1e300].map(Value::Float).to_vec(),
        Type::Map => maps(),
        Type::List => lists(),
        Type::Any => [texts(), ints(), maps(), lists(), odd(Type::Float), vec![Value::Nil, Value::Bool(true)]].concat(),
        Type::Named("time.Time") => vec![given("toDate", &[Value::string("2006"), Value::string("2020")])],
        Type::Named(_) => vec![given("genCA", &[Value::string("ca"), Value::int(1)])],
        Type::Strings | Type::Bytes => Vec::new(),
    }
}

/// What a function gives.
fn given(name: &str, arguments: &[Value]) -> Value {
    let set = TemplateSet::new("case", Arc::new(sprig::functions()));
    let function = *sprig::functions().get(name).unwrap();
    (function.call)(&mut Interpreter::new(&set, Options::default(), &mut ()), arguments).unwrap()
}

/// Whatever fits the signature gets an answer or an error, never a panic.
#[test]
fn odd_arguments() {
    let functions = sprig::functions();
    let set = TemplateSet::new("case", Arc::new(sprig::functions()));
    let mut calls = 0;
    for name in names() {
        let function = functions.get(name).unwrap();
        let Signature { params, variadic } = function.signature;
        let types: Vec<Type> = params.iter().copied().chain(variadic).chain(variadic).collect();
        let pools: Vec<Vec<Value>> = types.iter().map(|wanted| odd(*wanted)).collect();
        let combinations: usize = pools.iter().map(Vec::len).product();
        // All of them where there are few, else as many, spread evenly.
        let step = (combinations / 800).max(1);
        for mut number in (0..combinations).step_by(step) {
            let mut arguments = Vec::new();
            for pool in &pools {
                arguments.push(pool[number % pool.len()].clone());
                number /= pool.len();
            }
            let mut host = ();
            let _ = (function.call)(&mut Interpreter::new(&set, Options::default(), &mut host), &arguments);
            calls += 1;
        }
    }
    assert!(calls > 10_000, "only {calls}");
}
