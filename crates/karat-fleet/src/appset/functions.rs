//! What Argo CD's templates can call: Sprig without the environment, and five functions of its own. Its `toYaml` and
//! `fromYaml` fail where Helm's give a text that says so.

use std::sync::{Arc, LazyLock};

use karat_template::{Builtin, CallError, FuncMap, Interpreter, Signature, Str, Type, Value};
use karat_yaml::{Dialect, Numbers};

use super::go_data;

/// All functions, made once: a set has a thousand texts.
pub(crate) fn functions() -> Arc<FuncMap> {
    static FUNCTIONS: LazyLock<Arc<FuncMap>> = LazyLock::new(|| {
        let mut map = karat_template::sprig::functions();
        for name in ["env", "expandenv", "getHostByName"] {
            map.remove(name);
        }
        map.add(OWN);
        Arc::new(map)
    });
    Arc::clone(&FUNCTIONS)
}

const OWN: &[Builtin] = &[
    Builtin { name: "normalize", signature: Signature::fixed(&[Type::String]), call: normalize },
    Builtin { name: "slugify", signature: Signature::variadic(&[], Type::Any), call: slugify },
    Builtin { name: "toYaml", signature: Signature::fixed(&[Type::Any]), call: to_yaml },
    Builtin { name: "fromYaml", signature: Signature::fixed(&[Type::String]), call: from_yaml },
    Builtin { name: "fromYamlArray", signature: Signature::fixed(&[Type::String]), call: from_yaml_array },
];

fn normalize(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    Ok(Value::string(sanitize_name(&text(arguments.first()).lossy())))
}

/// A name for DNS: lower case, what does not fit becomes `-`, at most 253 bytes, no `-` or `.` at the ends.
pub(crate) fn sanitize_name(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let mut clean: String = name.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    clean.truncate(253);
    clean.trim_matches(['-', '.']).to_owned()
}

/// `slugify [MAX] [SMART] NAME`: at most 50 bytes unless told, cut at a `-` unless told.
fn slugify(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    let wrong = |value: &Value, wanted: &str| {
        CallError::from(format!("interface conversion: interface {{}} is {}, not {wanted}", value.go_type()))
    };
    let (mut limit, mut smart, mut name) = (50_i64, true, Str::new());
    for (index, argument) in arguments.iter().enumerate() {
        match (index, argument) {
            (_, Value::Str(text)) if index + 1 == arguments.len() => name = text.clone(),
            (_, other) if index + 1 == arguments.len() => return Err(wrong(other, "string")),
            (0, Value::Int(karat_template::IntKind::Int, number)) => limit = *number,
            (0, other) => return Err(wrong(other, "int")),
            (1, Value::Bool(truth)) => smart = *truth,
            (1, other) => return Err(wrong(other, "bool")),
            _ => {}
        }
    }
    // What is left after `sanitize_name` is ASCII, so the slug library's tables of letters have nothing to do.
    let mut slug = sanitize_name(&name.lossy()).trim().to_owned();
    if !smart && slug.len() as i64 >= limit {
        let limit = usize::try_from(limit).map_err(|_| CallError::from("slice bounds out of range"))?;
        slug.truncate(limit);
    }
    let mut dashed = String::with_capacity(slug.len());
    for c in slug.chars() {
        let c = if c == '.' { '-' } else { c };
        if c != '-' || !dashed.ends_with('-') {
            dashed.push(c);
        }
    }
    let mut slug = dashed.trim_matches(['-', '_']).to_owned();
    if let (true, Ok(limit)) = (smart && limit > 0, usize::try_from(limit))
        && slug.len() > limit
    {
        let cut = slug.as_bytes()[..=limit].iter().rposition(|byte| *byte == b'-').unwrap_or(limit);
        slug.truncate(cut);
    }
    Ok(Value::string(slug))
}

fn to_yaml(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    let data = plain(arguments.first().unwrap_or(&Value::Nil));
    let text = karat_yaml::to_yaml(&data).map_err(|error| CallError::from(error.to_string()))?;
    Ok(Value::string(text.strip_suffix('\n').unwrap_or(&text)))
}

/// A Go value as plain data.
fn plain(value: &Value) -> karat_yaml::Value {
    use karat_yaml::Value as Data;
    match value {
        Value::Nil => Data::Null,
        Value::Bool(truth) => Data::Bool(*truth),
        Value::Int(_, number) => Data::Int(*number),
        Value::Float(number) => Data::Float(*number),
        Value::Str(text) => Data::Str(text.clone()),
        Value::Bytes(bytes) => Data::from(data_encoding::BASE64.encode(bytes)),
        Value::List(list) => Data::Seq(list.items().iter().map(plain).collect()),
        Value::Map(map) => Data::Map(map.borrow().iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        Value::Object(object) => plain(&object.data()),
    }
}

fn from_yaml(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    let map = karat_yaml::from_yaml_map(&text(arguments.first()), Dialect::GoYaml, Numbers::Float)
        .map_err(|error| go_error(&error))?;
    Ok(Value::Map(super::generate::go_params(&map)))
}

fn from_yaml_array(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    let list = karat_yaml::from_yaml_list(&text(arguments.first()), Dialect::GoYaml, Numbers::Float)
        .map_err(|error| go_error(&error))?;
    Ok(Value::list(list.iter().map(go_data).collect()))
}

fn go_error(error: &karat_yaml::Error) -> CallError {
    CallError::from(error.to_go_unmarshal())
}

fn text(value: Option<&Value>) -> Str {
    match value {
        Some(Value::Str(text)) => text.clone(),
        _ => Str::new(),
    }
}
