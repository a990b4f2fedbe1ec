//! Making things by golden paths: what `karat new` does for who types, for who fills in a form. What is made is written into the
//! organisation's folder, all of it or nothing, and nowhere else.

mod answers;
mod tasks;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use karat_diag::Diagnostic;
use karat_scaffold::{Data, Problem, Template};
use karat_workshop::{Found, Home, Plan};

pub use answers::answers;
use tasks::Tasks;
pub use tasks::{Status, Task};

/// Why nothing was made.
#[derive(Debug)]
pub enum Failure {
    /// Answers that do not fit: each by its question.
    Answers(Vec<Problem>),
    /// Anything else: what, and the next step.
    Told(Vec<Diagnostic>),
}

/// What a walk makes.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// What the steps said.
    pub log: Vec<String>,
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
}

/// Walks paths in an organisation's folder, one at a time.
pub struct Maker {
    folder: PathBuf,
    turn: Mutex<()>,
    tasks: Mutex<Tasks>,
}

impl Maker {
    /// In the organisation's folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), turn: Mutex::new(()), tasks: Mutex::default() }
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
    /// Answers that do not fit, a step that fails, a folder that is there already.
    pub fn plan(&self, found: &Found, given: &Data) -> Result<Made, Failure> {
        self.walk(found, given, false)
    }

    /// Walks a path, and keeps the record of it; gives the task's id.
    pub fn make(&self, found: &Found, given: &Data, who: &str, at: i64) -> String {
        let result = self.walk(found, given, true);
        let template = (found.template.namespace.clone(), found.template.name.clone());
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).add(template, who, at, result)
    }

    /// A task of this run of the portal.
    pub fn task(&self, id: &str) -> Option<Task> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).find(id)
    }

    /// The tasks of this run of the portal, the newest first.
    pub fn tasks(&self) -> Vec<Task> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).all()
    }

    fn home(&self) -> Result<Home, Failure> {
        Ok(Home::at(&self.folder.to_string_lossy())?)
    }

    fn walk(&self, found: &Found, given: &Data, write: bool) -> Result<Made, Failure> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let home = self.home()?;
        let told = |error: &karat_scaffold::Error| match error {
            karat_scaffold::Error::Answers(problems) => Failure::Answers(problems.clone()),
            error => found.told(error).into(),
        };
        let given = karat_scaffold::complete(&found.template.pages, given).map_err(|error| told(&error))?;
        let outcome =
            karat_scaffold::run(&*found.world, &found.template, &given, &home).map_err(|error| told(&error))?;
        let plan = Plan::new(found, &given, &outcome, Some(&home), None)?;
        let mut made = Made {
            log: outcome.log,
            elsewhere: plan.elsewhere.iter().map(|publication| publication.repository.web()).collect(),
            links: outcome.output.links,
            texts: outcome.output.texts,
            ..Made::default()
        };
        for (folder, tree) in &plan.folders {
            let within = std::path::absolute(folder).ok();
            let within = within.as_deref().and_then(|folder| folder.strip_prefix(&home.root).ok());
            // Who fills in a form writes into the organisation, and nowhere else on this machine.
            let Some(within) = within else {
                let message = format!("the organisation has no place for the repository `{}`", folder.display());
                return Err(Failure::from(
                    karat_workshop::Error::input(message)
                        .hint("a path that registers what it makes says its folder; `karat new` makes it anywhere"),
                ));
            };
            let files = tree.files().map(|(path, _)| path.to_owned()).collect();
            made.folders.push((within.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"), files));
        }
        for change in &plan.changes {
            let files = change.signs().map(|(path, sign)| (sign, path.to_owned())).collect();
            made.changes.push((change.title.clone(), files));
        }
        plan.vacant()?;
        if write {
            plan.write(Some(&home))?;
        }
        Ok(made)
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
