//! What a template asks: pages of JSON Schema, their defaults, and whether answers fit.

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};

use crate::Data;
use crate::error::{Error, Problem};
use crate::nunjucks::{self, Fuel};
use crate::question::{self, NESTING, Question};

/// What is said of a question that must be answered.
const UNANSWERED: &str = "an answer is required";

/// One page of the form.
#[derive(Debug)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it says above its questions.
    pub description: Option<String>,
    schema: Data,
    validator: Validator,
    /// Whether it is asked for at all: `when`.
    when: Option<Data>,
    /// Whether every answer to it is secret.
    secret: bool,
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
            when: page.get("when").cloned(),
            secret: false,
        })
    }

    /// Reads the schema of `spec.secrets`.
    pub(crate) fn secrets(schema: &Data) -> Result<Self, String> {
        let page = Self::read(schema, 0)?;
        let title = if schema.get("title").is_some() { page.title } else { "Secrets".to_owned() };
        Ok(Self { title, when: None, secret: true, ..page })
    }

    /// The questions that the page asks given some answers: its properties, and those that answers bring in by
    /// `dependencies`, `if`, `then` and `else`.
    pub fn questions(&self, answers: &Data) -> Vec<Question> {
        let mut questions = question::questions(&self.schema, answers);
        for question in questions.iter_mut().filter(|_| self.secret) {
            (question.secret, question.in_secrets) = (true, true);
        }
        questions
    }

    /// What is wrong with the answers, by this page.
    pub fn problems(&self, answers: &Data) -> Vec<Problem> {
        let instance = answers.to_serde();
        let questions = self.questions(answers);
        let mut problems: Vec<Problem> =
            self.validator.iter_errors(&instance).map(|error| self.problem(&error, &questions)).collect();
        problems.dedup();
        // What a branch of `oneOf` requires, the validator tells as no branch that fits.
        let known: Vec<String> = problems.iter().map(|problem| problem.parameter.clone()).collect();
        let unanswered =
            |one: &&Question| one.required && answers.get(&one.name).is_none() && !known.contains(&one.name);
        let missing: Vec<&Question> = questions.iter().filter(unanswered).collect();
        if !missing.is_empty() {
            problems.retain(|problem| !(problem.parameter.is_empty() && problem.keyword == "oneOf"));
        }
        problems.extend(missing.into_iter().map(|question| Problem {
            page: self.title.clone(),
            parameter: question.name.clone(),
            message: UNANSWERED.to_owned(),
            keyword: "required".to_owned(),
            description: question.description.clone(),
        }));
        problems
    }

    fn problem(&self, error: &ValidationError<'_>, questions: &[Question]) -> Problem {
        use jsonschema::error::ValidationErrorKind;
        let path = error.instance_path().as_str().trim_start_matches('/').to_owned();
        let about = |parameter: &str| {
            let top = parameter.split('/').next().unwrap_or_default();
            questions.iter().find(|question| question.name == top)
        };
        let (parameter, message) = match error.kind() {
            ValidationErrorKind::Required { property: serde_json::Value::String(name) } => {
                (if path.is_empty() { name.clone() } else { format!("{path}/{name}") }, UNANSWERED.to_owned())
            }
            // The answers as a whole, or one that is secret, are told nowhere.
            _ if self.secret || about(&path).is_none_or(|question| question.secret) => {
                (path, error.masked_with("the answer").to_string())
            }
            _ => (path, error.to_string()),
        };
        let description = about(&parameter).and_then(|question| question.description.clone());
        let keyword = error.schema_path().as_str().rsplit('/').next().unwrap_or_default().to_owned();
        Problem { page: self.title.clone(), parameter, message, keyword, description }
    }
}

pub(crate) fn compile(schema: &Data) -> Result<Validator, String> {
    // What the form of Backstage validates with: draft 7 of JSON Schema, formats asserted.
    jsonschema::options()
        .with_draft(Draft::Draft7)
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema.to_serde())
        .map_err(|error| error.to_string())
}

/// The pages that are asked for given some answers: those whose `when` holds. A condition sees the answers to the pages before it
/// that are asked for.
pub fn shown<'p>(pages: &'p [Page], answers: &Data) -> Vec<&'p Page> {
    if pages.iter().all(|page| page.when.is_none()) {
        return pages.iter().collect();
    }
    let fuel = Fuel::default();
    let (mut shown, mut left_out) = (Vec::new(), Vec::new());
    for page in pages {
        let holds = page.when.as_ref().is_none_or(|when| {
            let parameters = without(answers, &left_out, &shown);
            applies(when, &[("parameters", parameters)].into_iter().collect(), &fuel)
        });
        if holds { shown.push(page) } else { left_out.push(page) }
    }
    shown
}

/// As Backstage has it: what cannot be evaluated holds.
fn applies(when: &Data, context: &Data, fuel: &Fuel) -> bool {
    let expression = match when {
        Data::Bool(holds) => return *holds,
        when => when.as_str().unwrap_or_default().trim(),
    };
    if expression.is_empty() {
        return true;
    }
    let expression =
        if expression.starts_with("${{") { expression.to_owned() } else { format!("${{{{ {expression} }}}}") };
    nunjucks::value(&expression, context, fuel).map_or(true, |value| match value.unwrap_or_default() {
        Data::List(items) => !items.is_empty(),
        value => value.truthy(),
    })
}

/// The answers without those that only pages ask for that are left out.
fn without(answers: &Data, left_out: &[&Page], shown: &[&Page]) -> Data {
    let names =
        |pages: &[&Page]| -> Vec<String> { pages.iter().flat_map(|page| question::names(&page.schema)).collect() };
    let (gone, there) = (names(left_out), names(shown));
    let stays = |name: &String| !gone.contains(name) || there.contains(name);
    answers.entries().iter().filter(|(name, _)| stays(name)).cloned().collect()
}

/// The answers without those to pages that are not asked for.
pub fn relevant(pages: &[Page], answers: &Data) -> Data {
    let shown = shown(pages, answers);
    let is_shown = |page: &&Page| shown.iter().any(|shown| std::ptr::eq(*shown, *page));
    let left_out: Vec<&Page> = pages.iter().filter(|page| !is_shown(page)).collect();
    without(answers, &left_out, &shown)
}

/// Answers with the defaults of what is not answered, checked.
///
/// # Errors
/// [`Error::Answers`]: everything that does not fit, and answers that nobody asked for.
pub fn complete(pages: &[Page], given: &Data) -> Result<Data, Error> {
    let mut answers = Data::Map(given.entries().to_vec());
    let mut problems = Vec::new();
    for page in pages {
        // Whether it is asked for is known by the pages before it.
        if !shown(pages, &answers).iter().any(|shown| std::ptr::eq(*shown, page)) {
            continue;
        }
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
    let asked = shown(pages, &answers);
    let names: Vec<String> =
        asked.iter().flat_map(|page| page.questions(&answers)).map(|question| question.name).collect();
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
        shown(pages, given).iter().flat_map(|page| page.questions(given)).map(|question| question.name).collect();
    given.entries().iter().filter(|(name, _)| asked.contains(name)).cloned().collect()
}
