//! Runs the templates of a chart, one after the other, on contexts that they may change.

use std::collections::BTreeMap;

use karat_template::{Interpreter, Limits, Map, MissingKey, Options, Str, Trace, Value, without_no_value};

use crate::context::set_template;
use crate::render::{RenderInput, context_for};
use crate::resolved::Resolved;
use crate::{Error, errors};

/// Why templates did not run to their end.
pub(crate) enum Failure {
    /// They are nested too deeply for the stack that they may use.
    Stack(Error),
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What each template printed, by its name. They may use so many bytes of `stack`. A `trace` is filled with where it comes
/// from, which takes longer.
pub(crate) fn run<'r>(
    resolved: &'r Resolved,
    values: &Map,
    input: &RenderInput<'_>,
    stack: usize,
    warnings: &mut Vec<String>,
    trace: Option<&mut Trace>,
) -> Result<BTreeMap<&'r str, Str>, Failure> {
    let settings = &resolved.root.chart.settings;
    let set = resolved.set.as_ref().map_err(|error| Failure::Error(error.clone()))?;
    let contexts = context_for(resolved, values, input);
    let limits =
        Limits { steps: settings.limits.steps, output: settings.limits.output_bytes, stack, ..Limits::default() };
    let options = Options { missing_key: MissingKey::Zero, limits, now: input.now };
    let mut host = ();
    let mut interpreter = Interpreter::new(set, options, &mut host);
    if trace.is_some() {
        interpreter.trace(values);
    }
    let mut files = BTreeMap::new();
    let mut size = 0;
    for template in &resolved.templates {
        let context = &contexts[template.place];
        set_template(context, &template.name, &template.base_path, settings.profile);
        let dot = Value::Map(context.seen_as(settings.profile.values_type()));
        let mut out = Vec::new();
        let outcome = interpreter.execute(&template.name, &dot, &mut out);
        if let Err(error) = outcome {
            let deep = errors::is_stack(&error);
            let message = errors::shortened(errors::execution(&error, settings.profile));
            let site = errors::site(&error);
            let error = Error::Template { message, site };
            return Err(if deep { Failure::Stack(error) } else { Failure::Error(error) });
        }
        let out = without_no_value(&out).unwrap_or(out);
        size += out.len();
        if size > settings.limits.output_bytes {
            let limit = settings.limits.output_bytes as u64;
            return Err(Failure::Error(Error::TooLarge { what: "the rendered text".into(), limit }));
        }
        files.insert(template.name.as_str(), Str::from(out));
    }
    if let (Some(trace), Some(traced)) = (trace, interpreter.traced()) {
        *trace = traced;
    }
    let functions: Vec<_> = interpreter.placeholders().collect();
    if !functions.is_empty() {
        let functions = functions.join(", ");
        warnings.push(format!(
            "not the same in every render, so placeholders stand for what Helm would print: {functions}"
        ));
    }
    Ok(files)
}
