//! Create: the golden paths, the form of one, what it would make, and what it made.

use karat_diag::Diagnostic;
use karat_scaffold::{Data, Problem, Question, Template, shown};
use maud::{Markup, html};

use super::{Page, paths, words};
use crate::make::{ANSWER, Made, SECRET, Status, Task, What};
use crate::parts::{
    Active, Choice, Control, Crumb, Field, Header, Post, State, Step, Viewer, ago, empty, field, header, log, notice,
    post, refusal, relative, safe, segment, steps,
};

/// So many files are named.
const FILES: usize = 80;
/// So many tasks are listed, and so many lines of a step shown.
const TASKS: usize = 20;
const LINES: usize = 100;

/// The golden paths: the template, and where it is from.
pub fn create(found: &[(&Template, &str)], tasks: &[Task], now: i64, viewer: &Viewer) -> Page {
    let head = Header {
        title: "Create",
        question: "What can I make that meets every standard from its first day?",
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        @if let Some(why) = viewer.refused(paths::MAKES) { (refusal(&why)) }
        @if found.is_empty() {
            (empty("There is no golden path.", "A golden path is a software template of Backstage's.", &html! { "Write one in " code { "governance/paths/" } "." }))
        }
        ul class="rows" {
            @for (template, source) in found {
                li {
                    div {
                        a href=(href(template)) { strong { (template.title) } }
                        p class="muted prose" { (template.description) }
                    }
                    span class="small muted" { (template.name) " " (template.version) " · " (source) }
                }
            }
        }
        @if !tasks.is_empty() {
            section aria-labelledby="made" {
                h2 id="made" { "What was made" }
                ul class="rows" {
                    @for task in tasks.iter().take(TASKS) {
                        li {
                            a href=(paths::task(&task.asked.id)) { (task.asked.template.1) }
                            span class="small" {
                                @let (state, word) = how(task.status);
                                (state.word(word))
                                " " (when(now, task.asked.at)) @if !task.asked.who.is_empty() { " by " (task.asked.who) }
                            }
                        }
                    }
                }
            }
        }
    };
    Page::new(Active::Create, "Create", content)
}

fn href(template: &Template) -> String {
    paths::golden(&template.namespace, &template.name)
}

fn head<'t>(template: &'t Template, question: &'t str) -> Header<'t> {
    Header {
        crumbs: vec![Crumb { title: "Create", href: "/create".into() }],
        title: &template.title,
        question,
        facts: vec![html! { (template.name) " " (template.version) }],
        ..Header::default()
    }
}

/// The form of a path. `brings_more` is whether the answers bring in questions that it did not have; `picks` gives the names of entities
/// of some kinds, for pickers.
pub fn form(
    template: &Template,
    answers: &Data,
    problems: &[Problem],
    brings_more: bool,
    viewer: &Viewer,
    picks: &dyn Fn(&[String]) -> Vec<String>,
) -> Page {
    let known: Vec<String> =
        shown(&template.pages, answers).iter().flat_map(|page| page.questions(answers)).map(|one| one.name).collect();
    let secrets: Vec<Question> = template.secrets.iter().flat_map(|page| page.questions(&Data::default())).collect();
    let known: Vec<String> = known.into_iter().chain(secrets.iter().map(|secret| secret.name.clone())).collect();
    let top = |problem: &Problem| problem.parameter.split('/').next().unwrap_or_default().to_owned();
    let others: Vec<&Problem> = problems.iter().filter(|problem| !known.contains(&top(problem))).collect();
    let content = html! {
        (header(&head(template, "What shall it be?")))
        p class="prose muted" { (template.description) }
        @if !problems.is_empty() {
            (notice(State::Bad, &html! {
                strong { (karat_diag::count(problems.len(), "answer")) @if problems.len() == 1 { " does" } @else { " do" } " not fit." } " Nothing was made."
                @for problem in others { p { (problem.parameter) ": " (problem.message) } }
            }))
        }
        @if brings_more {
            (notice(State::Attention, &html! { strong { "These answers ask for more." } " The questions that are new have no answer yet." }))
        }
        (post(viewer, Post { to: &href(template), class: "stacked", ..Post::default() }, &html! {
            @for page in shown(&template.pages, answers) {
                @let questions = page.questions(answers);
                @if !questions.is_empty() {
                    fieldset class="stacked" {
                        legend { h2 { (page.title) } }
                        @if let Some(about) = &page.description { p class="muted" { (about) } }
                        @for question in &questions {
                            @let wrong = problems.iter().find(|problem| top(problem) == question.name).map(|problem| problem.message.as_str());
                            input type="hidden" name="asked" value=(question.name);
                            (ask(ANSWER, question, answers, wrong, &picks(&question.picks)))
                        }
                    }
                }
            }
            @if !secrets.is_empty() {
                fieldset class="stacked" {
                    legend { h2 { (template.secrets.as_ref().map_or("Secrets", |page| page.title.as_str())) } }
                    p class="muted" { "Used by the steps, and kept nowhere." }
                    @for secret in &secrets {
                        @let wrong = problems.iter().find(|problem| top(problem) == secret.name).map(|problem| problem.message.as_str());
                        (ask(SECRET, secret, &Data::default(), wrong, &[]))
                    }
                }
            }
            div { button class="main" name="do" value="review" { "Review" } }
        }))
    };
    Page::new(Active::Create, template.title.clone(), content)
}

fn ask(prefix: &str, question: &Question, answers: &Data, wrong: Option<&str>, picks: &[String]) -> Markup {
    let name = format!("{prefix}{}", question.name);
    let answer = answers.get(&question.name).or(question.default.as_ref());
    let text = answer.map_or_else(String::new, |answer| match answer {
        Data::List(items) => items.iter().map(written).collect::<Vec<_>>().join("\n"),
        other => written(other),
    });
    let chosen = |data: &Data| match answer {
        Some(Data::List(items)) => items.contains(data),
        answer => answer == Some(data),
    };
    let choices = || {
        let choices = question.choices.iter();
        choices
            .map(|(data, label)| Choice { value: data.to_json(), label: label.clone(), chosen: chosen(data) })
            .collect()
    };
    let is_list = question.kind == "array";
    let control = match question.kind.as_str() {
        "boolean" => Control::Check(answer == Some(&Data::Bool(true))),
        _ if !question.choices.is_empty() && is_list => Control::Many(choices()),
        _ if !question.choices.is_empty() => Control::One(choices()),
        "array" | "object" => Control::Text(&text),
        // The answer is one of what there is, unless what it is now is none of it.
        "string" if !picks.is_empty() && (text.is_empty() || picks.contains(&text)) => {
            let pick = |name: &String| Choice { value: name.clone(), label: name.clone(), chosen: *name == text };
            Control::One(picks.iter().map(pick).collect())
        }
        _ => Control::Line {
            kind: if question.secret { "password" } else { "text" },
            value: if question.secret { "" } else { &text },
            pattern: None,
        },
    };
    field(&Field {
        name: &name,
        label: &question.title,
        help: question.description.as_deref(),
        required: question.required,
        wrong,
        control,
    })
}

fn written(data: &Data) -> String {
    match data {
        Data::Null => String::new(),
        Data::Map(_) => data.to_yaml(),
        other => other.as_str().map_or_else(|| other.to_json(), str::to_owned),
    }
}

/// What a walk would make, before it does. `fields` are those of the form, to be sent again.
pub fn review(template: &Template, answers: &Data, made: &Made, fields: &[(String, String)], viewer: &Viewer) -> Page {
    let content = html! {
        (header(&head(template, "Is this what I want to make?")))
        section aria-labelledby="answers" {
            h2 id="answers" { "Answers" }
            dl class="facts" {
                @for page in shown(&template.pages, answers) {
                    @for question in page.questions(answers) {
                        dt { (question.title) }
                        dd {
                            @if question.secret { span class="muted" { "not shown" } }
                            @else if let Some(answer) = answers.get(&question.name).or(question.default.as_ref()) { (said(answer)) }
                            @else { span class="muted" { "not answered" } }
                        }
                    }
                }
            }
        }
        section aria-labelledby="makes" {
            h2 id="makes" { "What it makes" }
            (results(made, "will make", "will change"))
        }
        (post(viewer, Post { to: &href(template), class: "actions", ..Post::default() }, &html! {
            @for (name, value) in fields.iter().filter(|(name, _)| name == "asked" || name.starts_with(ANSWER) || name.starts_with(SECRET)) {
                input type="hidden" name=(name) value=(value);
            }
            button class="main" name="do" value="make" { "Create" }
            button name="do" value="change" { "Change answers" }
        }))
    };
    Page::new(Active::Create, template.title.clone(), content)
}

fn said(answer: &Data) -> String {
    match answer {
        Data::Bool(true) => "yes".to_owned(),
        Data::Bool(false) => "no".to_owned(),
        Data::List(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        other => written(other),
    }
}

/// What is said where a path cannot be walked.
pub fn failed(template: &Template, told: &[Diagnostic]) -> Page {
    let content = html! {
        (header(&head(template, "Why was nothing made?")))
        @for diagnostic in told {
            (notice(State::Bad, &html! {
                p { (words::said(&diagnostic.message)) }
                @if let Some(place) = diagnostic.places.first() { p class="mono" { (place) } }
                @if let Some(fix) = &diagnostic.fix { p class="muted" { (fix.text) } }
            }))
        }
        p { a class="button" href=(href(template)) { "Change answers" } }
    };
    Page::new(Active::Create, template.title.clone(), content)
}

/// A task: how it stands, each step with what it said, and in the end what there is.
pub fn task(task: &Task, now: i64, viewer: &Viewer) -> Page {
    let (namespace, name) = &task.asked.template;
    let again = paths::golden(namespace, name);
    let here = paths::task(&task.asked.id);
    let theirs = task.check_is_of(&viewer.person).err().map(|refused| refused.to_string());
    let (title, question) = match task.status {
        Status::Open | Status::Processing => ("Being made", "How far is it?"),
        Status::Completed => ("What was made", "Did it work, and what is next?"),
        Status::Failed | Status::Cancelled => ("Nothing was made", "Why, and what can I do?"),
    };
    let head = Header {
        crumbs: vec![Crumb { title: "Create", href: "/create".into() }, Crumb { title: name, href: again.clone() }],
        title,
        question,
        facts: vec![when(now, task.asked.at), html! { @if !task.asked.who.is_empty() { "by " (task.asked.who) } }],
        ..Header::default()
    };
    let button = |what: &str, word: &str| {
        let form = Post { to: &format!("{here}/{what}"), refused: theirs.as_deref(), ..Post::default() };
        post(viewer, form, &html! { button { (word) } })
    };
    let after = || {
        html! {
            div class="actions" {
                @if task.asked.secret || task.asked.secrets { p class="small muted" { "Its secrets are not kept: ask for a new one." } }
                @else { (button("retry", "Do it again")) }
                @if viewer.refused(&again).is_none() { a class="button" href=(again) { "Change answers" } }
            }
        }
    };
    let content = html! {
        (header(&head))
        @match task.status {
            Status::Open | Status::Processing => {},
            Status::Completed => { @if let Some(made) = &task.made { (ended(made)) } },
            Status::Failed => {
                @for (message, fix) in &task.trouble {
                    (notice(State::Bad, &html! { p { strong { "Nothing was made." } " " (words::said(message)) } @if let Some(fix) = fix { p class="muted" { (fix) } } }))
                }
                (after())
            },
            Status::Cancelled => {
                (notice(State::Attention, &html! { strong { "It was cancelled." } " Nothing was made." }))
                (after())
            },
        }
        // What happens meanwhile is shown by the script, which asks for this very section again.
        @let stream = (!task.status.is_over()).then(|| format!("/api/scaffolder/v2/tasks/{}/eventstream", segment(&task.asked.id)));
        section id="live" aria-labelledby="steps" data-live=[stream] {
            h2 id="steps" { "Steps" }
            @if !task.status.is_over() {
                p role="status" class="muted" { (standing(task)) }
                noscript { p { a href=(here) { "Show how it stands now" } } }
            }
            (steps(&stages(task)))
        }
        @if !task.status.is_over() { (button("cancel", "Cancel")) }
    };
    Page::new(Active::Create, title, content)
}

/// How a task is, and the word for it.
fn how(status: Status) -> (State, &'static str) {
    match status {
        Status::Open => (State::Waiting, "waits for its turn"),
        Status::Processing => (State::Busy, "under way"),
        Status::Completed => (State::Good, "made"),
        Status::Failed => (State::Bad, "failed"),
        Status::Cancelled => (State::Attention, "cancelled"),
    }
}

fn standing(task: &Task) -> String {
    let said = |word: &str| task.events.iter().filter(|event| event.body["status"] == word).count();
    match task.status {
        Status::Open => "It waits for its turn.".to_owned(),
        _ => {
            let all = task.asked.spec["steps"].as_array().map_or(0, Vec::len);
            format!("{} of {} done.", said("completed") + said("skipped"), karat_diag::count(all, "step"))
        }
    }
}

/// What there is in the end.
fn ended(made: &Made) -> Markup {
    html! {
        (notice(State::Good, &html! { strong { "It is made." } " It is in the organisation's folders; commit it there, and its checks run." }))
        section aria-labelledby="made" { h2 id="made" { "What there is now" } (results(made, "made", "changed")) }
        @for (title, text) in &made.texts {
            section { h2 { (title) } p class="prose" { @for line in text.trim().lines() { (line) br; } } }
        }
        @if !made.links.is_empty() {
            ul class="rows" {
                @for (title, target) in &made.links {
                    li { @match safe(target) { Some(target) => a href=(target) { (title) }, None => span { (title) ": " (target) } } }
                }
            }
        }
    }
}

/// The steps of a task: how each went, how long it took, and what it said.
fn stages(task: &Task) -> Vec<Step> {
    let listed = task.asked.spec["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    // What was done before it was done again is past.
    let since = task.events.iter().rposition(|event| event.what == What::Recovered).unwrap_or(0);
    let stage = |step: &serde_json::Value| {
        let id = &step["id"];
        let events = task.events[since..].iter().filter(|event| event.body["stepId"] == *id);
        let (mut begun, mut how, mut lines) = (None, (State::Waiting, "waits".to_owned()), Vec::new());
        for event in events {
            let message = event.body["message"].as_str().unwrap_or_default();
            let took = || match begun.map(|begun: i64| event.at.saturating_sub(begun)) {
                Some(time @ 10_000..) => format!(" in {} s", time / 1000),
                Some(time @ 1..) => format!(" in {time} ms"),
                _ => String::new(),
            };
            match event.body["status"].as_str() {
                Some("processing") => {
                    begun = Some(event.at);
                    how = (State::Busy, "under way".to_owned());
                }
                Some("completed") => how = (State::Good, format!("done{}", took())),
                Some("failed") => {
                    how = (State::Bad, format!("failed{}", took()));
                    lines.push(message);
                }
                Some("skipped") if begun.is_some() => {
                    how = (State::Quiet, "left out: its condition was false".to_owned());
                }
                Some("skipped") => how = (State::Quiet, "left out: a step before it failed".to_owned()),
                Some("cancelled") => how = (State::Attention, format!("cancelled{}", took())),
                _ => lines.push(message),
            }
        }
        let name = step["name"].as_str().unwrap_or_default();
        let more = (!lines.is_empty()).then(|| {
            let last = lines.len().saturating_sub(LINES);
            html! {
                @if last > 0 { p class="muted small" { (last) " lines before these" } }
                (log(&format!("Log of {name}"), lines[last..].iter().flat_map(|line| line.lines())))
            }
        });
        Step { title: name.to_owned(), state: how.0, word: how.1, more }
    };
    listed.iter().map(stage).collect()
}

fn results(made: &Made, folders: &str, changes: &str) -> Markup {
    let files = |list: Vec<(char, &str)>| {
        let more = list.len().saturating_sub(FILES);
        html! {
            details {
                summary { (karat_diag::count(list.len(), "file")) }
                ul class="mono" { @for (sign, path) in list.into_iter().take(FILES) { li { (sign) " " (path) } } }
                @if more > 0 { p class="muted" { "and " (more) " more" } }
            }
        }
    };
    let mut all: Vec<Step> = Vec::new();
    for (folder, paths) in &made.folders {
        all.push(Step {
            title: folder.clone(),
            state: State::Good,
            word: format!("{folders} this repository"),
            more: Some(files(paths.iter().map(|path| ('+', path.as_str())).collect())),
        });
    }
    for (title, paths) in &made.changes {
        all.push(Step {
            title: title.clone(),
            state: State::Good,
            word: changes.to_owned(),
            more: Some(files(paths.iter().map(|(sign, path)| (*sign, path.as_str())).collect())),
        });
    }
    for repository in &made.elsewhere {
        all.push(Step {
            title: repository.clone(),
            state: State::Attention,
            word: "is not here: its change is left out".to_owned(),
            more: None,
        });
    }
    steps(&all)
}

/// `then` is in milliseconds.
fn when(now: i64, then: i64) -> Markup {
    let absolute = jiff::Timestamp::from_millisecond(then).map_or_else(|_| String::new(), |at| at.to_string());
    relative(&ago(now, then.div_euclid(1000)), &absolute)
}
