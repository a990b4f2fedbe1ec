//! From the fields of a form to answers.

use karat_scaffold::{Data, Page, Question};

/// What the names of fields begin with, so that no question is taken for a field of the portal's own.
const FIELD: &str = "a.";
/// An answer may bring a question in, whose answer brings the next.
const NESTING: usize = 8;

/// The answers in the fields of a form: `a.<question>` is an answer, `asked` names a question that the form has.
pub fn answers(pages: &[Page], fields: &[(String, String)]) -> Data {
    let mut answers = Data::Map(Vec::new());
    for _ in 0..NESTING {
        let mut changed = false;
        let questions: Vec<Question> = pages.iter().flat_map(|page| page.questions(&answers)).collect();
        for question in questions {
            if answers.get(&question.name).is_some() {
                continue;
            }
            let name = format!("{FIELD}{}", question.name);
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
