//! The release that a chart is rendered for: its name and where it goes.

use std::sync::Arc;

use karat_template::{Interpreter, Options, TemplateSet, Value, sprig};

use crate::Error;

/// `.Release`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// `--is-upgrade`
    pub is_upgrade: bool,
}

impl Release {
    /// A release to install in the namespace `default`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: "default".into(), is_upgrade: false }
    }

    /// A release whose name a template gives, as `--name-template` does: text/template with Sprig, without values.
    ///
    /// `now` is what `now` is to it, in seconds since 1970.
    pub fn from_name_template(template: &str, now: i64) -> Result<Self, Error> {
        const NAME: &str = "name-template";
        let fail = |error: karat_template::Error| Error::Template { message: error.to_string(), site: None };
        let mut set = TemplateSet::new(NAME, Arc::new(sprig::functions()));
        set.parse(NAME, template).map_err(|error| fail(error.into()))?;
        let options = Options { now, ..Options::default() };
        let mut out = Vec::new();
        Interpreter::new(&set, options, &mut ()).execute(NAME, &Value::Nil, &mut out).map_err(fail)?;
        Ok(Self::new(String::from_utf8_lossy(&out)))
    }

    /// In another namespace.
    pub fn in_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Helm's rule: a DNS name of at most 53 characters.
    pub(crate) fn check_name(&self) -> Result<(), Error> {
        let name = &self.name;
        let label = |label: &str| {
            let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !label.is_empty()
                && label.bytes().all(|byte| inner(byte) || byte == b'-')
                && label.bytes().next().is_some_and(inner)
                && label.bytes().last().is_some_and(inner)
        };
        let reason = if name.is_empty() {
            "no name provided"
        } else if name.len() > 53 || !name.split('.').all(label) {
            "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and \
         the length must not be longer than 53"
        } else {
            return Ok(());
        };
        Err(Error::ReleaseName { name: name.clone(), reason })
    }
}
