//! What a template asks: pages of JSON Schema, their defaults, and whether answers fit.

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};

use crate::Data;
use crate::error::{Error, Problem};

/// One page of the form.
#[derive(Debug)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it says above its questions.
    pub description: Option<String>,
    schema: Data,
    validator: Validator,
}

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
    /// The kinds of entities of the catalog that the answer names one of, in small letters: of pickers.
    pub picks: Vec<String>,
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(page: &Data, index: usize) -> Result<Self, String> {
        if !matches!(page, Data::Map(_)) {
            return Err("a page of parameters is a JSON Schema: an object".into());
        }
        let text = |key: &str| page.get(key).and_then(Data::as_str).map(str::to_owned);
        let validator = compile(page).map_err(|error| format!("not a JSON Schema: {error}"))?;
        Ok(Self {
            title: text("title").unwrap_or_else(|| format!("{}", index + 1)),
            description: text("description"),
            schema: page.clone(),
            validator,
        })
    }

    /// The questions that the page asks given some answers: its properties, and those that answers bring in by
    /// `dependencies`, `if` and `then`.
    pub fn questions(&self, answers: &Data) -> Vec<Question> {
        let mut questions = Vec::new();
        collect(&self.schema, answers, &mut questions, 0);
        questions
    }

    /// What is wrong with the answers, by this page.
    pub fn problems(&self, answers: &Data) -> Vec<Problem> {
        let instance = answers.to_serde();
        let questions = self.questions(answers);
        let mut problems: Vec<Problem> =
            self.validator.iter_errors(&instance).map(|error| self.problem(&error, &questions)).collect();
        problems.dedup();
        problems
    }

    fn problem(&self, error: &ValidationError<'_>, questions: &[Question]) -> Problem {
        use jsonschema::error::ValidationErrorKind;
        let path = error.instance_path().as_str().trim_start_matches('/').to_owned();
        let (parameter, message) = match error.kind() {
            ValidationErrorKind::Required { property: serde_json::Value::String(name) } => (
                if path.is_empty() { name.clone() } else { format!("{path}/{name}") },
                "an answer is required".to_owned(),
            ),
            _ => (path, error.to_string()),
        };
        let top = parameter.split('/').next().unwrap_or_default();
        let description =
            questions.iter().find(|question| question.name == top).and_then(|question| question.description.clone());
        let keyword = error.schema_path().as_str().rsplit('/').next().unwrap_or_default().to_owned();
        Problem { page: self.title.clone(), parameter, message, keyword, description }
    }
}

fn compile(schema: &Data) -> Result<Validator, String> {
    // What the form of Backstage validates with: draft 7 of JSON Schema, formats asserted.
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema.to_serde())
        .map_err(|error| error.to_string())
}

/// The deepest nesting of conditions within conditions.
const NESTING: usize = 8;

fn collect(schema: &Data, answers: &Data, questions: &mut Vec<Question>, depth: usize) {
    if depth > NESTING {
        return;
    }
    let required: Vec<&str> =
        schema.get("required").map(Data::items).unwrap_or_default().iter().filter_map(Data::as_str).collect();
    for (name, property) in schema.get("properties").map(Data::entries).unwrap_or_default() {
        // A branch repeats the property that it depends on, to say which value it is for.
        if !questions.iter().any(|known| known.name == *name) {
            questions.push(question(name, property, required.contains(&name.as_str())));
        }
    }
    for (name, dependency) in schema.get("dependencies").map(Data::entries).unwrap_or_default() {
        if answers.get(name).is_none() {
            continue;
        }
        for branch in dependency.get("oneOf").map(Data::items).unwrap_or_default() {
            let condition: Data = [(
                "properties",
                [(name.as_str(), branch.at(["properties", name]).cloned().unwrap_or_default())].into_iter().collect(),
            )]
            .into_iter()
            .collect();
            if holds(&condition, answers) {
                collect(branch, answers, questions, depth + 1);
            }
        }
        if dependency.get("oneOf").is_none() {
            collect(dependency, answers, questions, depth + 1);
        }
    }
    for part in schema.get("allOf").map(Data::items).unwrap_or_default() {
        collect(part, answers, questions, depth + 1);
    }
    if let Some(condition) = schema.get("if") {
        let branch = if holds(condition, answers) { "then" } else { "else" };
        if let Some(branch) = schema.get(branch) {
            collect(branch, answers, questions, depth + 1);
        }
    }
}

fn holds(condition: &Data, answers: &Data) -> bool {
    compile(condition).is_ok_and(|validator| validator.is_valid(&answers.to_serde()))
}

fn question(name: &str, property: &Data, required: bool) -> Question {
    let text = |key: &str| property.get(key).and_then(Data::as_str);
    let shown = |data: &Data| data.as_str().map_or_else(|| data.to_json(), str::to_owned);
    let names = property.get("enumNames").map(Data::items).unwrap_or_default();
    let mut choices: Vec<(Data, String)> = Vec::new();
    for (index, choice) in property.get("enum").map(Data::items).unwrap_or_default().iter().enumerate() {
        choices.push((choice.clone(), names.get(index).map_or_else(|| shown(choice), shown)));
    }
    for branch in ["oneOf", "anyOf"].iter().flat_map(|key| property.get(key).map(Data::items).unwrap_or_default()) {
        if let Some(value) = branch.get("const") {
            choices.push((value.clone(), branch.get("title").map_or_else(|| shown(value), shown)));
        }
    }
    let kind = text("type").unwrap_or(match property.get("properties") {
        Some(_) => "object",
        None => "string",
    });
    Question {
        name: name.to_owned(),
        title: text("title").unwrap_or(name).to_owned(),
        description: text("description").map(str::to_owned),
        default: default(property),
        required,
        choices,
        kind: kind.to_owned(),
        secret: matches!(text("ui:field"), Some("Secret" | "SecretInput")) || text("ui:widget") == Some("password"),
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
    for (name, inner) in property.get("properties").map(Data::entries).unwrap_or_default() {
        if filled.get(name).is_none()
            && let Some(value) = default(inner)
        {
            filled.set(name, value);
        }
    }
    if filled == Data::Null { own } else { Some(filled) }
}

/// Answers with the defaults of what is not answered, checked.
///
/// # Errors
/// [`Error::Answers`]: everything that does not fit, and answers that nobody asked for.
pub fn complete(pages: &[Page], given: &Data) -> Result<Data, Error> {
    let mut answers = Data::Map(given.entries().to_vec());
    let mut problems = Vec::new();
    for page in pages {
        // An answer may bring a question in, whose default brings the next.
        for _ in 0..=NESTING {
            let mut changed = false;
            for question in page.questions(&answers) {
                let given = answers.get(&question.name);
                let filled = match (given, &question.default) {
                    (None, Some(default)) => default.clone(),
                    (Some(given @ Data::Map(_)), Some(default)) => filled(given, default),
                    _ => continue,
                };
                changed |= given != Some(&filled);
                answers.set(&question.name, filled);
            }
            if !changed {
                break;
            }
        }
        problems.extend(page.problems(&answers));
    }
    let names: Vec<String> =
        pages.iter().flat_map(|page| page.questions(&answers)).map(|question| question.name).collect();
    for (name, _) in answers.entries() {
        if !names.contains(name) {
            let message = format!("the template does not ask for it; it asks for {}", names.join(", "));
            let keyword = String::new();
            problems.push(Problem { page: "-".into(), parameter: name.clone(), message, keyword, description: None });
        }
    }
    // In the order that they are asked, so that the record of them does not depend on who answered.
    let mut entries = answers.entries().to_vec();
    entries.sort_by_key(|(name, _)| names.iter().position(|known| known == name));
    if problems.is_empty() { Ok(Data::Map(entries)) } else { Err(Error::Answers(problems)) }
}

/// An object with what its defaults have and it has not.
fn filled(given: &Data, default: &Data) -> Data {
    let mut object = given.clone();
    for (name, default) in default.entries() {
        match given.get(name) {
            None => object.set(name, default.clone()),
            Some(inner @ Data::Map(_)) => object.set(name, filled(inner, default)),
            Some(_) => {}
        }
    }
    object
}

/// The answers given once that the template still asks for: a newer one may have dropped questions.
pub fn carried_over(pages: &[Page], given: &Data) -> Data {
    // Questions depend on answers, so an answer stays as long as some page asks for it with all of them there.
    let asked: Vec<String> =
        pages.iter().flat_map(|page| page.questions(given)).map(|question| question.name).collect();
    given.entries().iter().filter(|(name, _)| asked.contains(name)).cloned().collect()
}
