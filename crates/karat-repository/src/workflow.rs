//! Workflows of GitHub Actions, as their workflow syntax says them: YAML 1.2, in which `on` is a word.

use ecow::EcoString;
use karat_yaml::{Dialect, Kind, Node, Numbers, Value};

use crate::text::Text;
use crate::{Fact, Place, Problem};

/// A workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// The file.
    pub file: EcoString,
    /// What expressions see of it.
    fact: Fact,
}

/// Whether a file is a workflow, by its place.
pub(crate) fn is_workflow(path: &str) -> bool {
    let name = path.strip_prefix(".github/workflows/");
    name.is_some_and(|name| !name.contains('/') && (name.ends_with(".yaml") || name.ends_with(".yml")))
}

impl Workflow {
    /// Reads a workflow.
    pub(crate) fn parse(text: &Text<'_>) -> Result<Self, Problem> {
        let document = document(text)?;
        let root = document.as_ref().map(karat_yaml::Document::root);
        let Some(root) = root.filter(|root| root.kind() == Kind::Map) else {
            return Err(text.problem(0..0, "not a workflow: a mapping with `on` and `jobs` is expected"));
        };
        // Aliases that multiply end here, before they are followed.
        if let Err(error) = root.to_value(Dialect::Core12, Numbers::Kept) {
            return Err(failed(text, &error));
        }
        let reader = Reader { text };
        Ok(Self { file: text.file.clone(), fact: reader.workflow(root) })
    }
}

/// The first document of a YAML file.
pub(crate) fn document(text: &Text<'_>) -> Result<Option<karat_yaml::Document>, Problem> {
    karat_yaml::parse_document(text.text.as_bytes(), Dialect::Core12).map_err(|error| failed(text, &error))
}

fn failed(text: &Text<'_>, error: &karat_yaml::Error) -> Problem {
    let (line, column) = error.position().map_or((0, 0), |position| (position.line, position.column));
    let place = Place { file: text.file.clone(), line, column, end_column: column };
    Problem { place, message: error.message().to_owned() }
}

/// Reads nodes of a YAML file as facts with their places.
pub(crate) struct Reader<'r, 't> {
    pub(crate) text: &'r Text<'t>,
}

impl Reader<'_, '_> {
    pub(crate) fn place(&self, node: Node<'_>) -> Place {
        self.text.place(node.span().range())
    }

    /// What a node says, with the places of all that is in it. `null` is nothing.
    pub(crate) fn any(&self, node: Node<'_>) -> Fact {
        let resolved = node.resolved();
        let fact = match resolved.kind() {
            Kind::Map => Fact::map(
                resolved.entries().filter_map(|(key, value)| Some((EcoString::from(key.as_str()?), self.any(value)))),
            ),
            Kind::Seq => Fact::list(resolved.items().map(|item| self.any(item))),
            _ => match resolved.to_value(Dialect::Core12, Numbers::Kept) {
                Ok(Value::Bool(truth)) => truth.into(),
                Ok(Value::Null) | Err(_) => Fact::default(),
                Ok(_) => scalar(resolved).into(),
            },
        };
        fact.at(&self.place(node))
    }

    pub(crate) fn text(&self, node: Option<Node<'_>>) -> Fact {
        node.map_or_else(Fact::default, |node| Fact::from(scalar(node.resolved())).at(&self.place(node)))
    }

    /// A list of texts; one text stands for a list of one.
    pub(crate) fn texts(&self, node: Option<Node<'_>>) -> Fact {
        let Some(node) = node else { return Fact::list::<Fact>([]) };
        let list = match node.resolved().kind() {
            Kind::Seq => Fact::list(node.resolved().items().map(|item| self.text(Some(item)))),
            _ => Fact::list([self.text(Some(node))]),
        };
        list.at(&self.place(node))
    }

    fn truth(&self, node: Option<Node<'_>>) -> Fact {
        node.map_or_else(|| false.into(), |node| Fact::from(scalar(node.resolved()) == "true").at(&self.place(node)))
    }

    fn workflow(&self, root: Node<'_>) -> Fact {
        let jobs = root.get("jobs").map(Node::resolved).filter(|jobs| jobs.kind() == Kind::Map);
        let jobs = jobs.into_iter().flat_map(Node::entries).map(|(id, job)| self.job(id, job.resolved()));
        let name = |node: Node<'_>| EcoString::from(scalar(node));
        let events: Vec<(EcoString, Fact)> = match root.get("on").map(Node::resolved) {
            None => Vec::new(),
            Some(on) => match on.kind() {
                Kind::Map => {
                    let entry = |(key, value): (Node<'_>, Node<'_>)| {
                        let options = if value.resolved().kind() == Kind::Map { self.any(value) } else { empty() };
                        (name(key), options.at(&self.place(key)))
                    };
                    on.entries().map(entry).collect()
                }
                Kind::Seq => on.items().map(|item| (name(item), empty().at(&self.place(item)))).collect(),
                _ => vec![(name(on), empty().at(&self.place(on)))],
            },
        };
        Fact::map([
            ("path", Fact::from(&self.text.file)),
            ("name", self.text(root.get("name"))),
            ("on", Fact::map(events)),
            ("permissions", self.permissions(root)),
            ("env", root.get("env").map_or_else(empty, |env| self.any(env))),
            ("jobs", Fact::list(jobs)),
        ])
        .at(&self.place(root.entries().next().map_or(root, |(key, _)| key)))
    }

    fn job(&self, id: Node<'_>, job: Node<'_>) -> Fact {
        let steps = job.get("steps").map(Node::resolved).filter(|steps| steps.kind() == Kind::Seq);
        let steps = steps.into_iter().flat_map(Node::items).map(|step| self.step(step.resolved()));
        let runs_on = job.get("runs-on").map(Node::resolved);
        let labels = runs_on.and_then(|node| node.get("labels")).or_else(|| job.get("runs-on"));
        let environment = job.get("environment");
        let environment = environment.and_then(|node| node.resolved().get("name")).or(environment);
        Fact::map([
            ("id", Fact::from(scalar(id)).at(&self.place(id))),
            ("uses", self.uses(job.get("uses"))),
            ("with", job.get("with").map_or_else(empty, |with| self.any(with))),
            ("secrets", job.get("secrets").map_or_else(Fact::default, |secrets| self.any(secrets))),
            ("runsOn", self.texts(labels)),
            ("permissions", self.permissions(job)),
            ("needs", self.texts(job.get("needs"))),
            ("if", self.text(job.get("if"))),
            ("continueOnError", self.truth(job.get("continue-on-error"))),
            ("environment", self.text(environment)),
            ("outputs", job.get("outputs").map_or_else(empty, |outputs| self.any(outputs))),
            ("steps", Fact::list(steps)),
        ])
        .at(&self.place(id))
    }

    fn step(&self, step: Node<'_>) -> Fact {
        let first = step.entries().next().map_or(step, |(key, _)| key);
        Fact::map([
            ("id", self.text(step.get("id"))),
            ("name", self.text(step.get("name"))),
            ("uses", self.uses(step.get("uses"))),
            ("run", self.text(step.get("run"))),
            ("if", self.text(step.get("if"))),
            ("continueOnError", self.truth(step.get("continue-on-error"))),
            ("with", step.get("with").map_or_else(empty, |with| self.any(with))),
            ("env", step.get("env").map_or_else(empty, |env| self.any(env))),
        ])
        .at(&self.place(first))
    }

    /// `owner/name/path@ref`, `./path`, `docker://image`.
    fn uses(&self, node: Option<Node<'_>>) -> Fact {
        let Some(node) = node else { return Fact::default() };
        let text = scalar(node.resolved());
        let (name, reference) = text.split_once('@').unwrap_or((text, ""));
        let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
        let local = text.starts_with("./");
        let image = text.strip_prefix("docker://");
        let pinned = image.map_or(local || is_commit, crate::dockerfile::is_pinned);
        Fact::map([
            ("text", Fact::from(text)),
            ("name", name.into()),
            ("ref", reference.into()),
            ("local", local.into()),
            ("pinned", pinned.into()),
        ])
        .at(&self.place(node))
    }

    /// What the token of a workflow or a job may do.
    fn permissions(&self, of: Node<'_>) -> Fact {
        let node = of.get("permissions");
        let resolved = node.map(Node::resolved);
        let all = resolved.filter(|node| node.kind() != Kind::Map).map(scalar).unwrap_or_default();
        let map = resolved.filter(|node| node.kind() == Kind::Map);
        let scopes = |access: &str| {
            let entries = map.into_iter().flat_map(Node::entries);
            let entries = entries.filter(move |(_, value)| scalar(value.resolved()) == access);
            Fact::list(entries.map(|(key, _)| Fact::from(scalar(key)).at(&self.place(key))))
        };
        let fact = Fact::map([
            ("said", Fact::from(node.is_some())),
            ("all", all.into()),
            ("read", scopes("read")),
            ("write", scopes("write")),
        ]);
        match node {
            Some(node) => fact.at(&self.place(node)),
            None => fact,
        }
    }
}

fn empty() -> Fact {
    Fact::map::<EcoString>([])
}

/// The text of a scalar; empty for anything else.
pub(crate) fn scalar(node: Node<'_>) -> &str {
    std::str::from_utf8(node.text()).unwrap_or_default()
}

impl From<&Workflow> for Fact {
    fn from(workflow: &Workflow) -> Self {
        workflow.fact.clone()
    }
}
