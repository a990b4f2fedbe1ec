//! Tasks: what was asked to be made, how it went, and each thing that was said on the way. A task is what its lines come to, so that
//! one that runs and one that is read again after a start are the same.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Made;
use super::kept::Kept;
use crate::identity::Person;
use crate::model::Clock;

/// So many tasks are remembered.
const MOST: usize = 200;
/// So many wait for their turn.
const WAITING: usize = 50;
/// So many things are said in one task, and so long each may be: a template is anybody's.
const EVENTS: usize = 5_000;
const LINE: usize = 64 << 10;
/// So many bytes all of it may be.
const SAID: usize = 4 << 20;

/// How a task is. Backstage's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It waits for its turn.
    Open,
    /// It runs.
    Processing,
    /// It was made.
    Completed,
    /// Nothing was made.
    Failed,
    /// Nothing was made, because somebody said so.
    Cancelled,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more comes.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What an event is. Backstage's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Something was said, or a step changed.
    Log,
    /// The task is over.
    Completion,
    /// Somebody wants it to end.
    Cancelled,
    /// It is done again.
    Recovered,
}

impl What {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Completion => "completion",
            Self::Cancelled => "cancelled",
            Self::Recovered => "recovered",
        }
    }
}

/// Something that happened in a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Counts up within the task, from 1.
    pub id: u64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What.
    pub what: What,
    /// `message`, and of a step `stepId` and `status`.
    pub body: Value,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// What tells the task from others: a UUID.
    pub id: String,
    /// The template's namespace and name.
    pub template: (String, String),
    /// Who asked; empty for who sits at the machine.
    pub who: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What is run, as Backstage has it: steps, parameters, the template. Answers that are secret are not in it.
    pub spec: Value,
    /// Whether some answers are secret, so that it cannot be done again from here.
    pub secret: bool,
    /// Whether secrets came with it, which whoever asks again sends anew.
    pub secrets: bool,
}

/// One line of what a task comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line {
    Asked(Box<Asked>),
    Status(Status, i64),
    Event(Event),
    Made(Box<Made>),
    /// What was wrong, and the next step.
    Trouble(Vec<(String, Option<String>)>),
}

/// A walk of a path.
#[derive(Clone, Debug)]
pub struct Task {
    /// What was asked for.
    pub asked: Arc<Asked>,
    /// How it is.
    pub status: Status,
    /// When it was last heard of, in milliseconds since 1970.
    pub heard: Option<i64>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// So many bytes of messages.
    said: usize,
    /// What was made.
    pub made: Option<Arc<Made>>,
    /// Why nothing was made, and the next step.
    pub trouble: Vec<(String, Option<String>)>,
}

impl Task {
    /// Whether somebody may have it end or be done again: who made it may, and who administers the portal.
    ///
    /// # Errors
    /// [`Refused::NotTheirs`].
    pub fn check_is_of(&self, person: &Person) -> Result<(), Refused> {
        if person.may_change_of(&self.asked.who) {
            return Ok(());
        }
        let by = if self.asked.who.is_empty() { "this machine" } else { &self.asked.who };
        Err(Refused::NotTheirs(by.to_owned()))
    }

    fn new(asked: Arc<Asked>) -> Self {
        Self { asked, status: Status::Open, heard: None, events: Vec::new(), said: 0, made: None, trouble: Vec::new() }
    }

    /// The task that lines come to.
    pub(super) fn of(lines: impl IntoIterator<Item = Line>) -> Option<Self> {
        let mut lines = lines.into_iter();
        let Some(Line::Asked(asked)) = lines.next() else { return None };
        let mut task = Self::new(Arc::from(asked));
        lines.for_each(|line| task.take(line));
        Some(task)
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Asked(_) => {}
            Line::Status(status, at) => {
                self.status = status;
                self.heard = Some(at);
            }
            Line::Made(made) => self.made = Some(Arc::from(made)),
            Line::Trouble(trouble) => {
                self.trouble = trouble;
                self.made = None;
            }
            Line::Event(event) => {
                if event.what == What::Recovered {
                    // It begins anew: how it ended before is told no longer.
                    self.events.retain(|event| !matches!(event.what, What::Cancelled | What::Completion));
                    self.trouble.clear();
                    self.made = None;
                }
                self.said += event.body["message"].as_str().map_or(0, str::len);
                self.events.push(event);
            }
        }
    }

    /// Whether somebody has said that it shall end.
    fn is_cancelled(&self) -> bool {
        self.events.iter().any(|event| event.what == What::Cancelled)
    }

    /// What happened after an event; how it ended is told always.
    pub fn after(&self, after: Option<u64>) -> Vec<Event> {
        let wanted = |event: &&Event| after.is_none_or(|after| event.id > after) || event.what == What::Completion;
        self.events.iter().filter(wanted).cloned().collect()
    }
}

/// Why a task cannot be asked for, ended or done again.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such task.
    #[error("No task with id '{0}' found")]
    Missing(String),
    /// It is somebody else's.
    #[error("this task is of {0}: only they and the role platform may cancel it or do it again")]
    NotTheirs(String),
    /// It is not in a state for that.
    #[error("{0}")]
    Conflict(String),
    /// Too many wait.
    #[error("{WAITING} tasks wait already: try again when some are done")]
    Full,
    /// It cannot be written down.
    #[error("the task cannot be kept: {0}")]
    Kept(#[from] karat_store::Error),
}

/// All tasks.
pub(super) struct Board {
    tasks: Mutex<Tasks>,
    kept: Kept,
    clock: Clock,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Tasks {
    by_id: BTreeMap<String, Task>,
    /// The oldest first.
    order: VecDeque<String>,
}

impl Tasks {
    /// Forgets the oldest that are over, of what is too many; gives which.
    fn trim(&mut self) -> Vec<String> {
        let mut gone = Vec::new();
        while self.order.len() > MOST {
            let old = self.order.iter().position(|id| self.by_id.get(id).is_none_or(|task| task.status.is_over()));
            let Some(old) = old.and_then(|at| self.order.remove(at)) else { break };
            self.by_id.remove(&old);
            gone.push(old);
        }
        gone
    }
}

impl Board {
    /// The tasks that are kept. `whole` is whether what was written last, when the portal died, is there: then its task is done.
    /// Of any other that had not come to its end nothing is there.
    pub(super) fn open(kept: Kept, clock: Clock, whole: bool) -> Result<Self, karat_store::Error> {
        let mut all: Vec<Task> = kept.all()?.into_iter().filter_map(Task::of).collect();
        all.sort_by_key(|task| task.asked.at);
        let order: VecDeque<String> = all.iter().map(|task| task.asked.id.clone()).collect();
        let by_id = all.into_iter().map(|task| (task.asked.id.clone(), task)).collect();
        let tasks = Mutex::new(Tasks { by_id, order });
        let board = Self { tasks, kept, clock, changed: watch::Sender::new(0) };
        for task in board.all() {
            let id = &task.asked.id;
            let told = task.events.iter().any(|event| event.what == What::Completion);
            match (task.status, &task.made) {
                (status, _) if status.is_over() && told => {}
                (status, _) if status.is_over() => board.tell_end(id, status, json!({})),
                (Status::Processing, Some(made)) if whole => {
                    board.finish(id, Status::Completed, json!({"output": made.output}));
                }
                _ => {
                    let message = super::ENDED;
                    board.fail_running_step(id, message);
                    board.take(id, Line::Trouble(vec![(message.to_owned(), Some("do it again".to_owned()))]));
                    board.finish(id, Status::Failed, json!({"error": {"name": "Error", "message": message}}));
                }
            }
        }
        Ok(board)
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        (self.clock)().as_millisecond()
    }

    /// Tells that something changed: a number that counts up.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn find(&self, id: &str) -> Option<Task> {
        self.tasks().by_id.get(id).cloned()
    }

    /// The newest first.
    pub(super) fn all(&self) -> Vec<Task> {
        let tasks = self.tasks();
        tasks.order.iter().rev().filter_map(|id| tasks.by_id.get(id).cloned()).collect()
    }

    /// A new one, which waits.
    pub(super) fn add(&self, mut asked: Asked) -> Result<(), Refused> {
        asked.at = self.now();
        let id = asked.id.clone();
        let task = Task::new(Arc::new(asked.clone()));
        let mut tasks = self.tasks();
        if tasks.by_id.values().filter(|task| task.status == Status::Open).count() >= WAITING {
            return Err(Refused::Full);
        }
        self.kept.add(&id, &Line::Asked(Box::new(asked)))?;
        tasks.order.push_back(id.clone());
        tasks.by_id.insert(id.clone(), task);
        let gone = tasks.trim();
        if !gone.is_empty() {
            self.kept.forget(gone);
        }
        Ok(())
    }

    /// Takes a line in, and keeps it.
    pub(super) fn take(&self, id: &str, line: Line) {
        self.change(id, |_| Some(line));
    }

    /// Takes in what is to follow from how a task is; whether anything does.
    fn change(&self, id: &str, line: impl FnOnce(&Task) -> Option<Line>) -> bool {
        let mut tasks = self.tasks();
        let Some(task) = tasks.by_id.get_mut(id) else { return false };
        let Some(line) = line(task) else { return false };
        // What cannot be written down happens all the same: a full disk is told when the next task is asked for.
        let _ = self.kept.add(id, &line);
        task.take(line);
        drop(tasks);
        self.changed.send_modify(|number| *number += 1);
        true
    }

    /// Something happened.
    pub(super) fn say(&self, id: &str, what: What, body: Value) {
        let at = self.now();
        self.change(id, |task| {
            let is_much = task.events.len() >= EVENTS || task.said >= SAID;
            let is_more = what == What::Log && body.get("status").is_none() && is_much;
            let id = task.events.last().map_or(1, |event| event.id + 1);
            (!is_more).then(|| Line::Event(Event { id, at, what, body: cut(body) }))
        });
    }

    /// One that waits waits no longer; false if it did not wait.
    pub(super) fn begin(&self, id: &str, status: Status) -> bool {
        let now = self.now();
        self.change(id, |task| (task.status == Status::Open).then_some(Line::Status(status, now)))
    }

    /// It is over.
    pub(super) fn finish(&self, id: &str, status: Status, body: Value) {
        self.take(id, Line::Status(status, self.now()));
        self.tell_end(id, status, body);
    }

    fn tell_end(&self, id: &str, status: Status, mut body: Value) {
        if let Value::Object(body) = &mut body {
            body.insert("message".to_owned(), format!("Run completed with status: {}", status.word()).into());
        }
        self.say(id, What::Completion, body);
    }

    /// A step that had begun and has no end gets one.
    fn fail_running_step(&self, id: &str, message: &str) {
        let Some(task) = self.find(id) else { return };
        let last = task.events.iter().rev().find_map(|event| {
            Some((event.body.get("stepId")?.clone(), event.body.get("status").and_then(Value::as_str)?.to_owned()))
        });
        if let Some((step, status)) = last
            && status == "processing"
        {
            self.say(id, What::Log, json!({"message": message, "stepId": step, "status": "failed"}));
        }
    }

    /// Says that it shall end; one that waits is over at once.
    pub(super) fn cancel(&self, id: &str) -> Result<(), Refused> {
        let task = self.find(id).ok_or_else(|| Refused::Missing(id.to_owned()))?;
        if task.status.is_over() {
            return Err(Refused::Conflict(format!("the task is over: it is {}", task.status.word())));
        }
        if task.is_cancelled() {
            return Ok(());
        }
        let step = task.events.iter().rev().find_map(|event| event.body.get("stepId").cloned());
        let mut body = json!({"message": "The task has been cancelled.", "status": "cancelled"});
        if let Some(Value::String(step)) = step {
            body =
                json!({"message": format!("Step {step} has been cancelled."), "stepId": step, "status": "cancelled"});
        }
        self.say(id, What::Cancelled, body);
        if self.begin(id, Status::Cancelled) {
            self.tell_end(id, Status::Cancelled, json!({}));
        }
        Ok(())
    }

    /// Whether it shall end.
    pub(super) fn is_cancelled(&self, id: &str) -> bool {
        self.tasks().by_id.get(id).is_none_or(Task::is_cancelled)
    }

    /// Has it wait again.
    pub(super) fn again(&self, id: &str) -> Result<(), Refused> {
        let task = self.find(id).ok_or_else(|| Refused::Missing(id.to_owned()))?;
        let no = |why: &str| Err(Refused::Conflict(format!("Task with taskId {id} cannot be retried: {why}")));
        match task.status {
            Status::Open | Status::Processing => return no("it is under way"),
            // What is there already would be in the way.
            Status::Completed => return no("it was made"),
            Status::Failed | Status::Cancelled => {}
        }
        if task.asked.secret {
            return no("some of its answers are secret, and those are not kept; ask for a new one");
        }
        self.say(id, What::Recovered, json!({"recoverStrategy": "startOver"}));
        self.take(id, Line::Status(Status::Open, self.now()));
        Ok(())
    }
}

/// A body whose message is not too long.
fn cut(mut body: Value) -> Value {
    if let Some(Value::String(message)) = body.get_mut("message")
        && message.len() > LINE
    {
        let end = (0..=LINE).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push_str(" … (cut)");
    }
    body
}

/// A random UUID (version 4), as Backstage's ids of tasks are.
pub(super) fn uuid() -> String {
    let mut bytes = [0_u8; 16];
    crate::identity::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: usize) -> Asked {
        let (template, who) = (("default".to_owned(), "t".to_owned()), String::new());
        Asked { id: format!("{id:04}"), template, who, at: 0, spec: json!({}), secret: false, secrets: false }
    }

    #[test]
    fn the_last_that_are_over_are_remembered_over_a_start_and_what_they_say_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let store = karat_store::Database::open(&folder.path().join("karat.db")).unwrap();
            Board::open(Kept(store), Arc::new(jiff::Timestamp::default), false).unwrap()
        };
        let board = open();
        for id in 0..MOST + 10 {
            board.add(asked(id)).unwrap();
            board.finish(&format!("{id:04}"), Status::Completed, json!({}));
        }
        board.add(asked(9_999)).unwrap();
        for _ in 0..EVENTS {
            board.say("9999", What::Log, json!({"message": "x".repeat(LINE / 16)}));
        }
        let said = |board: &Board| board.find("9999").unwrap().said;
        assert!((SAID..SAID + LINE).contains(&said(&board)), "{}", said(&board));
        // What a step says is kept soon: at the latest with what comes next.
        board.begin("9999", Status::Processing);
        drop(board);
        let board = open();
        let ids: Vec<String> = board.all().iter().map(|task| task.asked.id.clone()).collect();
        assert_eq!((ids.len(), board.find("0010").is_none(), board.find("0011").is_some()), (MOST, true, true));
        let task = board.find("9999").unwrap();
        assert_eq!(task.status, Status::Failed, "it had not come to its end");
        assert!(task.said >= SAID, "all that was said is kept: {}", task.said);
        assert_eq!(board.kept.all().unwrap().len(), MOST, "of others nothing is left");
    }
}
