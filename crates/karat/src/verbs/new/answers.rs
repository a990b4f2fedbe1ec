//! Where answers come from: a file, the command line, the defaults, or a person.

use std::io::IsTerminal;

use clap::Args;
use fs_err as fs;
use karat_diag::{Diagnostic, Place, fold};
use karat_scaffold::{Data, Page, Question, Template};
use karat_workshop::Found;

use crate::error::CommandError;
use crate::output::Output;

/// How the questions of a path are answered.
#[derive(Args)]
pub(crate) struct Source {
    /// A file of answers (YAML or JSON); what it leaves out takes its default
    #[arg(short, long, value_name = "FILE")]
    answers: Option<String>,

    /// One answer, as NAME=VALUE (VALUE is YAML); may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Take every default
    #[arg(long)]
    defaults: bool,

    /// Ask on standard input although it is no terminal
    #[arg(long, hide = true)]
    ask: bool,
}

impl Source {
    /// Whether a person is asked.
    fn asks(&self) -> Result<bool, CommandError> {
        if self.ask {
            return Ok(true);
        }
        if self.defaults || self.answers.is_some() || !self.set.is_empty() {
            return Ok(false);
        }
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            return Ok(true);
        }
        Err(CommandError::input("nobody is here to answer: standard input is no terminal")
            .hint("give `--answers FILE`, `--set NAME=VALUE`, or `--defaults`"))
    }

    /// The answers that are given; defaults are not filled in yet.
    pub(crate) fn answers(&self, template: &Template, output: &Output) -> Result<Data, CommandError> {
        let answers = given(self.answers.as_deref(), &self.set)?;
        if self.asks()? { ask(&template.pages, answers, output) } else { Ok(answers) }
    }
}

/// The answers of a file and of the command line, the latter first.
pub(crate) fn given(file: Option<&str>, set: &[String]) -> Result<Data, CommandError> {
    let mut answers = match file {
        Some(file) => read(file)?,
        None => Data::Map(Vec::new()),
    };
    for pair in set {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            CommandError::input(format!("`--set {pair}` is no answer")).hint("write `--set NAME=VALUE`")
        })?;
        answers.set(name, parsed(value)?);
    }
    Ok(answers)
}

fn read(file: &str) -> Result<Data, CommandError> {
    let text = fs::read(file).map_err(|error| CommandError::input(error.to_string()))?;
    let data = Data::parse(&text).map_err(|error| {
        let diagnostic = Diagnostic::error(error.message());
        CommandError::diagnostics(vec![match error.position() {
            Some(position) => diagnostic.place(Place::at(file, position.line as usize, position.column as usize)),
            None => diagnostic.place(Place::file(file)),
        }])
    })?;
    match data {
        Data::Map(_) => Ok(data),
        Data::Null => Ok(Data::Map(Vec::new())),
        _ => Err(CommandError::input(format!("{file}: answers are names and values"))),
    }
}

fn parsed(text: &str) -> Result<Data, CommandError> {
    Data::parse(text.as_bytes())
        .map_err(|error| CommandError::input(format!("`{text}` is not YAML: {}", error.message())))
}

/// Lets a person choose a path.
pub(crate) fn choose(mut found: Vec<Found>, source: &Source, output: &Output) -> Result<Found, CommandError> {
    if found.is_empty() {
        return Err(CommandError::input("there is no golden path here")
            .hint("name the folder of a Backstage template: `karat new --template ./my-path`"));
    }
    let names: Vec<String> = found.iter().map(|path| path.template.name.clone()).collect();
    if !matches!(source.asks(), Ok(true)) {
        return Err(
            CommandError::input("which golden path?").hint(format!("give `--template NAME`: {}", names.join(", ")))
        );
    }
    let mut menu = String::from("Golden paths\n");
    for (index, path) in found.iter().enumerate() {
        menu.push_str(&format!("  {}  {}: {} ({})\n", index + 1, path.template.name, path.template.title, path.source));
    }
    output.say(&menu);
    loop {
        output.say("path: ");
        let line = output.hear()?.ok_or_else(ended)?;
        let index = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let index = index.or_else(|| names.iter().position(|name| name == line.trim()));
        match index.filter(|index| *index < found.len()) {
            Some(index) => return Ok(found.swap_remove(index)),
            None => output.say(&format!("  a number from 1 to {}, or a name\n", names.len())),
        }
    }
}

fn ended() -> CommandError {
    CommandError::input("standard input ended before everything was answered")
}

/// Asks what is not answered yet, page by page.
fn ask(pages: &[Page], mut answers: Data, output: &Output) -> Result<Data, CommandError> {
    for page in pages {
        if !karat_scaffold::shown(pages, &answers).iter().any(|shown| std::ptr::eq(*shown, page)) {
            continue;
        }
        let mut heading = format!("\n{}\n", page.title);
        for line in page.description.iter().flat_map(|text| fold(text, output.width().saturating_sub(2))) {
            heading.push_str(&format!("  {line}\n"));
        }
        output.say(&heading);
        // An answer may bring further questions in, so the page is looked at anew after each.
        while let Some(question) =
            page.questions(&answers).into_iter().find(|question| answers.get(&question.name).is_none())
        {
            let answer = ask_one(page, &question, &answers, output)?;
            answers.set(&question.name, answer);
        }
    }
    // What was left empty is not an answer.
    Ok(Data::Map(answers.entries().iter().filter(|(_, value)| *value != Data::Null).cloned().collect()))
}

fn ask_one(page: &Page, question: &Question, answers: &Data, output: &Output) -> Result<Data, CommandError> {
    let mut text = format!("  {}\n", question.title);
    for line in question.description.iter().flat_map(|text| fold(text, output.width().saturating_sub(4))) {
        text.push_str(&format!("    {line}\n"));
    }
    for (index, (_, label)) in question.choices.iter().enumerate() {
        text.push_str(&format!("    {}  {label}\n", index + 1));
    }
    output.say(&text);
    let default = question.default.as_ref().map(|default| shown(default, question));
    loop {
        let default = default.as_deref().map_or_else(String::new, |default| format!(" [{default}]"));
        output.say(&format!("  {}{default}: ", question.name));
        let line = output.hear()?.ok_or_else(ended)?;
        match understood(line.trim(), question) {
            Ok(answer) => {
                let mut tried = answers.clone();
                // An answer that is left out has a problem only if it is required.
                if answer != Data::Null {
                    tried.set(&question.name, answer.clone());
                }
                let problems = page.problems(&tried);
                let own = |parameter: &str| parameter.split('/').next() == Some(question.name.as_str());
                match problems.iter().find(|problem| own(&problem.parameter)) {
                    None => return Ok(answer),
                    Some(problem) => output.say(&format!("    {}\n", problem.message)),
                }
            }
            Err(message) => output.say(&format!("    {message}\n")),
        }
    }
}

fn shown(value: &Data, question: &Question) -> String {
    match question.choices.iter().position(|(choice, _)| choice == value) {
        Some(index) => (index + 1).to_string(),
        None => value.as_str().map_or_else(|| value.to_json(), str::to_owned),
    }
}

/// What a line means for a question; an empty one takes the default.
fn understood(line: &str, question: &Question) -> Result<Data, String> {
    if line.is_empty() {
        return Ok(question.default.clone().unwrap_or_default());
    }
    if !question.choices.is_empty() && question.kind != "array" {
        let index = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let chosen = index.and_then(|index| question.choices.get(index));
        let chosen = chosen
            .or_else(|| question.choices.iter().find(|(choice, label)| label == line || choice.as_str() == Some(line)));
        return chosen
            .map(|(choice, _)| choice.clone())
            .ok_or_else(|| format!("a number from 1 to {}", question.choices.len()));
    }
    let yaml = || Data::parse(line.as_bytes()).map_err(|error| error.message().to_owned());
    match question.kind.as_str() {
        "boolean" => match line.to_lowercase().as_str() {
            "y" | "yes" | "true" => Ok(Data::Bool(true)),
            "n" | "no" | "false" => Ok(Data::Bool(false)),
            _ => Err("y or n".to_owned()),
        },
        "integer" | "number" => match yaml()? {
            number @ Data::Number(_) => Ok(number),
            _ => Err("a number".to_owned()),
        },
        "array" => match yaml()? {
            list @ Data::List(_) => Ok(list),
            _ => Ok(Data::List(line.split(',').map(|item| item.trim().into()).collect())),
        },
        "object" => match yaml()? {
            object @ Data::Map(_) => Ok(object),
            _ => Err("an object, as YAML: {key: value}".to_owned()),
        },
        _ => Ok(line.into()),
    }
}
