//! What a page asks, given answers: its JSON Schema resolved as Backstage's form (rjsf) resolves it, and each property as a question.

use crate::Data;
use crate::parameters::compile;

/// One question of a page.
#[derive(Clone, Debug)]
pub struct Question {
    /// The parameter's name.
    pub name: String,
    /// What is asked.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
    /// What counts without an answer.
    pub default: Option<Data>,
    /// Whether there must be an answer.
    pub required: bool,
    /// The answers to choose from, with the words for them; empty if there is no choice.
    pub choices: Vec<(Data, String)>,
    /// `string`, `integer`, `number`, `boolean`, `array`, `object`.
    pub kind: String,
    /// A password or a token: neither shown nor recorded.
    pub secret: bool,
    /// Whether steps see it as `secrets.<name>`: of `ui:field: Secret`.
    pub in_secrets: bool,
    /// The kinds of entities of the catalog that the answer names one of, in small letters: of pickers.
    pub picks: Vec<String>,
}

/// The deepest nesting of conditions within conditions, and of references to references.
pub(crate) const NESTING: usize = 8;
/// The most properties that a page comes to.
const MOST: usize = 1_000;

/// The questions of a schema.
pub(crate) fn questions(schema: &Data, answers: &Data) -> Vec<Question> {
    let mut asked = Asked { root: schema, answers: Some(answers), properties: Vec::new(), required: Vec::new() };
    asked.take(schema, None, true, 0);
    let Asked { properties, required, .. } = asked;
    properties.iter().map(|(name, property)| question(name, property, required.contains(name))).collect()
}

/// The names of all questions that a schema may come to, whatever is answered.
pub(crate) fn names(schema: &Data) -> Vec<String> {
    let mut asked = Asked { root: schema, answers: None, properties: Vec::new(), required: Vec::new() };
    asked.take(schema, None, true, 0);
    asked.properties.into_iter().map(|(name, _)| name).collect()
}

/// A schema that is being resolved.
struct Asked<'s> {
    root: &'s Data,
    /// Without them every branch is taken.
    answers: Option<&'s Data>,
    properties: Vec<(String, Data)>,
    required: Vec<String>,
}

impl<'s> Asked<'s> {
    /// Takes in a schema: all but the property `but`, and only properties that are new unless it `refines`.
    fn take(&mut self, schema: &'s Data, but: Option<&str>, refines: bool, depth: usize) {
        if depth > NESTING || self.properties.len() > MOST {
            return;
        }
        if let Some(target) = self.target(schema) {
            self.take(target, but, refines, depth + 1);
        }
        if refines {
            self.required.extend(list(schema, "required").iter().filter_map(Data::as_str).map(str::to_owned));
        }
        for (name, property) in entries(schema, "properties").iter().filter(|(name, _)| Some(name.as_str()) != but) {
            let property = self.target(property).map_or_else(|| property.clone(), |target| merged(target, property));
            match self.properties.iter_mut().find(|(known, _)| known == name) {
                None => self.properties.push((name.clone(), property)),
                // A branch may say more of a property that is there.
                Some((_, known)) if refines => *known = merged(known, &property),
                Some(_) => {}
            }
        }
        for (name, dependency) in entries(schema, "dependencies") {
            self.depend(name, dependency, depth);
        }
        for part in list(schema, "allOf") {
            self.take(part, but, refines, depth + 1);
        }
        // Which of them is meant only the answers say: what any asks may be answered.
        for part in ["oneOf", "anyOf"].iter().flat_map(|key| list(schema, key)) {
            self.take(part, but, false, depth + 1);
        }
        if let Some(condition) = schema.get("if") {
            let holds = self.answers.map(|answers| holds(condition, answers));
            for (branch, is_for) in [("then", true), ("else", false)] {
                if let Some(branch) = schema.get(branch).filter(|_| holds.is_none_or(|holds| holds == is_for)) {
                    self.take(branch, but, refines, depth + 1);
                }
            }
        }
    }

    /// What an answer to `name` brings in.
    fn depend(&mut self, name: &'s str, dependency: &'s Data, depth: usize) {
        let given = self.answers.and_then(|answers| answers.get(name));
        if self.answers.is_some() && given.is_none() {
            return;
        }
        if let Data::List(needed) = dependency {
            self.required.extend(needed.iter().filter_map(Data::as_str).map(str::to_owned));
            return;
        }
        let branches = list(dependency, "oneOf");
        if branches.is_empty() {
            return self.take(dependency, None, true, depth + 1);
        }
        // A branch repeats the property that it depends on, to say which value it is for.
        let is_meant = |branch: &&Data| {
            let condition = branch.at(["properties", name]);
            match (self.answers, condition) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(answers), Some(condition)) => {
                    let condition = [(name, condition.clone())].into_iter().collect::<Data>();
                    holds(&[("properties", condition)].into_iter().collect(), answers)
                }
            }
        };
        let meant: Vec<&Data> = branches.iter().filter(is_meant).collect();
        // As the form has it: of several that could be meant none is.
        if meant.len() == 1 || self.answers.is_none() {
            for branch in meant {
                self.take(branch, Some(name), true, depth + 1);
            }
        }
    }

    /// What `$ref` leads to, within the page.
    fn target(&self, schema: &Data) -> Option<&'s Data> {
        let pointer = schema.get("$ref").and_then(Data::as_str)?.strip_prefix("#/")?;
        self.root.at(pointer.split('/'))
    }
}

fn list<'s>(schema: &'s Data, key: &str) -> &'s [Data] {
    schema.get(key).map(Data::items).unwrap_or_default()
}

fn entries<'s>(schema: &'s Data, key: &str) -> &'s [(String, Data)] {
    schema.get(key).map(Data::entries).unwrap_or_default()
}

/// A schema with what another says beside it or instead.
fn merged(schema: &Data, more: &Data) -> Data {
    let mut merged = schema.clone();
    for (key, value) in more.entries() {
        match schema.get(key) {
            Some(known @ Data::Map(_)) if matches!(value, Data::Map(_)) => merged.set(key, self::merged(known, value)),
            _ => merged.set(key, value.clone()),
        }
    }
    merged
}

fn holds(condition: &Data, answers: &Data) -> bool {
    match condition {
        Data::Bool(holds) => *holds,
        condition => compile(condition).is_ok_and(|validator| validator.is_valid(&answers.to_serde())),
    }
}

fn question(name: &str, property: &Data, required: bool) -> Question {
    let text = |key: &str| property.get(key).and_then(Data::as_str);
    let shown = |data: &Data| data.as_str().map_or_else(|| data.to_json(), str::to_owned);
    let names = list(property, "enumNames");
    let mut choices: Vec<(Data, String)> = Vec::new();
    for (index, choice) in list(property, "enum").iter().enumerate() {
        choices.push((choice.clone(), names.get(index).map_or_else(|| shown(choice), shown)));
    }
    for branch in ["oneOf", "anyOf"].iter().flat_map(|key| list(property, key)) {
        if let Some(value) = branch.get("const") {
            choices.push((value.clone(), branch.get("title").map_or_else(|| shown(value), shown)));
        }
    }
    let kind = text("type").unwrap_or(match property.get("properties") {
        Some(_) => "object",
        None => "string",
    });
    let in_secrets = matches!(text("ui:field"), Some("Secret" | "SecretInput"));
    Question {
        name: name.to_owned(),
        title: text("title").unwrap_or(name).to_owned(),
        description: text("description").map(str::to_owned),
        default: default(property),
        required,
        choices,
        kind: kind.to_owned(),
        secret: in_secrets || text("ui:widget") == Some("password"),
        in_secrets,
        picks: picks(property),
    }
}

/// What a picker of entities offers: the kinds of its filter, or those that it is for.
fn picks(property: &Data) -> Vec<String> {
    let field = property.get("ui:field").and_then(Data::as_str).unwrap_or_default();
    let own: &[&str] = match field {
        "OwnerPicker" | "MyGroupsPicker" => &["group"],
        "EntityPicker" | "MultiEntityPicker" => &[],
        _ => return Vec::new(),
    };
    let filter = property.at(["ui:options", "catalogFilter"]).cloned().unwrap_or_default();
    let filters = if matches!(filter, Data::List(_)) { filter.items().to_vec() } else { vec![filter] };
    let mut kinds: Vec<String> = Vec::new();
    for kind in filters.iter().filter_map(|filter| filter.get("kind")) {
        let several = kind.items().iter().filter_map(Data::as_str).map(str::to_lowercase);
        kinds.extend(several.chain(kind.as_str().map(str::to_lowercase)));
    }
    if kinds.is_empty() { own.iter().map(|kind| (*kind).to_owned()).collect() } else { kinds }
}

/// The default of a property; of an object also what its properties have.
fn default(property: &Data) -> Option<Data> {
    let own = property.get("default").cloned();
    let mut filled = own.clone().unwrap_or_default();
    for (name, inner) in entries(property, "properties") {
        if filled.get(name).is_none()
            && let Some(value) = default(inner)
        {
            filled.set(name, value);
        }
    }
    if filled == Data::Null { own } else { Some(filled) }
}
