//! Filters of text.

use std::rc::Rc;

use super::{strictly, text_of};
use crate::nunjucks::budget::{Budget, Fault, Outcome};
use crate::nunjucks::convert::{from_units, order, rendered, to_number, to_text, units};
use crate::nunjucks::eval::Given;
use crate::nunjucks::methods;
use crate::nunjucks::number::is_space;
use crate::nunjucks::value::Value;

/// Applies a filter of text; `None` if there is none of this name.
pub(super) fn apply(name: &str, input: &Value, given: &Given, budget: &Budget) -> Option<Outcome<Value>> {
    Some(match name {
        "upper" => cased(input, str::to_uppercase),
        "lower" => cased(input, str::to_lowercase),
        "capitalize" => cased(input, |text| capitalized(&text.to_lowercase())),
        "title" => cased(input, |text| {
            text.split(' ').map(|word| capitalized(&word.to_lowercase())).collect::<Vec<_>>().join(" ")
        }),
        "trim" => strictly(input).map(|text| input.like(text.trim_matches(is_space))),
        "replace" => replace(input, given, budget),
        "indent" => indent(input, given, budget),
        "center" => center(input, given, budget),
        "truncate" => truncate(input, given, budget),
        "escape" | "e" if matches!(input, Value::Safe(_)) => Ok(input.clone()),
        "escape" | "e" | "forceescape" => rendered(input, budget).map(|text| Value::Safe(escaped(&text).into())),
        "striptags" => striptags(input, given),
        "nl2br" => nl2br(input, budget),
        "urlencode" => urlencode(input, budget),
        "urlize" => urlize(input, given, budget),
        "wordcount" => wordcount(input),
        _ => return None,
    })
}

fn cased(input: &Value, convert: impl Fn(&str) -> String) -> Outcome<Value> {
    text_of(input).map(|text| input.like(convert(&text)))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn replace(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let (search, replacement) = (given.at(0), given.at(1));
    if let Value::Regex(regex) = search {
        let text = strictly(input)?;
        return Ok(Value::text(regex.replace(&text, &to_text(replacement, budget)?, budget)?));
    }
    if !matches!(search, Value::Text(_) | Value::Number(_)) {
        return Ok(input.clone());
    }
    let text = match input {
        Value::Number(_) => to_text(input, budget)?,
        _ => match input.as_text() {
            Some(text) => Rc::clone(text),
            None => return Ok(input.clone()),
        },
    };
    let needle = to_text(search, budget)?;
    let with = to_text(replacement, budget)?;
    if needle.is_empty() {
        let units = units(&text);
        let between: Rc<str> = if matches!(replacement, Value::Undefined) { ",".into() } else { Rc::clone(&with) };
        budget.text(units.len().saturating_mul(between.len() + 3))?;
        let letters: Vec<String> = units.iter().map(|unit| from_units(&[*unit])).collect();
        return Ok(input.like([&*with, &letters.join(&between), &*with].concat()));
    }
    let most = match given.at(2) {
        Value::Undefined => f64::INFINITY,
        most => match to_number(most, budget)? {
            -1.0 if matches!(most, Value::Number(_)) => f64::INFINITY,
            most => most,
        },
    };
    let found = text.matches(&*needle).count() as f64;
    let count = if most.is_nan() || most < 0.0 { 0.0 } else { found.min(most.ceil()) } as usize;
    if count == 0 {
        return Ok(if found == 0.0 || most == 0.0 {
            if matches!(input, Value::Number(_)) { Value::Text(text) } else { input.clone() }
        } else {
            input.like(text)
        });
    }
    budget.text(text.len().saturating_add(with.len().saturating_mul(count)))?;
    Ok(input.like(text.replacen(&*needle, &with, count)))
}

fn spaces(count: f64, budget: &Budget) -> Outcome<String> {
    if count.is_nan() || count <= 0.0 {
        return Ok(String::new());
    }
    let count = count.ceil();
    budget.text(count.min(1e12) as usize)?;
    Ok(" ".repeat(count as usize))
}

fn indent(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let text = text_of(input)?;
    if text.is_empty() && !matches!(input, Value::Safe(_)) {
        return Ok(Value::text(""));
    }
    let width = if given.at(0).truthy() { to_number(given.at(0), budget)? } else { 4.0 };
    let indentation = spaces(width, budget)?;
    budget.text(text.len().saturating_add(indentation.len().saturating_mul(text.matches('\n').count() + 1)))?;
    let first = if given.at(1).truthy() { indentation.as_str() } else { "" };
    Ok(input.like([first, &text.replace('\n', &format!("\n{indentation}"))].concat()))
}

/// The length that `center` and `truncate` go by: of what has none, NaN.
fn length(input: &Value, budget: &Budget) -> Outcome<f64> {
    methods::own(input, "length").map_or(Ok(f64::NAN), |length| to_number(&length, budget))
}

/// `input`, or empty text for null, undefined and false.
fn normalized(input: &Value) -> Value {
    if matches!(input, Value::Undefined | Value::Null | Value::Bool(false)) { Value::text("") } else { input.clone() }
}

fn center(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let input = normalized(input);
    let width = if given.at(0).truthy() { to_number(given.at(0), budget)? } else { 80.0 };
    let length = length(&input, budget)?;
    if length >= width {
        return Ok(input);
    }
    let room = width - length;
    let (before, after) = (spaces(room / 2.0 - room % 2.0, budget)?, spaces(room / 2.0, budget)?);
    let text = to_text(&input, budget)?;
    budget.text(text.len() + before.len() + after.len())?;
    Ok(input.like([&before, &*text, &after].concat()))
}

fn truncate(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let input = normalized(input);
    let most = if given.at(0).truthy() { given.at(0).clone() } else { Value::Number(255.0) };
    let length = Value::Number(length(&input, budget)?);
    if order(&length, &most, budget)?.is_some_and(std::cmp::Ordering::is_le) {
        return Ok(input);
    }
    let text = strictly(&input)?;
    let length = most;
    let all = units(&text);
    let length = to_number(&length, budget)?;
    let most = if length.is_nan() { 0 } else { length.clamp(0.0, all.len() as f64) as usize };
    let cut = if given.at(1).truthy() {
        most
    } else {
        let space = all[..(most + 1).min(all.len())].iter().rposition(|unit| *unit == u16::from(b' '));
        space.unwrap_or(most)
    };
    let end = if given.at(2).is_nullish() { "...".into() } else { to_text(given.at(2), budget)? };
    Ok(input.like([&from_units(&all[..cut]), &*end].concat()))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' => out.push_str("&#92;"),
            other => out.push(other),
        }
    }
    out
}

/// A pattern of ours, which compiles.
fn pattern(source: &str, flags: &str) -> Outcome<crate::nunjucks::regex::Regex> {
    crate::nunjucks::regex::compiled(source, flags)
}

fn striptags(input: &Value, given: &Given) -> Outcome<Value> {
    const PASSES: usize = 8;
    let budget = Budget::new();
    let mut text = text_of(input)?.to_string();
    let tags = pattern(r"</?([a-z][a-z0-9]*)\b[^>]*>|<!--[\s\S]*?-->", "gi")?;
    for pass in 0.. {
        let next = tags.replace(&text, "", &budget)?;
        if next == text {
            break;
        }
        if pass == PASSES {
            return Err(Fault::new(format!("tags are within tags more than {PASSES} deep")));
        }
        text = next;
    }
    let text = text.trim_matches(is_space);
    let text = if given.at(0).truthy() {
        let mut text = pattern("^ +| +$", "gm")?.replace(text, "", &budget)?;
        text = pattern(" +", "g")?.replace(&text, " ", &budget)?.replace("\r\n", "\n");
        pattern("\n\n\n+", "g")?.replace(&text, "\n\n", &budget)?
    } else {
        pattern(r"\s+", "g")?.replace(text, " ", &budget)?
    };
    Ok(input.like(text))
}

fn nl2br(input: &Value, budget: &Budget) -> Outcome<Value> {
    let text = if input.is_nullish() { "".into() } else { strictly(input)? };
    budget.text(text.len() + 6 * text.matches('\n').count())?;
    Ok(input.like(text.replace("\r\n", "\n").replace('\n', "<br />\n")))
}

/// `encodeURIComponent`.
fn component(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn urlencode(input: &Value, budget: &Budget) -> Outcome<Value> {
    let pair = |key: &Value, value: &Value| -> Outcome<String> {
        Ok(format!("{}={}", component(&to_text(key, budget)?), component(&to_text(value, budget)?)))
    };
    let pairs: Vec<String> = match input {
        Value::Text(text) | Value::Safe(text) => {
            budget.text(text.len() * 3)?;
            return Ok(Value::text(component(text)));
        }
        Value::Record(record) => {
            let entries = record.entries().iter();
            entries.map(|(key, value)| pair(&Value::Text(Rc::clone(key)), value)).collect::<Outcome<_>>()?
        }
        Value::List(list) => {
            let items = list.items();
            let entry = |item: &Value| {
                if item.is_nullish() {
                    return Err(Fault::new("the entries of the list are pairs"));
                }
                let part = |key: &str| methods::own(item, key).unwrap_or(Value::Undefined);
                pair(&part("0"), &part("1"))
            };
            items.iter().map(entry).collect::<Outcome<_>>()?
        }
        _ => Vec::new(),
    };
    budget.text(pairs.iter().map(|pair| pair.len() + 1).sum())?;
    Ok(Value::text(pairs.join("&")))
}

fn urlize(input: &Value, given: &Given, budget: &Budget) -> Outcome<Value> {
    let text = strictly(input)?;
    budget.text(text.len() * 3)?;
    let length = match given.at(0) {
        Value::Undefined => usize::MAX,
        length => {
            let length = to_number(length, budget)?;
            if length.is_nan() || length <= 0.0 { 0 } else { length as usize }
        }
    };
    let nofollow = if matches!(given.at(1), Value::Bool(true)) { " rel=\"nofollow\"" } else { "" };
    let email = pattern(r"^[\w.!#$%&'*+\-/=?^`{|}~]+@[a-z\d-]+(?:\.[a-z\d-]+)+$", "i")?;
    let domain = pattern(r"\.(?:org|net|com)(?::|\/|$)", "")?;
    let mut out = String::new();
    let mut rest = &*text;
    while !rest.is_empty() {
        let space = rest.starts_with(is_space);
        let end = rest.find(|character| is_space(character) != space).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        let possible = bare(word);
        let short: String = possible.chars().take(length).collect();
        let link = |target: String| format!("<a href=\"{target}\"{nofollow}>{short}</a>");
        if space {
            out.push_str(word);
        } else if possible.starts_with("http://") || possible.starts_with("https://") {
            out.push_str(&link(possible.into()));
        } else if possible.starts_with("www.") {
            out.push_str(&link(format!("http://{possible}")));
        } else if email.test(possible) {
            out.push_str(&format!("<a href=\"mailto:{possible}\">{possible}</a>"));
        } else if domain.test(possible) {
            out.push_str(&link(format!("http://{possible}")));
        } else {
            out.push_str(word);
        }
    }
    Ok(Value::text(out))
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    let word = ["(", "<", "&lt;"].iter().find_map(|open| word.strip_prefix(open)).unwrap_or(word);
    [".", ",", ")", "\n", "&gt;"].iter().find_map(|close| word.strip_suffix(close)).unwrap_or(word)
}

fn wordcount(input: &Value) -> Outcome<Value> {
    if !input.truthy() {
        return Ok(Value::Null);
    }
    let text = strictly(input)?;
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    let count = words.filter(|word| !word.is_empty()).count();
    Ok(if count == 0 { Value::Null } else { Value::Number(count as f64) })
}
