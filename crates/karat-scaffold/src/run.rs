//! A run of a template: its steps in order, on a workspace in memory.

use std::sync::Arc;

use karat_source::{EntryKind, ReadError, World, clean, join};

use crate::error::{Error, Place};
use crate::nunjucks::{self, Fuel};
use crate::template::{Step, Template};
use crate::tree::Tree;
use crate::{Data, actions};

/// The most times that all steps of a run are done.
const MAX_ITERATIONS: usize = 10_000;

/// Files behind absolute URLs: the repositories of an organisation, in `karat`'s case.
pub trait Remotes {
    /// The world that `url` is in, and the path there; `None` if nobody here knows it.
    fn find(&self, url: &str) -> Option<(Arc<dyn World>, String)>;
}

/// No URL is known.
pub struct Offline;

impl Remotes for Offline {
    fn find(&self, _: &str) -> Option<(Arc<dyn World>, String)> {
        None
    }
}

/// What a run made.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Everything in the workspace at the end.
    pub workspace: Tree,
    /// What the steps published, in order.
    pub publications: Vec<Publication>,
    /// URLs of catalog files that the steps registered.
    pub registrations: Vec<String>,
    /// What the template says in the end.
    pub output: Output,
    /// What the steps say.
    pub log: Vec<String>,
}

/// Something that a step publishes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The step's id.
    pub step: String,
    /// Its action: `publish:github`.
    pub action: String,
    /// Where to.
    pub repository: crate::RepoUrl,
    /// The files.
    pub tree: Tree,
    /// A new repository, or a change to one that is there.
    pub kind: Kind,
}

/// What a publication is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A repository of its own, with its default branch.
    Repository {
        /// `main`.
        branch: String,
    },
    /// A pull or merge request: the files are added to, or replace, what is there.
    Change {
        /// The folder that the files go into, `""` for the root.
        folder: String,
        /// The branch of the change.
        branch: String,
        /// Its title.
        title: String,
        /// Its description.
        description: String,
        /// Files that it deletes.
        deleted: Vec<String>,
    },
}

/// What a template says in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Titles and URLs, or references of entities.
    pub links: Vec<(String, String)>,
    /// Titles and texts (Markdown).
    pub texts: Vec<(String, String)>,
}

/// Runs `template` on answers that [`crate::complete`] has completed. `world` is the one the template was read from.
///
/// # Errors
/// The first step that fails; nothing was written anywhere.
pub fn run(world: &dyn World, template: &Template, answers: &Data, remotes: &dyn Remotes) -> Result<Outcome, Error> {
    let mut run = Run {
        world,
        template,
        remotes,
        fuel: Fuel::default(),
        outcome: Outcome::default(),
        steps: Data::Map(Vec::new()),
        parameters: answers.clone(),
        iterations: 0,
    };
    for step in &template.steps {
        run.step(step)?;
    }
    let output = run.render(&template.output, &run.context(None), &|message| Error::File {
        place: Place { file: template.file.clone(), ..Place::default() },
        message: format!("spec.output: {message}"),
    })?;
    run.outcome.output = Output::new(&output.unwrap_or_default());
    Ok(run.outcome)
}

/// A run under way.
pub(crate) struct Run<'r> {
    pub(crate) world: &'r dyn World,
    pub(crate) template: &'r Template,
    pub(crate) remotes: &'r dyn Remotes,
    pub(crate) fuel: Fuel,
    pub(crate) outcome: Outcome,
    /// `steps.<id>.output`.
    steps: Data,
    parameters: Data,
    iterations: usize,
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<(), Error> {
        let failed = |message: String| Error::Step {
            step: step.id.clone(),
            action: step.action.clone(),
            message,
            place: step.place.clone(),
        };
        let context = self.context(None);
        let holds = |run: &Self, context: &Data| -> Result<bool, Error> {
            match &step.condition {
                Some(Data::Bool(value)) => Ok(*value),
                Some(condition @ Data::String(_)) => {
                    let value = run.render(condition, context, &failed)?.unwrap_or_default();
                    // As lodash has it: an empty list is false here, though it is true in a template.
                    Ok(if let Data::List(items) = &value { !items.is_empty() } else { value.truthy() })
                }
                _ => Ok(true),
            }
        };
        let iterations = match &step.each {
            None if !holds(self, &context)? => return Ok(()),
            _ if step.condition == Some(Data::Bool(false)) => return Ok(()),
            None => vec![context],
            Some(each) => match self.render(each, &context, &failed)? {
                Some(Data::List(items)) => {
                    let each = items.into_iter().enumerate();
                    each.map(|(index, value)| self.context(Some((index.to_string(), value)))).collect()
                }
                Some(Data::Map(entries)) => {
                    entries.into_iter().map(|(key, value)| self.context(Some((key, value)))).collect()
                }
                _ => return Err(failed("`each` is a list or an object".into())),
            },
        };
        let mut inputs = Vec::new();
        for context in &iterations {
            // Without `each` the condition has been asked.
            if step.each.is_none() || holds(self, context)? {
                inputs.push(self.render(&step.input, context, &failed)?.unwrap_or_default());
            }
        }
        let mut output = Data::Map(Vec::new());
        for input in inputs {
            self.iterations += 1;
            if self.iterations > MAX_ITERATIONS {
                return Err(failed(format!("the steps are done more than {MAX_ITERATIONS} times")));
            }
            let outputs = actions::perform(self, step, &input)?;
            for (name, value) in outputs {
                let value = match (step.each.is_some(), output.get(name)) {
                    (false, _) => value,
                    (true, None) => Data::List(vec![value]),
                    (true, Some(earlier)) => Data::List(earlier.items().iter().cloned().chain([value]).collect()),
                };
                output.set(name, value);
            }
        }
        self.steps.set(&step.id, [("output", output)].into_iter().collect());
        Ok(())
    }

    /// What expressions of the steps see.
    fn context(&self, each: Option<(String, Data)>) -> Data {
        let nothing = || Data::Map(Vec::new());
        let environment = [("parameters", nothing()), ("secrets", nothing())].into_iter().collect();
        let task = [("task", [("id", Data::from("karat"))].into_iter().collect())].into_iter().collect();
        let mut context: Data = [
            ("parameters", self.parameters.clone()),
            ("environment", environment),
            ("steps", self.steps.clone()),
            ("context", task),
            ("secrets", nothing()),
        ]
        .into_iter()
        .collect();
        if let Some((key, value)) = each {
            context.set("each", [("key", Data::String(key)), ("value", value)].into_iter().collect());
        }
        context
    }

    /// Data with its texts rendered; what is undefined is left out.
    fn render(&self, data: &Data, context: &Data, failed: &dyn Fn(String) -> Error) -> Result<Option<Data>, Error> {
        Ok(match data {
            Data::String(text) => nunjucks::value(text, context, &self.fuel)
                .map_err(|error| failed(format!("`{}`: {}", excerpt(text), error.message)))?,
            Data::List(items) => {
                let items: Result<Vec<Data>, Error> =
                    items.iter().map(|item| Ok(self.render(item, context, failed)?.unwrap_or_default())).collect();
                Some(Data::List(items?))
            }
            Data::Map(entries) => {
                let mut rendered = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    if let Some(value) = self.render(value, context, failed)? {
                        rendered.push((key.clone(), value));
                    }
                }
                Some(Data::Map(rendered))
            }
            other => Some(other.clone()),
        })
    }

    /// Where a `url` of a fetch action leads: relative to the template's file, or to what [`Remotes`] knows.
    pub(crate) fn locate(&self, url: &str) -> Result<Source<'_>, String> {
        if url.contains("://") {
            let (world, path) = self.remotes.find(url).ok_or_else(|| {
                format!("`{url}` is not here: only repositories of the organisation that is worked on are read, nothing is downloaded")
            })?;
            return Ok(Source { world: Held::Shared(world), path });
        }
        let path = clean(&join(self.template.folder(), url))
            .ok_or_else(|| format!("`{url}` leaves the folder that the template is in"))?;
        Ok(Source { world: Held::Borrowed(self.world), path })
    }
}

/// A file or folder to fetch.
pub(crate) struct Source<'s> {
    world: Held<'s>,
    pub(crate) path: String,
}

enum Held<'s> {
    Borrowed(&'s dyn World),
    Shared(Arc<dyn World>),
}

impl Source<'_> {
    pub(crate) fn world(&self) -> &dyn World {
        match &self.world {
            Held::Borrowed(world) => *world,
            Held::Shared(world) => world.as_ref(),
        }
    }

    /// All files of the folder.
    pub(crate) fn tree(&self) -> Result<Tree, String> {
        match self.world().kind(&self.path).map_err(|error| error.to_string())? {
            Some(EntryKind::Folder) => {
                Tree::read(self.world(), &self.path).map_err(|error: ReadError| error.to_string())
            }
            Some(_) => Err(format!("`{}` is a file, not a folder", self.path)),
            None => Err(format!("`{}` is not there", self.path)),
        }
    }
}

fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

impl Output {
    fn new(data: &Data) -> Self {
        let truthy = |data: &Data| if let Data::List(items) = data { !items.is_empty() } else { data.truthy() };
        let items = |key: &str| -> Vec<Data> {
            let items = data.get(key).map(Data::items).unwrap_or_default().iter();
            items.filter(|item| item.get("if").is_none_or(truthy)).cloned().collect()
        };
        let text = |item: &Data, key: &str| item.get(key).and_then(Data::as_str).map(str::to_owned);
        let links = items("links").into_iter().map(|link| {
            let target = text(&link, "url").or_else(|| text(&link, "entityRef")).unwrap_or_default();
            (text(&link, "title").unwrap_or_else(|| target.clone()), target)
        });
        let texts = items("text")
            .into_iter()
            .map(|item| (text(&item, "title").unwrap_or_default(), text(&item, "content").unwrap_or_default()));
        Self { links: links.collect(), texts: texts.collect() }
    }
}
