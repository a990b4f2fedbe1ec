//! A template tried out before it is anywhere: run on files that are sent with it, in memory, and nothing is written.

use karat_scaffold::{Data, Given, Progress, StepName, Template, Told};
use karat_source::Memory;
use karat_workshop::Home;
use serde_json::{Value, json};

use super::walk::{self, Hidden};
use super::{Failure, Maker};

/// What is tried.
pub struct DryRun {
    /// The entity.
    pub template: Value,
    /// The answers.
    pub values: Data,
    /// What only inputs of steps see.
    pub secrets: Data,
    /// What the template sees as `user`.
    pub user: Data,
    /// The files beside the template: paths from its folder, and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

/// What came of it.
pub struct Tried {
    /// The bodies of the events that a task would have had.
    pub log: Vec<Value>,
    /// The files of the workspace at the end: path, whether it is a program, bytes.
    pub files: Vec<(String, bool, Vec<u8>)>,
    /// What the template gives in the end.
    pub output: Value,
    /// Its steps, each with its id and its name.
    pub steps: Value,
}

/// Hears what a task would be told.
struct Heard {
    log: Vec<Value>,
    hidden: Hidden,
}

impl Progress for Heard {
    fn tell(&mut self, step: StepName<'_>, told: Told) {
        let event = walk::event(step, &told, &self.hidden);
        self.log.push(event);
    }
}

impl Maker {
    /// Tries a template.
    ///
    /// # Errors
    /// A template that is none, answers that do not fit, a path that leaves the template's folder, a step that fails.
    pub fn try_out(&self, asked: DryRun) -> Result<Tried, Failure> {
        const FILE: &str = "template.yaml";
        let input = |message: String| Failure::from(karat_workshop::Error::input(message));
        let told = |error: &karat_scaffold::Error| match error {
            karat_scaffold::Error::Answers(problems) => Failure::Answers(problems.clone()),
            error => input(error.to_string()),
        };
        // JSON is YAML, and the file is where Backstage has it; only it is in this world.
        let alone: Memory = [(FILE, asked.template.to_string().into_bytes())].into_iter().collect();
        let template = Template::read(&alone, FILE).map_err(|error| told(&error))?;
        let mut world = Memory::default();
        for (path, bytes) in asked.files {
            let inner = karat_source::clean(&path).filter(|inner| !inner.is_empty());
            world.insert(inner.ok_or_else(|| input(format!("`{path}` leaves the template's folder")))?, bytes);
        }
        let home: Home = self.home()?;
        let answers = super::completed(&template, &asked.values).map_err(Failure::Answers)?;
        super::check(&template, &asked.secrets).map_err(Failure::Secrets)?;
        let mut hidden = Hidden::of(&asked.secrets);
        hidden.add_answers(&template, &answers);
        let mut heard = Heard { log: Vec::new(), hidden };
        heard.log.push(json!({"message": format!("Starting up task with {} steps", template.steps().count())}));
        let given = Given { answers, secrets: asked.secrets, user: asked.user };
        let outcome = karat_scaffold::run_watched(&world, &template, given, &home, &mut heard);
        let outcome = outcome.map_err(|error| told(&error))?;
        let files = outcome.workspace.files();
        Ok(Tried {
            log: heard.log,
            files: files.map(|(path, file)| (path.to_owned(), file.executable, file.bytes.to_vec())).collect(),
            output: outcome.output.data.to_serde(),
            steps: super::steps(&template, asked.template.pointer("/spec/steps").cloned()),
        })
    }
}
