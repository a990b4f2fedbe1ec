//! What people asked to be made: a task is the lines that are known of it.

use rusqlite::params;

use crate::{Database, Error};

/// Keeps tasks.
pub trait Tasks: Send + Sync {
    /// The lines of all tasks in the order that they were kept in, each after the task that it is of.
    ///
    /// # Errors
    /// They cannot be read.
    fn task_lines(&self) -> Result<Vec<(String, String)>, Error>;

    /// Keeps a line, and all that were noted before it.
    ///
    /// # Errors
    /// It cannot be kept.
    fn add_task_line(&self, task: &str, line: String) -> Result<(), Error>;

    /// Keeps a line soon: nobody waits for it, and what cannot be kept is gone.
    fn note_task_line(&self, task: &str, line: String);

    /// Forgets tasks.
    ///
    /// # Errors
    /// They cannot be forgotten.
    fn remove_tasks(&self, tasks: Vec<String>) -> Result<(), Error>;
}

const ADD: &str = "INSERT INTO task_lines (task, line) VALUES (?1, ?2)";

impl Tasks for Database {
    fn task_lines(&self) -> Result<Vec<(String, String)>, Error> {
        self.read(|connection| {
            let mut all = connection.prepare("SELECT task, line FROM task_lines ORDER BY number")?;
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    fn add_task_line(&self, task: &str, line: String) -> Result<(), Error> {
        let task = task.to_owned();
        self.write(move |transaction| transaction.execute(ADD, params![task, line]).map(drop))
    }

    fn note_task_line(&self, task: &str, line: String) {
        let task = task.to_owned();
        self.write_soon(move |transaction| transaction.execute(ADD, params![task, line]).map(drop));
    }

    fn remove_tasks(&self, tasks: Vec<String>) -> Result<(), Error> {
        self.write(move |transaction| {
            let mut remove = transaction.prepare("DELETE FROM task_lines WHERE task = ?1")?;
            tasks.iter().try_for_each(|task| remove.execute(params![task]).map(drop))
        })
    }
}
