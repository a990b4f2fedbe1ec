//! What there is to do, for who writes templates: ids, what each does, and the JSON Schemas of what goes in and comes out.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

/// An action, as `GET /api/scaffolder/v2/actions` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Action {
    /// What a step calls it by.
    pub id: String,
    /// What it does.
    pub description: String,
    /// The properties of its input, each a JSON Schema.
    pub input: Map<String, Value>,
    /// Those of them that must be there.
    #[serde(default)]
    pub required: Vec<String>,
    /// The properties of its output, each a JSON Schema.
    #[serde(default)]
    pub output: Map<String, Value>,
}

/// The file; it is compiled in, and a test reads it.
static TEXT: &str = include_str!("described.json");

static ALL: LazyLock<Vec<Action>> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

/// All actions, by their ids.
pub fn all() -> &'static [Action] {
    &ALL
}

#[cfg(test)]
mod tests {
    use karat_source::{Memory, World};

    use super::*;
    use crate::{Data, Offline, Template, complete, run};

    #[test]
    fn each_action_is_there_and_asks_for_what_it_says() {
        let actions: Vec<Action> = serde_json::from_str(TEXT).unwrap();
        assert!(actions.is_sorted_by(|a, b| a.id < b.id), "in order, each once");
        for action in &actions {
            assert!(action.required.iter().all(|name| action.input.contains_key(name)), "{}", action.id);
            let mut world = Memory::default();
            let template = format!(
                "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: t}}\n\
                 spec: {{type: t, steps: [{{id: s, action: '{}'}}]}}\n",
                action.id
            );
            world.insert("template.yaml", template.into_bytes());
            let world: &dyn World = &world;
            let template = Template::read(world, "template.yaml").unwrap();
            let answers = complete(&template.pages, &Data::Map(Vec::new())).unwrap();
            match run(world, &template, &answers, &Offline) {
                Ok(_) => assert!(action.required.is_empty(), "{} runs without input", action.id),
                Err(error) => {
                    let error = error.to_string();
                    assert!(!error.contains("there is no action"), "{error}");
                    assert!(
                        action.required.iter().any(|name| error.contains(&format!("`{name}`"))),
                        "{} asks for what it does not say: {error}",
                        action.id
                    );
                }
            }
        }
    }
}
