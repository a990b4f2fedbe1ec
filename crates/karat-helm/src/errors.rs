//! Errors of templates in Helm's words.

use karat_template::{CallError, Error, Limit, ParseError, Problem};

use crate::error::TemplateSite;

const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

/// Marks a message of `fail` or `required`, so that only it is shown.
pub(crate) fn marked(message: &str) -> String {
    format!("{START}{message}{END}")
}

/// Whether the stack was too small for how deep templates were nested.
pub(crate) fn is_stack(error: &Error) -> bool {
    error.chain().any(|error| match error {
        Error::Exec(exec) => matches!(
            exec.problem,
            Problem::Limit(Limit::Stack(_)) | Problem::Call { error: CallError::Limit(Limit::Stack(_)), .. }
        ),
        _ => false,
    })
}

/// The place of the innermost template on the way to an error.
pub(crate) fn site(error: &Error) -> Option<TemplateSite> {
    let last = error.chain().last()?;
    match last {
        Error::Exec(exec) => {
            let reason = exec.problem.to_string().replace(START, "").replace(END, "");
            Some(TemplateSite {
                path: exec.file.lossy().into_owned(),
                line: exec.line,
                column: exec.column + 1,
                reason: format!("{reason} at <{}>", exec.node),
            })
        }
        Error::Parse(error) => Some(parse_site(error)),
        Error::NoTemplate { .. } => None,
    }
}

/// The place of an error of syntax.
pub(crate) fn parse_site(error: &ParseError) -> TemplateSite {
    TemplateSite {
        path: error.file.lossy().into_owned(),
        line: error.line,
        column: error.column + 1,
        reason: error.problem.to_string(),
    }
}

/// The longest message that is shown whole, in bytes. Helm tells a recursion level by level: megabytes.
const LONGEST: usize = 16 << 10;

/// A message with its middle left out if it is very long: where it starts and what it comes to are at its ends.
pub(crate) fn shortened(message: String) -> String {
    if message.len() <= LONGEST {
        return message;
    }
    let (mut head, mut tail) = (LONGEST / 4, message.len() - LONGEST / 4);
    while !message.is_char_boundary(head) {
        head -= 1;
    }
    while !message.is_char_boundary(tail) {
        tail += 1;
    }
    format!("{} ... {} bytes more ... {}", &message[..head], tail - head, &message[tail..])
}

/// `parse error at (FILE:LINE): MESSAGE`, of a longer message only the end.
pub(crate) fn parse(file: &str, error: &ParseError) -> String {
    let text = error.to_string();
    let parts: Vec<&str> = text.split(": ").collect();
    match parts.as_slice() {
        [_, location, .., message] => format!("parse error at ({location}): {message}"),
        _ => format!("parse error in ({file}): {text}"),
    }
}

/// What Helm 4 shows: the message of `fail` and `required` alone; else one paragraph per template on the way, if all of
/// them speak for themselves; else text/template's own line.
pub(crate) fn execution(error: &Error, profile: crate::Profile) -> String {
    let text = error.to_string();
    let Error::Exec(outer) = error else { return text };
    if let (Some(start), Some(end)) = (text.find(START), text.rfind(END))
        && let Some(message) = text.get(start + START.len()..end)
    {
        return format!("execution error at ({}:{}:{}): {message}", outer.file, outer.line, outer.column);
    }
    if profile == crate::Profile::Helm3 {
        return text;
    }
    let mut paragraphs: Vec<String> = Vec::new();
    for error in error.chain() {
        let (paragraph, ends) = match error {
            Error::Exec(exec) => {
                let message = exec.problem.to_string();
                let message = message.split_once(" template:").map_or(message.as_str(), |(before, _)| before);
                let at = format!("{}:{}:{}", exec.file, exec.line, exec.column);
                let executing = format!("executing \"{}\" at <{}>:", exec.template, exec.node);
                let ends = match &exec.problem {
                    Problem::Call { error: CallError::Nested { context, .. }, .. } => !context.is_empty(),
                    Problem::Call { .. } | Problem::Limit(_) => true,
                    _ => message.starts_with("error calling "),
                };
                (format!("{at}\n  {executing}\n    {message}\n"), ends)
            }
            other => (format!("{other}\n"), false),
        };
        // A function's own error has no place of its own: then the whole chain stays one line.
        if ends {
            return text;
        }
        if paragraphs.last() != Some(&paragraph) {
            paragraphs.push(paragraph);
        }
    }
    paragraphs.concat().trim().to_owned()
}
