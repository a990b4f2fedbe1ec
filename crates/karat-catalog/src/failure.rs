//! What went wrong with an entity, as its `status` says it.

use serde_json::{Value, json};

/// A failure, with what caused it. Names and sentences are those of Backstage's catalog, so that a known one is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The class of the error: `InputError`, `TypeError`, ...
    pub name: &'static str,
    /// The whole sentence, causes included.
    pub message: String,
    /// What caused it.
    pub cause: Option<Box<Self>>,
    /// The JSON pointer of the field that is to blame (`/spec/owner`), if it is one.
    pub field: Option<String>,
}

impl Failure {
    /// A failure without a cause.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), cause: None, field: None }
    }

    /// An `InputError` with its cause.
    pub(crate) fn input(message: impl Into<String>, cause: Self) -> Self {
        let message = format!("{}; caused by {}: {}", message.into(), cause.name, cause.message);
        Self { name: "InputError", message, field: cause.field.clone(), cause: Some(Box::new(cause)) }
    }

    /// Blames a field.
    #[must_use]
    pub fn of_field(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// The innermost sentence: what is wrong, without who found it.
    pub fn root(&self) -> &str {
        self.cause.as_ref().map_or(&self.message, |cause| cause.root())
    }

    /// [`Failure::root`] for a reader who is at the place already: without links to documentation and the parameters of schemas.
    pub fn plain(&self) -> &str {
        let root = self.root();
        let plain = root.split(". To learn more about catalog file format").next().unwrap_or(root);
        match plain.split_once(" - ") {
            Some((sentence, _)) if plain.starts_with(['/', '<']) => sentence,
            _ => plain,
        }
    }

    /// As an item of `status.items`.
    pub fn to_status(&self) -> Value {
        json!({
            "type": "backstage.io/catalog-processing",
            "level": "error",
            "message": format!("{}: {}", self.name, self.message),
            "error": self.to_error(),
        })
    }

    /// As an error of the API.
    pub fn to_error(&self) -> Value {
        let mut error = json!({"name": self.name, "message": self.message});
        if let Some(cause) = &self.cause {
            error["cause"] = cause.to_error();
        }
        error
    }
}
