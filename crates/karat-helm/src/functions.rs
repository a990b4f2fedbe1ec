//! The functions that Helm adds to Sprig's, and those of Sprig's that it replaces.

use std::sync::{Arc, OnceLock};

use karat_template::{Builtin, CallError, FuncMap, GoType, Interpreter, Map, Signature, Str, Type, Value};

use crate::coalesce::{table, value_at};
use crate::{Profile, errors, toml, writable, yaml};

/// All functions of a profile, shared by all charts.
pub(crate) fn all(profile: Profile) -> Arc<FuncMap> {
    static HELM4: OnceLock<Arc<FuncMap>> = OnceLock::new();
    static HELM3: OnceLock<Arc<FuncMap>> = OnceLock::new();
    let functions = match profile {
        Profile::Helm4 => &HELM4,
        Profile::Helm3 => &HELM3,
    };
    Arc::clone(functions.get_or_init(|| {
        let mut functions = karat_template::sprig::functions();
        for removed in ["env", "expandenv"] {
            functions.remove(removed);
        }
        functions.add(ADDED);
        if profile.has_must_functions() {
            functions.add(MUST);
        }
        functions.add_methods(profile.values_type().0, VALUES_METHODS);
        Arc::new(functions)
    }))
}

const fn function(
    name: &'static str,
    params: &'static [Type],
    call: fn(&mut Interpreter<'_>, &[Value]) -> Result<Value, CallError>,
) -> Builtin {
    Builtin { name, signature: Signature::fixed(params), call }
}

const ADDED: &[Builtin] = &[
    function("include", &[Type::String, Type::Any], include),
    function("tpl", &[Type::String, Type::Any], tpl),
    function("required", &[Type::String, Type::Any], required),
    function("fail", &[Type::String], fail),
    function("lookup", &[Type::String, Type::String, Type::String, Type::String], |_, _| Ok(Value::empty_map())),
    function("getHostByName", &[Type::String], |_, _| Ok(Value::string(""))),
    function("toYaml", &[Type::Any], |run, arguments| text_or_nothing(yaml::to_yaml(writable(run, arguments)?))),
    function("toYamlPretty", &[Type::Any], |run, arguments| {
        text_or_nothing(yaml::to_yaml_pretty(writable(run, arguments)?))
    }),
    function("fromYaml", &[Type::String], |_, arguments| Ok(yaml::from_yaml(text(arguments)))),
    function("fromYamlArray", &[Type::String], |_, arguments| Ok(yaml::from_yaml_array(text(arguments)))),
    function("toJson", &[Type::Any], |run, arguments| text_or_nothing(yaml::to_json(writable(run, arguments)?))),
    function("fromJson", &[Type::String], |_, arguments| Ok(yaml::from_json(text(arguments)))),
    function("fromJsonArray", &[Type::String], |_, arguments| Ok(yaml::from_json_array(text(arguments)))),
    function("toToml", &[Type::Any], |run, arguments| {
        writable(run, arguments)?;
        Ok(Value::Str(toml::encode(toml_value(arguments)?).unwrap_or_else(Str::from)))
    }),
    function("fromToml", &[Type::String], |_, arguments| {
        Ok(Value::Map(match toml::decode(&text(arguments).lossy()) {
            Ok(map) => map,
            Err(message) => {
                let map = crate::coalesce::empty_map();
                map.set("Error", Value::string(message));
                map
            }
        }))
    }),
];

const MUST: &[Builtin] = &[
    function("mustToYaml", &[Type::Any], |run, arguments| {
        yaml::to_yaml(writable(run, arguments)?).map(Value::Str).map_err(Into::into)
    }),
    function("mustToJson", &[Type::Any], |run, arguments| {
        yaml::to_json(writable(run, arguments)?).map(Value::Str).map_err(Into::into)
    }),
    function("mustToToml", &[Type::Any], |run, arguments| {
        writable(run, arguments)?;
        toml::encode(toml_value(arguments)?).map(Value::Str).map_err(Into::into)
    }),
];

/// The methods of `.Values`, of `.` and of `.Template`, which all are values in the sense of Helm.
const VALUES_METHODS: &[Builtin] = &[
    function("AsMap", &[], |_, arguments| match any(arguments) {
        Value::Map(values) => Ok(Value::Map(values.seen_as(&GoType(Map::ANY)))),
        other => Ok(other.clone()),
    }),
    function("YAML", &[], |run, arguments| {
        let text = yaml::to_yaml(writable(run, arguments)?)?;
        Ok(Value::Str(format!("{text}\n").into()))
    }),
    function("Table", &[Type::String], |_, arguments| {
        let missing =
            |path: &str| CallError::from(format!("{:?} is not a table", path.rsplit('.').next().unwrap_or(path)));
        let (Value::Map(values), Value::Str(path)) = (any(arguments), second(arguments)) else { return Ok(Value::Nil) };
        table(values, &path.lossy())
            .map(|table| Value::Map(table.seen_as(&GoType("common.Values"))))
            .ok_or_else(|| missing(&path.lossy()))
    }),
    function("PathValue", &[Type::String], |_, arguments| {
        let (Value::Map(values), Value::Str(path)) = (any(arguments), second(arguments)) else { return Ok(Value::Nil) };
        let path = path.lossy();
        if path.is_empty() {
            return Err("YAML path cannot be empty".into());
        }
        let missing = || format!("{:?} is not a value", path.rsplit('.').next().unwrap_or(&path)).into();
        value_at(values, &path).ok_or_else(missing)
    }),
];

const NIL: &Value = &Value::Nil;
const EMPTY: &Str = &Str::new();

fn any(arguments: &[Value]) -> &Value {
    arguments.first().unwrap_or(NIL)
}

/// The first argument, if it is not too large to be written.
fn writable<'v>(run: &mut Interpreter<'_>, arguments: &'v [Value]) -> Result<&'v Value, CallError> {
    let value = any(arguments);
    writable::check(run, value)?;
    Ok(value)
}

fn text(arguments: &[Value]) -> &Str {
    match arguments.first() {
        Some(Value::Str(text)) => text,
        _ => EMPTY,
    }
}

fn second(arguments: &[Value]) -> &Value {
    arguments.get(1).unwrap_or(NIL)
}

fn include(interpreter: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    interpreter.include(text(arguments), second(arguments)).map(Value::Str)
}

fn tpl(interpreter: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    interpreter.tpl(text(arguments), second(arguments)).map(Value::Str)
}

/// The value, unless it is nil or the empty text.
fn required(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    match second(arguments) {
        Value::Nil => Err(errors::marked(&text(arguments).lossy()).into()),
        Value::Str(value) if value.is_empty() => Err(errors::marked(&text(arguments).lossy()).into()),
        value => Ok(value.clone()),
    }
}

fn fail(_: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Value, CallError> {
    Err(errors::marked(&text(arguments).lossy()).into())
}

/// Of nil the encoder does not return an error, it panics.
fn toml_value(arguments: &[Value]) -> Result<&Value, CallError> {
    match any(arguments) {
        Value::Nil => Err("reflect: call of reflect.Value.Type on zero Value".into()),
        value => Ok(value),
    }
}

/// Helm swallows what cannot be written.
fn text_or_nothing(text: Result<Str, String>) -> Result<Value, CallError> {
    Ok(Value::Str(text.unwrap_or_default()))
}
