//! A run of a template: its steps in order, on a workspace in memory.

use std::cell::Cell;
use std::sync::Arc;

use karat_source::{EntryKind, ReadError, World, clean, join};

use crate::error::{Error, Place};
use crate::nunjucks::{self, Fuel};
use crate::progress::{Progress, Told, Unwatched};
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
    /// The folder of the workspace that the files are from.
    pub source: String,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Titles and URLs, or references of entities.
    pub links: Vec<(String, String)>,
    /// Titles and texts (Markdown).
    pub texts: Vec<(String, String)>,
    /// All of it, as the template has it, without what its own conditions leave out.
    pub data: Data,
}

/// What a template is run on.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The answers, completed by [`crate::complete`].
    pub answers: Data,
    /// What only the inputs of steps see: an object of texts.
    pub secrets: Data,
    /// Who runs it: `ref`, and `entity` of the catalog.
    pub user: Data,
}

impl Given {
    /// Answers, and nothing else.
    pub fn answers(answers: &Data) -> Self {
        Self { answers: answers.clone(), ..Self::default() }
    }
}

/// Runs `template` on answers that [`crate::complete`] has completed. `world` is the one the template was read from.
///
/// # Errors
/// The first step that fails; nothing was written anywhere.
pub fn run(world: &dyn World, template: &Template, answers: &Data, remotes: &dyn Remotes) -> Result<Outcome, Error> {
    go(world, template, Given::answers(answers), remotes, false, &mut Unwatched)
}

/// As [`run`], step by step told to `progress`, which may end it.
///
/// # Errors
/// As [`run`], and [`Error::Stopped`].
pub fn run_watched(
    world: &dyn World,
    template: &Template,
    given: Given,
    remotes: &dyn Remotes,
    progress: &mut dyn Progress,
) -> Result<Outcome, Error> {
    go(world, template, given, remotes, false, progress)
}

/// As [`run`], for the sake of the repository alone: steps whose absolute URL is not here are left out, and so is what
/// later steps cannot do without them. They prepare changes to other repositories, which may be elsewhere.
///
/// # Errors
/// The first step that fails for any other reason, or that fails before anything was published.
pub fn run_repository(
    world: &dyn World,
    template: &Template,
    answers: &Data,
    remotes: &dyn Remotes,
) -> Result<Outcome, Error> {
    go(world, template, Given::answers(answers), remotes, true, &mut Unwatched)
}

fn go(
    world: &dyn World,
    template: &Template,
    given: Given,
    remotes: &dyn Remotes,
    lenient: bool,
    progress: &mut dyn Progress,
) -> Result<Outcome, Error> {
    // A repository that is made again was given its secrets once.
    let problems = if lenient { Vec::new() } else { template.secrets_problems(&given.secrets) };
    if !problems.is_empty() {
        return Err(Error::Answers(problems));
    }
    let mut run = Run {
        world,
        template,
        remotes,
        fuel: Fuel::default(),
        outcome: Outcome::default(),
        steps: Data::Map(Vec::new()),
        given,
        progress,
        iterations: 0,
        absent: Cell::new(false),
        input: Data::Null,
    };
    let mut missing: Vec<(String, Error)> = Vec::new();
    for (index, step) in template.steps.iter().enumerate() {
        if let Err(error) = run.watched(step) {
            if !lenient {
                for step in &template.steps[index + 1..] {
                    run.progress.tell(step.named(), Told::Skipped);
                }
            }
            // What a later step has to work on may be what an earlier one could not get.
            if !lenient || missing.is_empty() && !run.absent.get() {
                return Err(error);
            }
            // To publish and to register writes nothing here.
            if ["publish:", "catalog:register"].iter().any(|writes_nothing| step.action.starts_with(writes_nothing)) {
                continue;
            }
            missing.extend(targets(&run.input).into_iter().map(|target| (target, error.clone())));
        }
    }
    if !missing.is_empty() {
        // Nothing of a repository may be missing, though.
        for publication in &run.outcome.publications {
            let belongs = |(target, _): &&(String, Error)| {
                let within = |path: &str, folder: &str| {
                    folder.is_empty() || path == folder || path.starts_with(&format!("{folder}/"))
                };
                within(target, &publication.source) || within(&publication.source, target)
            };
            let is_repository = matches!(publication.kind, Kind::Repository { .. });
            if let (true, Some((_, error))) = (is_repository, missing.iter().find(belongs)) {
                return Err(error.clone());
            }
        }
        return Ok(run.outcome);
    }
    let output = run.render(&template.output, &run.context(None, false), &|message| Error::File {
        place: Place { file: template.file.clone(), ..Place::default() },
        message: format!("spec.output: {message}"),
    })?;
    run.outcome.output = Output::new(&output.unwrap_or_default());
    Ok(run.outcome)
}

/// Where a step would have written, as far as its input says it; the whole workspace if it does not.
fn targets(input: &Data) -> Vec<String> {
    let own = ["targetPath", "path", "filePath"].iter().filter_map(|key| input.get(key));
    let files = input.get("files").map(Data::items).unwrap_or_default();
    let listed = files.iter().flat_map(|file| ["file", "to"].map(|key| file.get(key)).into_iter().flatten());
    let targets: Vec<String> = own.chain(listed).filter_map(Data::as_str).filter_map(clean).collect();
    if targets.is_empty() { vec![String::new()] } else { targets }
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
    given: Given,
    pub(crate) progress: &'r mut dyn Progress,
    iterations: usize,
    /// Whether the step failed because a URL is not here.
    absent: Cell<bool>,
    /// The input of the step under way.
    input: Data,
}

impl Run<'_> {
    /// Does a step, and tells how it goes.
    fn watched(&mut self, step: &Step) -> Result<(), Error> {
        if self.progress.stops() {
            return Err(Error::Stopped { step: step.id.clone() });
        }
        self.progress.tell(step.named(), Told::Begins);
        let done = self.step(step);
        if done.is_ok() && self.progress.stops() {
            // It may have been cut short.
            return Err(Error::Stopped { step: step.id.clone() });
        }
        let told = match done {
            Ok(true) => Told::Done,
            Ok(false) => Told::LeftOut,
            Err(error) => {
                self.progress.tell(step.named(), Told::Failed(error.to_string()));
                return Err(error);
            }
        };
        self.progress.tell(step.named(), told);
        Ok(())
    }

    /// A line that a step says.
    pub(crate) fn say(&mut self, step: &Step, line: String) {
        self.progress.tell(step.named(), Told::Says(line.clone()));
        self.outcome.log.push(line);
    }

    /// Does a step, unless its condition is false.
    fn step(&mut self, step: &Step) -> Result<bool, Error> {
        let failed = |message: String| Error::Step {
            step: step.id.clone(),
            action: step.action.clone(),
            message,
            place: step.place.clone(),
        };
        let context = self.context(None, false);
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
            None if !holds(self, &context)? => return Ok(false),
            _ if step.condition == Some(Data::Bool(false)) => return Ok(false),
            None => vec![self.context(None, true)],
            Some(each) => match self.render(each, &self.context(None, true), &failed)? {
                Some(Data::List(items)) => {
                    let each = items.into_iter().enumerate();
                    each.map(|(index, value)| self.context(Some((index.to_string(), value)), true)).collect()
                }
                Some(Data::Map(entries)) => {
                    entries.into_iter().map(|(key, value)| self.context(Some((key, value)), true)).collect()
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
            self.input = input.clone();
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
        Ok(true)
    }

    /// What expressions of the steps see; secrets are for inputs alone.
    fn context(&self, each: Option<(String, Data)>, with_secrets: bool) -> Data {
        let nothing = || Data::Map(Vec::new());
        let secrets = if with_secrets { self.given.secrets.clone() } else { nothing() };
        let environment = [("parameters", nothing()), ("secrets", nothing())].into_iter().collect();
        let task = [("task", [("id", Data::from("karat"))].into_iter().collect())].into_iter().collect();
        let mut context: Data = [
            ("parameters", self.given.answers.clone()),
            ("environment", environment),
            ("steps", self.steps.clone()),
            ("context", task),
            ("secrets", if secrets == Data::Null { nothing() } else { secrets }),
        ]
        .into_iter()
        .collect();
        if self.given.user != Data::Null {
            context.set("user", self.given.user.clone());
        }
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
                self.absent.set(true);
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
        let mut whole = data.clone();
        for key in ["links", "text"] {
            if let Some(Data::List(_)) = data.get(key) {
                whole.set(key, Data::List(items(key)));
            }
        }
        Self { links: links.collect(), texts: texts.collect(), data: whole }
    }
}
