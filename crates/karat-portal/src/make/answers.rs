//! From the fields of a form to answers.

use karat_scaffold::{Data, Page, Question, Template, carried_over, shown};

/// What the names of fields begin with, so that no question is taken for a field of the portal's own: of answers, and of secrets.
pub(crate) const ANSWER: &str = "a.";
pub(crate) const SECRET: &str = "s.";
/// An answer may bring a question in, whose answer brings the next.
const NESTING: usize = 8;

/// What is in the fields of a form.
pub struct Filled {
    /// The answers to what is asked.
    pub answers: Data,
    /// What steps see as `secrets`: those of `spec.secrets`, and answers of `ui:field: Secret`, as Backstage's form has it.
    pub secrets: Data,
    /// The questions that the answers bring in, which the form did not have.
    pub new: Vec<String>,
}

/// What the fields of a form say: `a.<question>` is an answer, `s.<secret>` a secret, `asked` names a question that the form has.
pub fn filled(template: &Template, fields: &[(String, String)]) -> Filled {
    let answers = carried_over(&template.pages, &answers(&template.pages, fields));
    let asked: Vec<Question> =
        shown(&template.pages, &answers).iter().flat_map(|page| page.questions(&answers)).collect();
    let mut secrets = Data::Map(Vec::new());
    for question in asked.iter().filter(|question| question.in_secrets) {
        if let Some(answer) = answers.get(&question.name).filter(|answer| answer.as_str().is_some()) {
            secrets.set(&question.name, answer.clone());
        }
    }
    for question in template.secrets.iter().flat_map(|page| page.questions(&Data::default())) {
        let name = format!("{SECRET}{}", question.name);
        let value = fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str());
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            secrets.set(&question.name, Data::from(value));
        }
    }
    let had: Vec<&str> = fields.iter().filter(|(field, _)| field == "asked").map(|(_, name)| name.as_str()).collect();
    // Who says nothing of what was asked has no form of ours.
    let names = asked.into_iter().map(|question| question.name);
    let new = names.filter(|name| !had.is_empty() && !had.contains(&name.as_str())).collect();
    Filled { answers, secrets, new }
}

fn answers(pages: &[Page], fields: &[(String, String)]) -> Data {
    let mut answers = Data::Map(Vec::new());
    for _ in 0..NESTING {
        let mut changed = false;
        let questions: Vec<Question> =
            shown(pages, &answers).iter().flat_map(|page| page.questions(&answers)).collect();
        for question in questions {
            if answers.get(&question.name).is_some() {
                continue;
            }
            let name = format!("{ANSWER}{}", question.name);
            let values: Vec<&str> =
                fields.iter().filter(|(field, _)| *field == name).map(|(_, value)| value.as_str()).collect();
            let asked = fields.iter().any(|(field, value)| field == "asked" && *value == question.name);
            if let Some(answer) = understood(&question, &values, asked) {
                answers.set(&question.name, answer);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    answers
}

/// What the values of a field mean; `None` if it is not answered.
fn understood(question: &Question, values: &[&str], asked: bool) -> Option<Data> {
    let chosen =
        |value: &str| question.choices.iter().find(|(data, _)| data.to_json() == value).map(|one| one.0.clone());
    if question.kind == "array" {
        let list: Vec<Data> = if question.choices.is_empty() {
            let lines = values.iter().flat_map(|value| value.lines()).map(str::trim);
            lines.filter(|line| !line.is_empty()).map(Data::from).collect()
        } else {
            values.iter().filter_map(|value| chosen(value)).collect()
        };
        return (asked || !list.is_empty()).then_some(Data::List(list));
    }
    // Browsers write lines as mail does.
    let value = values.first()?.replace("\r\n", "\n");
    let value = value.as_str();
    if !question.choices.is_empty() {
        return match value {
            "" => None,
            value => Some(chosen(value).unwrap_or_else(|| Data::from(value))),
        };
    }
    if value.trim().is_empty() && question.kind != "boolean" {
        // What was emptied on purpose is not the default.
        return (question.kind == "string" && question.default.is_some()).then(|| Data::from(""));
    }
    let parsed = || Data::parse(value.as_bytes()).ok();
    // What is not of its kind stays a text, and the schema says so.
    Some(match question.kind.as_str() {
        "boolean" => Data::Bool(value == "true"),
        "integer" | "number" => {
            parsed().filter(|data| matches!(data, Data::Number(_))).unwrap_or_else(|| Data::from(value))
        }
        "object" => parsed().filter(|data| matches!(data, Data::Map(_))).unwrap_or_else(|| Data::from(value)),
        _ => Data::from(value),
    })
}
