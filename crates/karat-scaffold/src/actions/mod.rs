//! Actions: what a step does. Inputs and outputs are Backstage's.

mod catalog;
mod described;
mod fetch;
mod files;
mod publish;

use std::time::Duration;

use karat_source::clean;

pub use described::{Action, all};

use crate::Data;
use crate::error::{Error, Place};
use crate::run::Run;
use crate::template::Step;

/// The names and values of a step's outputs.
pub(crate) type Outputs = Vec<(&'static str, Data)>;

/// Why an action failed: what is wrong, and where if that is not the step.
pub(crate) struct Failure {
    message: String,
    place: Option<Place>,
}

impl Failure {
    pub(crate) fn at(message: impl Into<String>, place: Place) -> Self {
        Self { message: message.into(), place: Some(place) }
    }
}

impl<T: Into<String>> From<T> for Failure {
    fn from(message: T) -> Self {
        Self { message: message.into(), place: None }
    }
}

pub(crate) type Done = Result<Outputs, Failure>;

/// Does a step once.
///
/// # Errors
/// What is wrong, at the step or at the file that it could not render.
pub(crate) fn perform(run: &mut Run<'_>, step: &Step, input: &Data) -> Result<Outputs, Error> {
    let done = match step.action.as_str() {
        "fetch:plain" => fetch::plain(run, input),
        "fetch:plain:file" => fetch::plain_file(run, input),
        "fetch:template" => fetch::template(run, input, false),
        "fetch:template:file" => fetch::template_file(run, input, false),
        "workspace:template" => fetch::template(run, input, true),
        "workspace:template:file" => fetch::template_file(run, input, true),
        "fs:delete" => files::delete(run, input),
        "fs:rename" => files::rename(run, input),
        "fs:readdir" => files::list(run, input),
        "roadiehq:utils:fs:write" => files::write(run, input),
        "roadiehq:utils:fs:append" => files::append(run, input),
        "roadiehq:utils:fs:replace" => files::replace(run, input),
        "catalog:write" => catalog::write(run, input),
        "catalog:register" => catalog::register(run, input),
        "debug:log" => log(run, step, input),
        "debug:wait" => wait(run, input),
        action if publish::is_known(action) => publish::perform(run, step, input),
        action => {
            let known = all().iter().map(|action| action.id.as_str()).collect::<Vec<_>>().join(", ");
            Err(format!("there is no action `{action}`; there are {known}").into())
        }
    };
    done.map_err(|failure| Error::Step {
        step: step.id.clone(),
        action: step.action.clone(),
        message: failure.message,
        place: failure.place.unwrap_or_else(|| step.place.clone()),
    })
}

/// A text that must be there.
pub(crate) fn required<'d>(input: &'d Data, key: &str) -> Result<&'d str, String> {
    optional(input, key)?.ok_or_else(|| format!("input `{key}` is missing"))
}

/// A text that may be there.
pub(crate) fn optional<'d>(input: &'d Data, key: &str) -> Result<Option<&'d str>, String> {
    match input.get(key) {
        None | Some(Data::Null) => Ok(None),
        Some(Data::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("input `{key}` is a text, not {}", other.to_json())),
    }
}

/// Texts that may be there.
pub(crate) fn texts<'d>(input: &'d Data, key: &str) -> Result<Option<Vec<&'d str>>, String> {
    match input.get(key) {
        None | Some(Data::Null) => Ok(None),
        Some(Data::List(items)) => {
            let items =
                items.iter().map(|item| item.as_str().ok_or_else(|| format!("input `{key}` is a list of texts")));
            items.collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(format!("input `{key}` is a list of texts")),
    }
}

/// A flag that may be there.
pub(crate) fn flag(input: &Data, key: &str) -> Result<bool, String> {
    match input.get(key) {
        None | Some(Data::Null) => Ok(false),
        Some(Data::Bool(value)) => Ok(*value),
        Some(_) => Err(format!("input `{key}` is true or false")),
    }
}

/// A path of the workspace: within it, without `.` and `..`. `""` is the root.
pub(crate) fn within(path: &str) -> Result<String, String> {
    clean(path).ok_or_else(|| format!("`{path}` is not a path within the workspace"))
}

/// Adds a file below a folder of the workspace.
pub(crate) fn place_in(folder: &str, path: &str) -> Result<String, String> {
    within(&karat_source::join(folder, path))
}

fn log(run: &mut Run<'_>, step: &Step, input: &Data) -> Done {
    if let Some(message) = input.get("message").filter(|message| message.truthy()) {
        run.say(step, message.as_str().map_or_else(|| message.to_json(), str::to_owned));
    }
    if input.get("listWorkspace").is_some_and(Data::truthy) {
        let contents = input.get("listWorkspace").and_then(Data::as_str) == Some("with-contents");
        let mut text = String::from("Workspace:");
        for (path, file) in run.outcome.workspace.files() {
            text.push_str(&match (contents, file.text()) {
                (true, Some(body)) => format!("\n - {path}:\n\n  {body}"),
                (true, None) => format!("\n - {path}: [skipped]"),
                (false, _) => format!("\n  - {path}"),
            });
            if text.len() > crate::tree::MAX_BYTES {
                return Err("the workspace is too large to list".into());
            }
        }
        run.say(step, text);
    }
    Ok(Outputs::new())
}

/// Waiting is for services that are slow to come up: whoever watches does it, or nobody.
fn wait(run: &mut Run<'_>, input: &Data) -> Done {
    const MOST_MINUTES: f64 = 10.0;
    let mut minutes = 0.0;
    for (unit, part) in [("minutes", 1.0), ("seconds", 1.0 / 60.0), ("milliseconds", 1.0 / 60_000.0)] {
        match input.get(unit) {
            None | Some(Data::Null) => {}
            Some(Data::Number(number)) => minutes += number * part,
            Some(_) => return Err(format!("input `{unit}` is a number").into()),
        }
    }
    if minutes > MOST_MINUTES {
        return Err(format!("waits longer than {MOST_MINUTES} minutes").into());
    }
    run.progress.wait(Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default());
    Ok(Outputs::new())
}
