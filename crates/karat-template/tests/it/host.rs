//! A host as small as the tests need: Helm's options and the functions that run templates.

use std::sync::{Arc, LazyLock};

use karat_template::{
    Builtin, CallError, Error, FuncMap, Interpreter, LARGE_STACK, Limits, MissingKey, Options, Problem, Signature,
    TemplateSet, Type, Value, sprig, without_no_value,
};

/// Sprig.
pub(crate) static SPRIG: LazyLock<Arc<FuncMap>> = LazyLock::new(|| Arc::new(sprig::functions()));

/// Sprig, `include`, `tpl` and `required`.
pub(crate) static HELM: LazyLock<Arc<FuncMap>> = LazyLock::new(|| {
    let mut functions = sprig::functions();
    functions.add(&[
        Builtin {
            name: "include",
            signature: Signature::fixed(&[Type::String, Type::Any]),
            call: |run, arguments| match arguments {
                [Value::Str(name), dot] => run.include(name, dot).map(Value::Str),
                _ => Err("unreachable".into()),
            },
        },
        Builtin {
            name: "tpl",
            signature: Signature::fixed(&[Type::String, Type::Any]),
            call: |run, arguments| match arguments {
                [Value::Str(text), dot] => run.tpl(text, dot).map(Value::Str),
                _ => Err("unreachable".into()),
            },
        },
        Builtin {
            name: "required",
            signature: Signature::fixed(&[Type::String, Type::Any]),
            call: |_, arguments| match arguments {
                [Value::Str(message), Value::Nil] => Err(CallError::Failed(message.clone())),
                [_, value] => Ok(value.clone()),
                _ => Err("unreachable".into()),
            },
        },
    ]);
    Arc::new(functions)
});

pub(crate) fn helm_options() -> Options {
    Options { missing_key: MissingKey::Zero, ..Options::default() }
}

/// Renders one text as a template of that name.
pub(crate) fn render(
    set_name: &str,
    name: &str,
    functions: &Arc<FuncMap>,
    options: Options,
    text: &str,
    data: &Value,
) -> Result<Vec<u8>, Error> {
    let mut set = TemplateSet::new(set_name, functions.clone());
    set.parse(name, text)?;
    let mut out = Vec::new();
    Interpreter::new(&set, options, &mut ()).execute(name, data, &mut out)?;
    Ok(out)
}

/// Renders as Go's text/template does.
pub(crate) fn go(text: &str, data: &Value) -> Result<Vec<u8>, Error> {
    render("case", "case", &SPRIG, Options::default(), text, data)
}

/// Renders as Helm does.
pub(crate) fn helm(text: &str, data: &Value) -> Result<Vec<u8>, Error> {
    helm_with(helm_options(), text, data)
}

/// Renders as Helm does, on a large stack.
pub(crate) fn deep_helm(text: &str, data: &Value) -> Result<Vec<u8>, Error> {
    let limits = Limits { stack: LARGE_STACK / 4 * 3, ..Limits::default() };
    helm_with(Options { limits, ..helm_options() }, text, data)
}

fn helm_with(options: Options, text: &str, data: &Value) -> Result<Vec<u8>, Error> {
    let out = render("gotpl", "case/templates/case.yaml", &HELM, options, text, data)?;
    Ok(without_no_value(&out).unwrap_or(out))
}

/// An error as Helm 4 writes it: its parts on lines of their own, unless one of them is not Go's.
pub(crate) fn helm_message(error: &Error) -> String {
    if let Error::Parse(parse) = error {
        let message = parse.problem.to_string();
        let last = message.rsplit(": ").next().unwrap_or_default();
        return format!("parse error at ({}:{}): {last}", parse.file, parse.line);
    }
    let mut lines: Vec<String> = Vec::new();
    for link in error.chain() {
        let text = link.to_string();
        match link {
            Error::Exec(exec) => {
                let message = exec.problem.to_string();
                let message = message.split(" template:").next().unwrap_or_default();
                let place = format!("{}:{}:{}", exec.file, exec.line, exec.column);
                if matches!(&exec.problem, Problem::Call { error, .. } if !error.to_string().starts_with("template: "))
                {
                    return error.to_string();
                }
                lines.push(format!(
                    "{place}\n  executing {:?} at <{}>:\n    {message}\n",
                    exec.template.lossy(),
                    exec.node
                ));
            }
            _ => lines.push(text),
        }
    }
    lines.concat().trim().to_owned()
}
