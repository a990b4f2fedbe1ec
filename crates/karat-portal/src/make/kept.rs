//! Tasks in the database: everything that is known of one, line by line.

use std::collections::BTreeMap;

use karat_store::{Database, Error, Tasks as _};

use super::tasks::{Line, What};

pub(super) struct Kept(pub(super) Database);

impl Kept {
    /// The lines of each task.
    pub(super) fn all(&self) -> Result<Vec<Vec<Line>>, Error> {
        let mut all: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        for (task, line) in self.0.task_lines()? {
            all.entry(task).or_default().extend(serde_json::from_str::<Line>(&line));
        }
        Ok(all.into_values().collect())
    }

    /// Keeps a line. What a step says is kept soon, all else before anything follows from it.
    pub(super) fn add(&self, id: &str, line: &Line) -> Result<(), Error> {
        let text = serde_json::to_string(line).map_err(std::io::Error::from)?;
        if matches!(line, Line::Event(event) if event.what == What::Log) {
            self.0.note_task_line(id, text);
            return Ok(());
        }
        self.0.add_task_line(id, text)
    }

    /// Tasks that are remembered no longer.
    pub(super) fn forget(&self, ids: Vec<String>) {
        // One that stays is read again, and forgotten again.
        let _ = self.0.remove_tasks(ids);
    }
}
