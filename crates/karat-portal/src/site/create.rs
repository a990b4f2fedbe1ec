//! Routes of making things: the list of paths, a form, the review of it, the making, the task.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use karat_diag::Diagnostic;
use karat_scaffold::{Data, Problem};
use maud::html;

use super::{Ask, Site};
use crate::identity::{Person, not_allowed};
use crate::make::{Failure, Filled, Maker, NotAsked, Refused, Who, filled, problems};
use crate::model::Model;
use crate::pages::{self, Page};
use crate::parts::{Active, State as How, notice};

/// The most fields of a form.
const FIELDS: usize = 1_000;

pub(super) async fn create(State(site): State<Arc<Site>>, ask: Ask) -> Response {
    let (work, viewer) = (Arc::clone(&site), ask.viewer.clone());
    let page = tokio::task::spawn_blocking(move || match work.maker.paths() {
        Ok(found) => {
            let shown: Vec<_> = found
                .iter()
                .map(|one| {
                    (
                        &one.template,
                        if one.source == "built in" { "comes with Karat" } else { "the organisation's own" },
                    )
                })
                .collect();
            pages::create(&shown, &work.maker.tasks(), work.now(), &viewer)
        }
        Err(failure) => wrong(&failure),
    });
    site.worked(&ask, page.await)
}

pub(super) async fn form(
    State(site): State<Arc<Site>>,
    Path((namespace, name)): Path<(String, String)>,
    ask: Ask,
) -> Response {
    walk(site, namespace, name, ask, Vec::new(), None).await
}

pub(super) async fn sent(
    State(site): State<Arc<Site>>,
    Path((namespace, name)): Path<(String, String)>,
    Extension(person): Extension<Person>,
    ask: Ask,
    body: Bytes,
) -> Response {
    let fields = form_urlencoded::parse(&body).into_owned().take(FIELDS).collect();
    walk(site, namespace, name, ask, fields, Some(person)).await
}

pub(super) async fn task(State(site): State<Arc<Site>>, Path(id): Path<String>, ask: Ask) -> Response {
    let page = site.maker.task(&id).map(|task| pages::task(&task, site.now(), &ask.viewer));
    site.maybe(&ask, &site.models.now(), page, "task of that name", ("/create", "Show what can be made"))
}

pub(super) async fn cancel(site: State<Arc<Site>>, path: Path<String>, person: By, ask: Ask) -> Response {
    changed(site, path, person, ask, |maker, id, by| Ok(maker.cancel(id, by)?)).await
}

pub(super) async fn again(site: State<Arc<Site>>, path: Path<String>, person: By, ask: Ask) -> Response {
    changed(site, path, person, ask, |maker, id, by| maker.again(id, Data::default(), by)).await
}

type By = Extension<Person>;

/// Back to a task that is to change; one that cannot is shown as it is.
async fn changed(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Extension(person): By,
    ask: Ask,
    change: fn(&Maker, &str, &Person) -> Result<(), NotAsked>,
) -> Response {
    let work = Arc::clone(&site);
    let asked = id.clone();
    let changed = tokio::task::spawn_blocking(move || change(&work.maker, &asked, &person)).await;
    match changed {
        Ok(Err(NotAsked::Refused(refused @ Refused::NotTheirs(_)))) => not_allowed(&refused.to_string()),
        Ok(Err(NotAsked::Refused(Refused::Missing(_)))) => task(State(site), Path(id), ask).await,
        Ok(_) => {
            site.maker.work();
            Redirect::to(&pages::paths::task(&id)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What comes of a form.
enum Next {
    Page(Page),
    Missing,
    Task(String),
}

/// Shows a path's form, what its answers come to, or walks it: by the button that was pressed.
async fn walk(
    site: Arc<Site>,
    namespace: String,
    name: String,
    ask: Ask,
    fields: Vec<(String, String)>,
    person: Option<Person>,
) -> Response {
    let (work, viewer, now) = (Arc::clone(&site), ask.viewer.clone(), site.models.now());
    let what = format!("golden path {name}");
    let next = tokio::task::spawn_blocking(move || {
        let found = match work.maker.path(&namespace, &name) {
            Ok(Some(found)) => found,
            Ok(None) => return Next::Missing,
            Err(failure) => return Next::Page(wrong(&failure)),
        };
        let template = &found.template;
        let Filled { answers: given, secrets, new } = filled(template, &fields);
        let picks = |kinds: &[String]| names(&now.model, kinds);
        let form = |problems: &[Problem]| Next::Page(pages::form(template, &given, problems, false, &viewer, &picks));
        let pressed = fields.iter().find(|(name, _)| name == "do").map(|(_, value)| value.as_str());
        let Some(person) = person.filter(|_| matches!(pressed, Some("review" | "make"))) else { return form(&[]) };
        // Who reviews answers has seen every question that they bring in.
        if !new.is_empty() {
            // What nobody could answer yet is not wrong.
            let is_old = |one: &Problem| one.keyword != "required" || !new.contains(&one.parameter);
            let problems: Vec<Problem> = problems(template, &given).into_iter().filter(is_old).collect();
            return Next::Page(pages::form(template, &given, &problems, true, &viewer, &picks));
        }
        match work.maker.plan(&found, &given, secrets.clone()) {
            Err(Failure::Answers(problems) | Failure::Secrets(problems)) => form(&problems),
            Err(Failure::Told(told)) => Next::Page(pages::failed(template, &told)),
            Err(Failure::Cancelled) => form(&[]),
            Ok(_) if pressed == Some("make") => {
                let who = Who { name: person.name, ..Who::default() };
                match work.maker.ask(&found, &given, secrets, &who) {
                    Ok(id) => Next::Task(id),
                    Err(NotAsked::Answers(problems) | NotAsked::Secrets(problems)) => form(&problems),
                    Err(NotAsked::Refused(refused)) => {
                        Next::Page(pages::failed(template, &[Diagnostic::error(refused.to_string())]))
                    }
                }
            }
            Ok(made) => Next::Page(pages::review(template, &given, &made, &fields, &viewer)),
        }
    });
    match next.await {
        Ok(Next::Task(id)) => {
            site.maker.work();
            Redirect::to(&pages::paths::task(&id)).into_response()
        }
        Ok(Next::Page(page)) => {
            let mut answer = site.answer(&ask, &site.models.now(), &page);
            // What was answered may be secret, and is in no history.
            answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            answer
        }
        Ok(Next::Missing) => site.maybe(&ask, &site.models.now(), None, &what, ("/create", "Show what can be made")),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The names of entities of those kinds, as the organisation's files have them.
fn names(model: &Model, kinds: &[String]) -> Vec<String> {
    let repositories = model.verdict.subject.repositories.iter();
    let mut names: Vec<String> = repositories
        .flat_map(|repository| &repository.facts.entities)
        .filter(|entity| kinds.iter().any(|kind| entity.kind.eq_ignore_ascii_case(kind)))
        .map(|entity| entity.name.value.to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A template that is none spoils the list: it is said which.
fn wrong(failure: &Failure) -> Page {
    let told: Vec<&Diagnostic> = match failure {
        Failure::Told(told) => told.iter().collect(),
        Failure::Answers(_) | Failure::Secrets(_) | Failure::Cancelled => Vec::new(),
    };
    let content = html! {
        h1 { "Create" }
        @for diagnostic in told {
            (notice(How::Bad, &html! { p { strong { "A golden path cannot be read." } } p class="mono" { @if let Some(place) = diagnostic.places.first() { (place) ": " } (diagnostic.message) } }))
        }
    };
    Page::new(Active::Create, "Create", content)
}
