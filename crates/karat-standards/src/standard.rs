//! A standard: one rule with an id, a reason, a check, an enforcement and a fix. What `standard.yaml` says.

use ecow::EcoString;
use karat_kube::{GroupKind, Path, WORKLOADS, known_kinds};
use karat_yaml::Value;

use crate::analysis;
use crate::cel::Program;
use crate::each::Each;
use crate::message::Message;
use crate::read::{Problem, Reader};

/// A golden standard.
#[derive(Debug)]
pub struct Standard {
    /// `area/slug`.
    pub id: EcoString,
    /// What it asks for, in one line.
    pub title: String,
    /// Why, in the reader's interest.
    pub why: EcoString,
    /// Where in the organisation's golden standards it comes from.
    pub source: String,
    /// Whether meeting it is required.
    pub level: Level,
    /// What missing it costs of the 24.
    pub karats: u8,
    /// Where it applies.
    pub applies: Applies,
    /// How an API server enforces it; nothing if it cannot.
    pub enforce: Option<Enforce>,
    /// The page that shows how to meet it, such as `how-to/harden-a-container`.
    pub fix: EcoString,
    /// The file that it was read from.
    pub file: EcoString,
    pub(crate) checks: Vec<Check>,
}

/// Whether a standard is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Advised: a violation is a warning.
    Should,
    /// Required: a violation is an error.
    Must,
}

/// What a standard judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One Kubernetes object by itself.
    Object,
    /// What a cluster has in one namespace.
    Namespace,
    /// What one Application deploys.
    Application,
    /// One cluster, with all that runs there.
    Cluster,
    /// One addon on one cluster, by the values it is given.
    Addon,
    /// One file of the organisation's repositories.
    Config,
    /// One repository, by what it holds.
    Repository,
}

/// Whose namespaces a standard is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In {
    /// Those of tenants.
    Tenants,
    /// Those of the platform.
    Platform,
    /// Both.
    All,
}

/// Where a standard applies.
#[derive(Debug)]
pub struct Applies {
    /// What it judges.
    pub to: Scope,
    /// Kinds of objects (scope object); addons by name (scope addon). Empty where it does not depend on that.
    pub kinds: Vec<GroupKind>,
    /// Names of addons (scope addon).
    pub addons: Vec<String>,
    /// Whose namespaces.
    pub whose: In,
    pub(crate) condition: Option<Program>,
}

/// How an API server enforces a standard.
#[derive(Debug)]
pub struct Enforce {
    /// What it does about a violation.
    pub admission: Admission,
    /// Whose namespaces it watches; where a standard is judged in Git may be wider.
    pub whose: In,
    /// Requests that it lets pass: CEL over `request`.
    pub unless: Vec<String>,
}

/// What an API server does about a violation: an action of a ValidatingAdmissionPolicyBinding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Refuse the request.
    Deny,
    /// Warn who asks.
    Warn,
    /// Note it in the audit log.
    Audit,
}

/// One check of a standard.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) rule: Rule,
    /// What it judges: what the standard applies to, unless it says otherwise.
    pub(crate) to: Scope,
    /// Where it applies, if it judges something else than the standard.
    pub(crate) condition: Option<Program>,
    /// The kinds that it is for; without any, all of the standard's.
    pub(crate) kinds: Vec<EcoString>,
    /// The parts that it looks at, each by itself; without any, the whole.
    pub(crate) each: Vec<Each>,
    /// The kind of object that a finding points to, where the rule is about several (scopes namespace, application).
    pub(crate) on: Option<EcoString>,
    /// Where the finding points: within the part, or from the object's root, `podSpec` or `podTemplate`.
    pub(crate) at: At,
    pub(crate) message: Option<Message>,
}

#[derive(Debug)]
pub(crate) enum Rule {
    /// Holds, or is violated.
    Cel(Program),
    /// A function that finds what CEL cannot.
    Analysis(&'static analysis::Analysis),
}

/// A place, from a part or from a variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct At {
    pub(crate) from: From,
    pub(crate) path: Path,
}

/// What a place is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum From {
    /// The part that `each` names, or the object.
    #[default]
    Here,
    PodSpec,
    PodTemplate,
}

impl Check {
    pub(crate) fn uses(&self, variable: &str) -> bool {
        let rule = matches!(&self.rule, Rule::Cel(program) if program.uses(variable));
        let condition = self.condition.as_ref().is_some_and(|condition| condition.uses(variable));
        rule || condition || self.message.as_ref().is_some_and(|message| message.uses(variable))
    }

    /// Whether the check reads the pod spec, so that there must be one.
    pub(crate) fn reads_pod_spec(&self) -> bool {
        self.uses("podSpec") || self.uses("podTemplate") || self.each.iter().any(|each| each.root == "podSpec")
    }
}

impl Standard {
    /// Whether any of its checks is about that.
    pub fn looks_at(&self, scope: Scope) -> bool {
        self.checks.iter().any(|check| check.to == scope)
    }

    /// Whether it looks at more than single objects.
    pub(crate) fn looks_wider(&self) -> bool {
        self.checks.iter().any(|check| check.to != Scope::Object)
    }

    /// Whether any of its expressions uses `variable`.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        self.applies.condition.as_ref().is_some_and(|condition| condition.uses(variable))
            || self.checks.iter().any(|check| check.uses(variable))
    }
}

const SCOPES: &[(&str, Result<Scope, ()>)] = &[
    ("object", Ok(Scope::Object)),
    ("namespace", Ok(Scope::Namespace)),
    ("application", Ok(Scope::Application)),
    ("cluster", Ok(Scope::Cluster)),
    ("addon", Ok(Scope::Addon)),
    ("config", Ok(Scope::Config)),
    ("repository", Ok(Scope::Repository)),
    ("fleet", Err(())),
    ("module", Err(())),
    ("doc", Err(())),
];

impl Scope {
    /// The word for it.
    pub fn word(self) -> &'static str {
        SCOPES.iter().find(|(_, scope)| *scope == Ok(self)).map_or("", |(word, _)| word)
    }

    /// What expressions of this scope know.
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Object => &["object", "podSpec", "podTemplate", "request", "cluster", "settings"],
            Self::Namespace => &["name", "objects", "cluster", "settings"],
            Self::Application => &["application", "objects", "cluster", "settings"],
            Self::Cluster => &["name", "cluster", "addons", "settings"],
            Self::Addon => &["addon", "values", "cluster", "settings"],
            Self::Config => &["file", "object", "settings"],
            Self::Repository => &["repository", "settings"],
        }
    }

    /// What `each` may start from.
    fn roots(self) -> &'static [&'static str] {
        match self {
            Self::Object => &["object", "podSpec"],
            Self::Namespace | Self::Application => &["objects"],
            Self::Cluster => &[],
            Self::Addon => &["values"],
            Self::Config => &["object"],
            Self::Repository => &["repository"],
        }
    }
}

/// Reads the standard that `value` says.
pub(crate) fn read(value: &Value, file: &str) -> Result<Standard, Problem> {
    let root = Reader::root(value);
    root.only(&["apiVersion", "kind", "metadata", "spec"])?;
    root.required("apiVersion")?.word(&[("karat.dev/v1", ())])?;
    root.required("kind")?.word(&[("Standard", ())])?;
    let metadata = root.required("metadata")?;
    metadata.only(&["name"])?;
    let name = metadata.required("name")?;
    let id = read_id(&name)?;
    let spec = root.required("spec")?;
    spec.only(&["title", "why", "source", "level", "karats", "applies", "check", "checks", "enforce", "fix"])?;
    let applies = read_applies(&spec.required("applies")?)?;
    let checks = read_checks(&spec, &applies)?;
    let enforce = spec.get("enforce").map(|enforce| read_enforce(&enforce, &applies)).transpose()?;
    let fix = spec.required("fix")?;
    let page = fix.text()?;
    if !page.starts_with("how-to/") || page.ends_with(".md") {
        return fix.problem("the fix is a page of the docs without its ending, such as `how-to/harden-a-container`");
    }
    Ok(Standard {
        id,
        title: one_line(spec.required("title")?.text()?),
        why: one_line(spec.required("why")?.text()?).into(),
        source: one_line(spec.required("source")?.text()?),
        level: spec.required("level")?.word(&[("must", Level::Must), ("should", Level::Should)])?,
        karats: spec.required("karats")?.whole(1, 24)?.try_into().unwrap_or(24),
        applies,
        enforce,
        fix: page.into(),
        file: file.into(),
        checks,
    })
}

fn read_enforce(enforce: &Reader<'_>, applies: &Applies) -> Result<Enforce, Problem> {
    enforce.only(&["admission", "in", "unless"])?;
    let admission = enforce.required("admission")?;
    if applies.to != Scope::Object {
        return admission.problem("an API server decides about single objects only");
    }
    let words = [("Deny", Admission::Deny), ("Warn", Admission::Warn), ("Audit", Admission::Audit)];
    let unless = enforce.get("unless").map_or(Ok(Vec::new()), |unless| unless.one_or_more())?;
    for expression in &unless {
        compile(expression, &["request"])?;
    }
    Ok(Enforce {
        admission: admission.word(&words)?,
        whose: enforce.get("in").map_or(Ok(applies.whose), |whose| read_whose(&whose))?,
        unless: unless.iter().map(|expression| expression.text().map(str::to_owned)).collect::<Result<_, _>>()?,
    })
}

fn read_whose(whose: &Reader<'_>) -> Result<In, Problem> {
    whose.word(&[("tenants", In::Tenants), ("platform", In::Platform), ("all", In::All)])
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read_id(name: &Reader<'_>) -> Result<EcoString, Problem> {
    let id = name.text()?;
    let good = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match id.split_once('/') {
        Some((area, slug)) if good(area) && good(slug) => Ok(id.into()),
        _ => name.problem(format!("`{id}` is not of the form `area/slug`, in small letters, digits and `-`")),
    }
}

fn read_applies(applies: &Reader<'_>) -> Result<Applies, Problem> {
    applies.only(&["to", "kinds", "addons", "in", "where"])?;
    let scope = read_scope(&applies.required("to")?)?;
    let kinds = match applies.get("kinds") {
        None if scope == Scope::Object => return applies.problem("`kinds` is missing: which objects?"),
        Some(kinds) if !matches!(scope, Scope::Object) => {
            return kinds.problem(format!("`kinds` is for the scope object, not {}", scope.word()));
        }
        None => Vec::new(),
        Some(kinds) => {
            let mut all = Vec::new();
            for kind in kinds.items()? {
                all.extend(read_kinds(&kind)?);
            }
            all.sort();
            all.dedup();
            all
        }
    };
    let addons = match applies.get("addons") {
        None => Vec::new(),
        Some(addons) if scope == Scope::Addon => addons.texts()?,
        Some(addons) => return addons.problem(format!("`addons` is for the scope addon, not {}", scope.word())),
    };
    let whose = applies.get("in").map_or(Ok(In::All), |whose| read_whose(&whose))?;
    let condition = match applies.get("where") {
        None => None,
        Some(condition) => Some(compile(&condition, scope.variables())?),
    };
    Ok(Applies { to: scope, kinds, addons, whose, condition })
}

fn read_scope(to: &Reader<'_>) -> Result<Scope, Problem> {
    match to.word(SCOPES)? {
        Ok(scope) => Ok(scope),
        Err(()) => to.problem(format!("standards for the scope `{}` are not read yet", to.text()?)),
    }
}

/// `workloads`, `Kind`, or `Kind.group`.
fn read_kinds(kind: &Reader<'_>) -> Result<Vec<GroupKind>, Problem> {
    let text = kind.text()?;
    let of = |group: &str, kind: &str| GroupKind { group: group.into(), kind: kind.into() };
    if text == "workloads" {
        return Ok(WORKLOADS.iter().map(|(group, kind)| of(group, kind)).collect());
    }
    if let Some((kind, group)) = text.split_once('.') {
        return Ok(vec![of(group, kind)]);
    }
    let mut known = known_kinds().filter(|facts| facts.kind == text);
    match (known.next(), known.next()) {
        (Some(facts), None) => Ok(vec![of(facts.group, facts.kind)]),
        (Some(one), Some(other)) => kind.problem(format!(
            "`{text}` is a kind of several groups: say `{text}.{}` or `{text}.{}`",
            one.group, other.group
        )),
        (None, _) => kind.problem(format!("the kind `{text}` is not known here: say `{text}.group`")),
    }
}

fn read_checks(spec: &Reader<'_>, applies: &Applies) -> Result<Vec<Check>, Problem> {
    let checks = match (spec.get("check"), spec.get("checks")) {
        (Some(check), None) => vec![check],
        (None, Some(checks)) => checks.items()?,
        _ => return spec.problem("either `check` or `checks` is expected"),
    };
    if checks.is_empty() {
        return spec.problem("a standard without a check");
    }
    checks.iter().map(|check| read_check(check, applies)).collect()
}

fn read_check(check: &Reader<'_>, applies: &Applies) -> Result<Check, Problem> {
    let scope = check.get("to").map_or(Ok(applies.to), |to| read_scope(&to))?;
    if let Some(name) = check.get("analysis") {
        check.only(&["analysis"])?;
        let text = name.text()?;
        let Some(found) = analysis::find(text) else {
            let known: Vec<&str> = analysis::ALL.iter().map(|analysis| analysis.name).collect();
            return name.problem(format!("there is no analysis `{text}`; there are {}", known.join(", ")));
        };
        let rule = Rule::Analysis(found);
        let (kinds, each) = (Vec::new(), Vec::new());
        let (to, at) = (found.scope, At::default());
        return Ok(Check { rule, to, condition: None, kinds, each, on: None, at, message: None });
    }
    check.only(&["to", "where", "kinds", "each", "cel", "on", "at", "message"])?;
    if scope == Scope::Object && applies.to != Scope::Object {
        return check.problem("a check on objects is for a standard that applies to objects: it names their kinds");
    }
    let condition = match check.get("where") {
        Some(condition) if scope == applies.to => {
            return condition
                .problem("`where` is said once, under `applies`; a check has its own if it judges something else");
        }
        condition => condition.map(|condition| compile(&condition, scope.variables())).transpose()?,
    };
    let mut kinds = Vec::new();
    for kind in check.get("kinds").map_or(Ok(Vec::new()), |kinds| kinds.one_or_more())? {
        let name = kind.text()?;
        if !applies.kinds.iter().any(|known| known.kind == name) {
            return kind.problem(format!("the standard does not apply to `{name}`"));
        }
        kinds.push(name.into());
    }
    let on = match check.get("on") {
        None => None,
        Some(on) => match on.text()?.strip_prefix("objects.") {
            Some(kind) if scope.roots().contains(&"objects") => Some(kind.into()),
            _ => return on.problem("`on` names a kind as `objects.Kind`, in the scopes namespace and application"),
        },
    };
    let mut each = Vec::new();
    if let Some(paths) = check.get("each") {
        for path in paths.one_or_more()? {
            match Each::parse(path.text()?, scope.roots()) {
                Ok(parsed) => each.push(parsed),
                Err(message) => return path.problem(message),
            }
        }
    }
    let mut variables = scope.variables().to_vec();
    if !each.is_empty() {
        variables.push("self");
    }
    let message = check.required("message")?;
    let text = one_line(message.text()?);
    let message = Message::parse(&text, &variables).or_else(|error| message.problem(error))?;
    Ok(Check {
        rule: Rule::Cel(compile(&check.required("cel")?, &variables)?),
        to: scope,
        condition,
        at: read_at(check, !each.is_empty())?,
        kinds,
        on,
        each,
        message: Some(message),
    })
}

fn read_at(check: &Reader<'_>, in_part: bool) -> Result<At, Problem> {
    let Some(at) = check.get("at") else { return Ok(At::default()) };
    let text = at.text()?;
    let after = |root: &str| {
        let rest = text.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))?;
        Some(rest.strip_prefix('.').unwrap_or(rest))
    };
    let (from, rest) = match (after("podSpec"), after("podTemplate")) {
        (Some(rest), _) if !in_part => (From::PodSpec, rest),
        (_, Some(rest)) if !in_part => (From::PodTemplate, rest),
        _ => (From::Here, text),
    };
    match Path::parse(rest) {
        Ok(path) => Ok(At { from, path }),
        Err(error) => at.problem(error.to_string()),
    }
}

fn compile(at: &Reader<'_>, variables: &[&str]) -> Result<Program, Problem> {
    Program::compile(at.text()?, variables).or_else(|error| at.problem(error))
}
