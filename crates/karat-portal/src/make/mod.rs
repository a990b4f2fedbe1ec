//! Making things by golden paths: what `karat new` does for who types, for who fills in a form and for programs. What is made is
//! written into the organisation's folder, all of it or nothing, and nowhere else.
//!
//! Each is a [`Task`]: it waits for its turn, runs, and is over. What was asked for and what was said is kept in the folder of state.

mod answers;
mod dry;
mod kept;
mod tasks;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use karat_diag::Diagnostic;
use karat_scaffold::{Data, Given, Problem, Template, Unwatched};
use karat_store::Database;
use karat_workshop::{Found, Home, Recovered};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use answers::{ANSWER, SECRET};
pub use answers::{Filled, filled};
pub use dry::{DryRun, Tried};
use kept::Kept;
pub use tasks::{Asked, Event, Refused, Status, Task, What};
use tasks::{Board, Line};
use walk::{Hidden, Live};

use crate::Error;
use crate::identity::Person;
use crate::model::Clock;
use crate::state::Drain;

/// What a write notes before it begins, in the folder of state.
const JOURNAL: &str = "making.journal";
/// What is said of a task that the portal took with it.
const ENDED: &str = "the portal ended while this task was under way; nothing of it was made";
/// What stands for an answer that is not shown.
const HIDDEN: &str = "***";

/// Why nothing was made.
#[derive(Debug)]
pub enum Failure {
    /// Answers that do not fit: each by its question.
    Answers(Vec<Problem>),
    /// Secrets that do not fit: each by its name.
    Secrets(Vec<Problem>),
    /// It was to end: somebody said so, or the portal ends.
    Cancelled,
    /// Anything else: what, and the next step.
    Told(Vec<Diagnostic>),
}

/// What a walk makes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Made {
    /// New folders, from the organisation's root, and the files in each.
    pub folders: Vec<(String, Vec<String>)>,
    /// Changes to repositories that are there: what each is called, and its files with `+`, `~` or `-`.
    pub changes: Vec<(String, Vec<(char, String)>)>,
    /// Repositories whose change is not made, because they are not here.
    pub elsewhere: Vec<String>,
    /// Titles and addresses that the path gives in the end.
    pub links: Vec<(String, String)>,
    /// Titles and texts that the path gives in the end.
    pub texts: Vec<(String, String)>,
    /// All that the path gives in the end, as it has it.
    pub output: Value,
}

/// Who asks for something.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Their name; empty for who sits at the machine.
    pub name: String,
    /// What a path sees as `user`: `ref`, and `entity` if the catalog has it.
    pub user: Value,
}

/// Walks paths in an organisation's folder, one at a time.
pub struct Maker {
    folder: PathBuf,
    journal: PathBuf,
    board: Board,
    drain: Drain,
    turn: Mutex<()>,
    /// What each task that waits is given, with its secrets: only here, and only until it runs.
    given: Mutex<BTreeMap<String, Given>>,
}

impl Maker {
    /// In the organisation's folder, with its journal in `data` and its tasks in `store`. What a portal that died had begun is put back.
    ///
    /// # Errors
    /// The state cannot be read or written.
    pub fn open(folder: &Path, data: &Path, store: Database, clock: Clock, drain: Drain) -> Result<Arc<Self>, Error> {
        let journal = data.join(JOURNAL);
        let recovered = karat_workshop::recover(&journal).map_err(|error| Error::Data(std::io::Error::other(error)))?;
        let board = Board::open(Kept(store), clock, recovered == Recovered::Whole)?;
        let (turn, given) = (Mutex::new(()), Mutex::default());
        Ok(Arc::new(Self { folder: folder.to_owned(), journal, board, drain, turn, given }))
    }

    /// The paths that there are: the organisation's own first.
    ///
    /// # Errors
    /// A template that is none.
    pub fn paths(&self) -> Result<Vec<Found>, Failure> {
        Ok(karat_workshop::all(Some(&self.home()?))?)
    }

    /// The path of a namespace and a name.
    ///
    /// # Errors
    /// There is none, or one that is none.
    pub fn path(&self, namespace: &str, name: &str) -> Result<Option<Found>, Failure> {
        let is = |template: &Template| {
            template.namespace.eq_ignore_ascii_case(namespace) && template.name.eq_ignore_ascii_case(name)
        };
        Ok(self.paths()?.into_iter().find(|found| is(&found.template)))
    }

    /// What a walk would make; nothing is written.
    ///
    /// # Errors
    /// Answers or secrets that do not fit, a step that fails, a folder that is there already.
    pub fn plan(&self, found: &Found, given: &Data, secrets: Data) -> Result<Made, Failure> {
        let answers = completed(&found.template, given).map_err(Failure::Answers)?;
        check(&found.template, &secrets).map_err(Failure::Secrets)?;
        let mut hidden = Hidden::of(&secrets);
        hidden.add_answers(&found.template, &answers);
        let given = Given { answers, secrets, ..Given::default() };
        let planned = walk::plan(&self.home()?, found, given, &mut Unwatched);
        planned.map(|(_, made)| hidden.made(made)).map_err(|failure| hidden.failure(failure))
    }

    /// Asks for a walk; gives the task's id. It is done by [`Self::work`].
    ///
    /// # Errors
    /// Answers or secrets that do not fit, too many tasks, a disk that says no.
    pub fn ask(&self, found: &Found, answers: &Data, secrets: Data, who: &Who) -> Result<String, NotAsked> {
        let template = &found.template;
        let complete = completed(template, answers).map_err(NotAsked::Answers)?;
        check(template, &secrets).map_err(NotAsked::Secrets)?;
        let (shown, hides) = hidden(template, &complete);
        let asked = Asked {
            id: tasks::uuid(),
            template: (template.namespace.clone(), template.name.clone()),
            who: who.name.clone(),
            at: 0,
            spec: spec(template, &shown, &who.user),
            secret: hides,
            secrets: !secrets.entries().is_empty(),
        };
        let user = serde_json::from_value(who.user.clone()).unwrap_or_default();
        let id = asked.id.clone();
        self.holding(&id, Given { answers: complete, secrets, user }, || self.board.add(asked))?;
        Ok(id)
    }

    /// Has a task wait with what it is given. That is there first: the task may begin at once.
    fn holding(&self, id: &str, given: Given, wait: impl FnOnce() -> Result<(), Refused>) -> Result<(), Refused> {
        let all = || self.given.lock().unwrap_or_else(PoisonError::into_inner);
        all().insert(id.to_owned(), given);
        wait().inspect_err(|_| drop(all().remove(id)))
    }

    /// Does the tasks that wait, in their order, on another thread.
    pub fn work(self: &Arc<Self>) {
        let maker = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            let _turn = maker.turn.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let waiting = maker.board.all().into_iter().rev().find(|task| task.status == Status::Open);
                let Some(task) = waiting.filter(|_| !maker.drain.has_started()) else { return };
                maker.run(&task);
            }
        });
    }

    fn run(&self, task: &Task) {
        let id = task.asked.id.as_str();
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).remove(id).unwrap_or_default();
        if !self.board.begin(id, Status::Processing) {
            return;
        }
        let mut live = Live { board: &self.board, id, drain: &self.drain, hidden: Hidden::of(&given.secrets) };
        match self.make(task, given, &mut live) {
            Ok(()) => {}
            Err(Failure::Cancelled) if self.board.is_cancelled(id) => {
                self.board.finish(id, Status::Cancelled, json!({}));
            }
            Err(failure) => {
                let trouble: Vec<(String, Option<String>)> =
                    failure.told().into_iter().map(|(what, next)| (live.hidden.safe(&what), next)).collect();
                let message = trouble.iter().map(|(what, _)| what.as_str()).collect::<Vec<_>>().join("\n");
                self.board.take(id, Line::Trouble(trouble));
                self.board.finish(id, Status::Failed, json!({"error": {"name": "Error", "message": message}}));
            }
        }
    }

    fn make(&self, task: &Task, given: Given, live: &mut Live<'_>) -> Result<(), Failure> {
        use karat_scaffold::Progress as _;
        let (id, (namespace, name)) = (task.asked.id.as_str(), &task.asked.template);
        let home = self.home()?;
        let found = karat_workshop::all(Some(&home))?.into_iter().find(|found| {
            found.template.namespace.eq_ignore_ascii_case(namespace) && found.template.name.eq_ignore_ascii_case(name)
        });
        let found =
            found.ok_or_else(|| karat_workshop::Error::input(format!("there is no template `{name}` any more")))?;
        live.hidden.add_answers(&found.template, &given.answers);
        let steps = found.template.steps().count();
        self.board.say(id, What::Log, json!({"message": format!("Starting up task with {steps} steps")}));
        let (plan, made) = walk::plan(&home, &found, given, live)?;
        let made = live.hidden.made(made);
        if live.stops() {
            return Err(Failure::Cancelled);
        }
        // Known before it is written: should the portal die in between, the next one can say what was made.
        let output = made.output.clone();
        self.board.take(id, Line::Made(Box::new(made)));
        let written = plan.write(Some(&home), Some(&self.journal))?;
        self.board.finish(id, Status::Completed, json!({"output": output}));
        drop(written);
        Ok(())
    }

    /// Somebody says that a task shall end.
    ///
    /// # Errors
    /// There is no such task, it is not theirs, or it is over.
    pub fn cancel(&self, id: &str, by: &Person) -> Result<(), Refused> {
        self.of(id, by)?;
        self.board.cancel(id)?;
        if self.board.find(id).is_some_and(|task| task.status.is_over()) {
            self.given.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        Ok(())
    }

    /// Somebody asks for a task again that failed or was cancelled, on the same answers and as who asked for it.
    ///
    /// # Errors
    /// There is no such task, it is not theirs, it is no such one, or the secrets do not fit.
    pub fn again(&self, id: &str, secrets: Data, by: &Person) -> Result<(), NotAsked> {
        let task = self.of(id, by)?;
        let (namespace, name) = &task.asked.template;
        // A template that is gone or broken meanwhile is told by the task.
        if let Ok(Some(found)) = self.path(namespace, name) {
            check(&found.template, &secrets).map_err(NotAsked::Secrets)?;
        }
        let part = |name: &str| {
            let value = task.asked.spec.get(name).cloned().unwrap_or_default();
            serde_json::from_value::<Data>(value).unwrap_or_default()
        };
        let given = Given { answers: part("parameters"), secrets, user: part("user") };
        Ok(self.holding(id, given, || self.board.again(id))?)
    }

    /// A task that somebody may change.
    fn of(&self, id: &str, by: &Person) -> Result<Task, Refused> {
        let task = self.board.find(id).ok_or_else(|| Refused::Missing(id.to_owned()))?;
        task.check_is_of(by)?;
        Ok(task)
    }

    /// A task.
    pub fn task(&self, id: &str) -> Option<Task> {
        self.board.find(id)
    }

    /// All tasks that are remembered, the newest first.
    pub fn tasks(&self) -> Vec<Task> {
        self.board.all()
    }

    /// A number that counts up whenever something happens in some task.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.board.changes()
    }

    fn home(&self) -> Result<Home, Failure> {
        Ok(Home::at(&self.folder.to_string_lossy())?)
    }
}

/// Why a task is not even begun.
#[derive(Debug)]
pub enum NotAsked {
    /// Answers that do not fit: each by its question.
    Answers(Vec<Problem>),
    /// Secrets that do not fit: each by its name.
    Secrets(Vec<Problem>),
    /// Anything else.
    Refused(Refused),
}

impl From<Refused> for NotAsked {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What is wrong with answers.
pub fn problems(template: &Template, answers: &Data) -> Vec<Problem> {
    completed(template, answers).err().unwrap_or_default()
}

/// Whether secrets fit.
fn check(template: &Template, secrets: &Data) -> Result<(), Vec<Problem>> {
    let problems = template.secrets_problems(secrets);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The answers with their defaults, checked. What is given beyond what is asked stays: that is a program's business, as in Backstage; but
/// not what a page asks for that is left out.
fn completed(template: &Template, given: &Data) -> Result<Data, Vec<Problem>> {
    let asked = karat_scaffold::carried_over(&template.pages, given);
    let mut answers = karat_scaffold::complete(&template.pages, &asked).map_err(|error| match error {
        karat_scaffold::Error::Answers(problems) => problems,
        _ => Vec::new(),
    })?;
    for (name, answer) in given.entries() {
        if answers.get(name).is_none() {
            answers.set(name, answer.clone());
        }
    }
    Ok(karat_scaffold::relevant(&template.pages, &answers))
}

/// Answers as they may be shown, and whether some are hidden.
fn hidden(template: &Template, answers: &Data) -> (Data, bool) {
    let secret = secret(template, answers);
    let mut shown = answers.clone();
    secret.iter().for_each(|name| shown.set(name, Data::from(HIDDEN)));
    (shown, !secret.is_empty())
}

/// The names of answers that are secret.
fn secret(template: &Template, answers: &Data) -> Vec<String> {
    let questions = template.pages.iter().flat_map(|page| page.questions(answers));
    let secret = questions.filter(|question| question.secret && answers.get(&question.name).is_some());
    secret.map(|question| question.name).collect()
}

/// What is run, as Backstage's tasks have it.
fn spec(template: &Template, parameters: &Data, user: &Value) -> Value {
    let entity = template.entity().to_serde();
    let part = |name: &str| entity.get("spec").and_then(|spec| spec.get(name)).cloned();
    let mut spec = json!({
        "apiVersion": entity.get("apiVersion"),
        "steps": steps(template, part("steps")),
        "output": part("output").unwrap_or_else(|| json!({})),
        "parameters": parameters.to_serde(),
        "user": if user.is_null() { json!({}) } else { user.clone() },
        "templateInfo": {"entityRef": template.reference(), "entity": {"metadata": entity.get("metadata")}},
    });
    if let (Some(recovery), Value::Object(spec)) = (part("EXPERIMENTAL_recovery"), &mut spec) {
        spec.insert("EXPERIMENTAL_recovery".to_owned(), recovery);
    }
    spec
}

/// The steps as they are written, each with its id and its name.
fn steps(template: &Template, written: Option<Value>) -> Value {
    let Some(Value::Array(mut written)) = written else { return json!([]) };
    for (step, named) in written.iter_mut().zip(template.steps()) {
        if let Value::Object(step) = step {
            step.insert("id".to_owned(), named.id.into());
            step.entry("name").or_insert_with(|| named.action.into());
        }
    }
    Value::Array(written)
}

impl Failure {
    fn of(found: &Found, error: &karat_scaffold::Error) -> Self {
        match error {
            karat_scaffold::Error::Answers(problems) => Self::Answers(problems.clone()),
            karat_scaffold::Error::Stopped { .. } => Self::Cancelled,
            error => found.told(error).into(),
        }
    }

    /// What is wrong, and the next step.
    pub(crate) fn told(self) -> Vec<(String, Option<String>)> {
        match self {
            Self::Answers(problems) | Self::Secrets(problems) => {
                problems.into_iter().map(|one| (format!("{}: {}", one.parameter, one.message), None)).collect()
            }
            Self::Cancelled => vec![(ENDED.to_owned(), Some("do it again".to_owned()))],
            Self::Told(told) => told.into_iter().map(|one| (one.message, one.fix.map(|fix| fix.text))).collect(),
        }
    }
}

impl From<karat_workshop::Error> for Failure {
    fn from(error: karat_workshop::Error) -> Self {
        match error {
            karat_workshop::Error::Input(diagnostics) => Self::Told(diagnostics),
            error @ karat_workshop::Error::Io(_) => Self::Told(vec![Diagnostic::error(error.to_string())]),
        }
    }
}
