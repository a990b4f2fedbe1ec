//! Object standards as policies of the API server: a ValidatingAdmissionPolicy and its binding each.
//!
//! The same expressions, said so that an API server of Kubernetes 1.36 understands them: `each` becomes `all()`, settings
//! and facts of the cluster become literals, `podSpec` and `podTemplate` become variables, exceptions and whose namespaces
//! are watched become match conditions, and a message names the first part that is wrong.

mod text;

use ecow::EcoString;
use karat_kube::{GroupKind, Scope as KindScope, kind_facts, pod_template_path};
use karat_yaml::{Map, Value};

use crate::each::{Each, EachStep};
use crate::message::{Message, Part};
use crate::organisation::Exception;
use crate::standard::{Check, Rule};
use crate::{Admission, Cluster, In, Organisation, Standard};
use text::{Facts, quoted, translate};

/// A policy and what binds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The standard's id.
    pub standard: EcoString,
    /// The ValidatingAdmissionPolicy.
    pub policy: Value,
    /// The ValidatingAdmissionPolicyBinding.
    pub binding: Value,
    /// What the policy does not say, because it takes more than one object: analyses of the same standard.
    pub left_out: Vec<&'static str>,
}

/// Why a standard has no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// It is not enforced at admission.
    #[error("{standard} is not enforced by an API server")]
    NotEnforced {
        /// The standard's id.
        standard: EcoString,
    },
    /// It reads facts of the cluster, and no cluster was named.
    #[error("{standard} depends on the cluster (`cluster.{fact}`): name the cluster that the policy is for")]
    NeedsCluster {
        /// The standard's id.
        standard: EcoString,
        /// The fact.
        fact: String,
    },
    /// It reads a setting that does not exist, or that has no form as a literal.
    #[error("{standard} reads `{path}`, which {reason}")]
    Setting {
        /// The standard's id.
        standard: EcoString,
        /// The path, with its root.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A kind whose plural is not known.
    #[error("{standard} is for {kind}, whose resource is not known here")]
    UnknownKind {
        /// The standard's id.
        standard: EcoString,
        /// The kind.
        kind: GroupKind,
    },
}

impl Policy {
    /// Both as YAML, ready to be applied.
    pub fn to_yaml(&self) -> Result<String, karat_yaml::Error> {
        let (policy, binding) = (karat_yaml::to_yaml(&self.policy)?, karat_yaml::to_yaml(&self.binding)?);
        Ok(format!("{policy}---\n{binding}"))
    }
}

/// The policy of `standard`, with the settings and exceptions of `organisation`, for `cluster` if it depends on that.
pub fn export(
    standard: &Standard,
    organisation: &Organisation,
    cluster: Option<&Cluster>,
) -> Result<Policy, ExportError> {
    let Some(enforce) = &standard.enforce else {
        return Err(ExportError::NotEnforced { standard: standard.id.clone() });
    };
    let facts = Facts { standard: &standard.id, settings: &organisation.settings, cluster };
    let exporter = Exporter { standard, organisation, facts };
    let name = format!("{}.standards.karat.dev", standard.id.replace("/", "."));
    let mut validations = Vec::new();
    let mut left_out = Vec::new();
    for check in &standard.checks {
        match &check.rule {
            Rule::Analysis(analysis) => left_out.push(analysis.name),
            // Of repositories an API server knows nothing.
            Rule::Cel(_) if check.to != crate::Scope::Object => {}
            Rule::Cel(program) => validations.extend(exporter.validations(check, &program.text)?),
        }
    }
    let metadata = || {
        map([
            ("name", name.as_str().into()),
            ("labels", map([("app.kubernetes.io/managed-by", "karat".into())])),
            (
                "annotations",
                map([
                    ("karat.dev/standard", standard.id.as_str().into()),
                    ("karat.dev/fix", standard.fix.as_str().into()),
                ]),
            ),
        ])
    };
    let mut spec = vec![
        ("failurePolicy", "Fail".into()),
        ("matchConstraints", map([("resourceRules", Value::Seq(exporter.rules()?))])),
        ("validations", Value::Seq(validations)),
    ];
    let conditions = exporter.conditions(enforce.whose, &enforce.unless);
    if !conditions.is_empty() {
        spec.push(("matchConditions", Value::Seq(conditions)));
    }
    let variables = exporter.variables();
    if !variables.is_empty() {
        spec.push(("variables", Value::Seq(variables)));
    }
    let object = |kind: &str, spec: Value| {
        map([
            ("apiVersion", "admissionregistration.k8s.io/v1".into()),
            ("kind", kind.into()),
            ("metadata", metadata()),
            ("spec", spec),
        ])
    };
    let action = match enforce.admission {
        Admission::Deny => "Deny",
        Admission::Warn => "Warn",
        Admission::Audit => "Audit",
    };
    Ok(Policy {
        standard: standard.id.clone(),
        policy: object("ValidatingAdmissionPolicy", map(spec)),
        binding: object(
            "ValidatingAdmissionPolicyBinding",
            map([("policyName", name.as_str().into()), ("validationActions", Value::Seq(vec![action.into()]))]),
        ),
        left_out,
    })
}

fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>())
}

struct Exporter<'s> {
    standard: &'s Standard,
    organisation: &'s Organisation,
    facts: Facts<'s>,
}

impl Exporter<'_> {
    /// The resources that the policy watches, a rule per group.
    fn rules(&self) -> Result<Vec<Value>, ExportError> {
        let mut rules: Vec<(&str, KindScope, Vec<Value>)> = Vec::new();
        for kind in &self.standard.applies.kinds {
            let Some(facts) = kind_facts(&kind.group, &kind.kind) else {
                return Err(ExportError::UnknownKind { standard: self.standard.id.clone(), kind: kind.clone() });
            };
            let place = rules.iter().position(|(group, scope, _)| *group == facts.group && *scope == facts.scope);
            let place = place.unwrap_or_else(|| {
                rules.push((facts.group, facts.scope, Vec::new()));
                rules.len() - 1
            });
            rules[place].2.push(facts.plural.into());
            // `kubectl debug` adds a container by this subresource; the object is the Pod.
            let debugs = self
                .standard
                .checks
                .iter()
                .flat_map(|check| &check.each)
                .any(|each| each.steps.first() == Some(&EachStep::Key("ephemeralContainers".to_owned())));
            if facts.plural == "pods" && debugs {
                rules[place].2.push("pods/ephemeralcontainers".into());
            }
        }
        let list = |items: &[&str]| Value::Seq(items.iter().map(|item| (*item).into()).collect());
        let rule = |(group, scope, resources): (&str, KindScope, Vec<Value>)| {
            map([
                ("apiGroups", list(&[group])),
                ("apiVersions", list(&["*"])),
                ("operations", list(&["CREATE", "UPDATE"])),
                ("resources", Value::Seq(resources)),
                ("scope", if scope == KindScope::Cluster { "Cluster" } else { "Namespaced" }.into()),
            ])
        };
        Ok(rules.into_iter().map(rule).collect())
    }

    /// What requests the policy is for.
    fn conditions(&self, whose: In, unless: &[String]) -> Vec<Value> {
        let condition = |name: String, expression: String| {
            map([("name", name.as_str().into()), ("expression", expression.as_str().into())])
        };
        let mut conditions = Vec::new();
        let platform: Vec<String> = self.organisation.texts("platform.namespaces").into_iter().map(quoted).collect();
        let platform = format!("[{}]", platform.join(", "));
        match whose {
            In::All => {}
            In::Tenants => conditions.push(condition(
                "tenants".to_owned(),
                format!("has(request.namespace) && request.namespace != '' && !(request.namespace in {platform})"),
            )),
            In::Platform => conditions.push(condition(
                "platform".to_owned(),
                format!("!has(request.namespace) || request.namespace == '' || request.namespace in {platform}"),
            )),
        }
        for (at, expression) in unless.iter().enumerate() {
            conditions.push(condition(format!("unless-{at}"), format!("!({expression})")));
        }
        for exception in self.exceptions().filter(|exception| exception.fields.is_empty()) {
            conditions.push(condition(format!("except-{}", exception.name), format!("!({})", excepted(exception))));
        }
        conditions
    }

    fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.organisation
            .exceptions
            .iter()
            .filter(|exception| exception.standards.iter().any(|id| *id == self.standard.id))
    }

    /// `podTemplate` and `podSpec`, if the standard reads them.
    fn variables(&self) -> Vec<Value> {
        if !self.standard.checks.iter().any(Check::reads_pod_spec) {
            return Vec::new();
        }
        let mut paths: Vec<(String, Vec<&EcoString>)> = Vec::new();
        for kind in &self.standard.applies.kinds {
            let Some(path) = pod_template_path(&kind.group, &kind.kind) else { continue };
            let path: String = ["object"].iter().chain(path).copied().collect::<Vec<_>>().join(".");
            match paths.iter_mut().find(|(known, _)| *known == path) {
                Some((_, kinds)) => kinds.push(&kind.kind),
                None => paths.push((path, vec![&kind.kind])),
            }
        }
        // The path that most kinds have needs no condition.
        paths.sort_by_key(|(_, kinds)| kinds.len());
        let Some((rest, _)) = paths.pop() else { return Vec::new() };
        let template = paths.into_iter().fold(rest, |rest, (path, kinds)| {
            let kinds: Vec<String> = kinds.iter().map(|kind| quoted(kind)).collect();
            format!("object.kind in [{}] ? {path} : ({rest})", kinds.join(", "))
        });
        let variable = |name: &str, expression: &str| map([("name", name.into()), ("expression", expression.into())]);
        vec![variable("podTemplate", &template), variable("podSpec", "variables.podTemplate.spec")]
    }

    /// The validations that a check becomes: one for each of its paths.
    fn validations(&self, check: &Check, cel: &str) -> Result<Vec<Value>, ExportError> {
        let cel = translate(cel, &self.facts)?;
        let message = self.message(check)?;
        let mut guards = Vec::new();
        if !check.kinds.is_empty() {
            let kinds: Vec<String> = check.kinds.iter().map(|kind| quoted(kind)).collect();
            guards.push(format!("!(object.kind in [{}])", kinds.join(", ")));
        }
        if check.reads_pod_spec() {
            let kinds = &self.standard.applies.kinds;
            let without: Vec<String> = kinds
                .iter()
                .filter(|kind| pod_template_path(&kind.group, &kind.kind).is_none())
                .map(|kind| quoted(&kind.kind))
                .collect();
            if !without.is_empty() {
                guards.push(format!("object.kind in [{}]", without.join(", ")));
            }
            // A Rollout that borrows the pods of a Deployment has none of its own.
            if kinds.iter().any(|kind| kind.kind == "Rollout") {
                guards.push("(object.kind == 'Rollout' && has(object.spec.workloadRef))".to_owned());
            }
        }
        if let Some(condition) = &self.standard.applies.condition {
            guards.push(format!("!({})", translate(&condition.text, &self.facts)?));
        }
        let field = check.at.path.last_key();
        for exception in self.exceptions().filter(|exception| !exception.fields.is_empty()) {
            if exception.fields.iter().any(|name| Some(name.as_str()) == field) {
                guards.push(format!("({})", excepted(exception)));
            }
        }
        let with_guards = |expression: String| {
            let mut parts = guards.clone();
            parts.push(if parts.is_empty() { expression } else { format!("({expression})") });
            parts.join(" || ")
        };
        let validation = |expression: String, said: String| {
            map([
                ("expression", with_guards(expression).as_str().into()),
                ("message", self.static_message().as_str().into()),
                ("messageExpression", said.as_str().into()),
                ("reason", "Invalid".into()),
            ])
        };
        if check.each.is_empty() {
            return Ok(vec![validation(cel, message)]);
        }
        Ok(check
            .each
            .iter()
            .map(|each| {
                let root = if each.root == "podSpec" { "variables.podSpec" } else { &each.root };
                let nest = Nest { cel: &cel, message: &message, last: stars(each) };
                validation(nest.all(root, &each.steps, 1), nest.say(root, &each.steps, 1))
            })
            .collect())
    }

    /// What is said if the message itself cannot be evaluated.
    fn static_message(&self) -> String {
        format!("{}: {} (docs: {})", self.standard.id, self.standard.title, self.standard.fix)
    }

    fn message(&self, check: &Check) -> Result<String, ExportError> {
        let mut parts = vec![quoted(&format!("{}: ", self.standard.id))];
        for part in check.message.iter().flat_map(Message::parts) {
            parts.push(match part {
                Part::Text(text) => quoted(text),
                Part::Expression(program) => format!("string({})", translate(&program.text, &self.facts)?),
            });
        }
        parts.push(quoted(&format!(" (docs: {})", self.standard.fix)));
        Ok(parts.join(" + "))
    }
}

fn stars(each: &Each) -> usize {
    each.steps.iter().filter(|step| **step == EachStep::All).count()
}

/// `all()` within `all()`, down to the check.
struct Nest<'c> {
    cel: &'c str,
    message: &'c str,
    /// How many lists there are; the items of the last are `self`.
    last: usize,
}

impl Nest<'_> {
    fn variable(&self, depth: usize) -> String {
        if depth == self.last { "self".to_owned() } else { format!("outer{depth}") }
    }

    fn all(&self, base: &str, steps: &[EachStep], depth: usize) -> String {
        match steps.split_first() {
            None => self.cel.to_owned(),
            Some((EachStep::Key(key), rest)) => {
                let (has, there) = select(base, key);
                format!("!{has} || {}", self.all(&there, rest, depth))
            }
            Some((EachStep::All, rest)) => {
                let item = self.variable(depth);
                format!("{base}.all({item}, {})", self.all(&item, rest, depth + 1))
            }
        }
    }

    /// The message of the first part that is wrong.
    fn say(&self, base: &str, steps: &[EachStep], depth: usize) -> String {
        match steps.split_first() {
            None => self.message.to_owned(),
            Some((EachStep::Key(key), rest)) => self.say(&select(base, key).1, rest, depth),
            Some((EachStep::All, rest)) => {
                let item = self.variable(depth);
                let holds = self.all(&item, rest, depth + 1);
                let said = self.say(&item, rest, depth + 1);
                format!("{base}.filter({item}, !({holds})).map({item}, {said})[0]")
            }
        }
    }
}

/// How to ask for a key and how to reach it.
fn select(base: &str, key: &str) -> (String, String) {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !key.starts_with(|first: char| first.is_ascii_digit());
    if plain {
        return (format!("has({base}.{key})"), format!("{base}.{key}"));
    }
    (format!("({} in {base})", quoted(key)), format!("{base}[{}]", quoted(key)))
}

/// Whether an exception is for the object of a request, as CEL.
fn excepted(exception: &Exception) -> String {
    let any = |parts: Vec<String>| format!("({})", parts.join(" || "));
    let namespaces = exception.namespaces.iter().map(|pattern| match pattern.as_str() {
        "*" => "true".to_owned(),
        pattern => format!("(has(request.namespace) && request.namespace.matches({}))", quoted(&glob(pattern, ""))),
    });
    let named = |pattern: &str, after: &str| {
        let regex = quoted(&glob(pattern, after));
        format!(
            "((has(object.metadata.name) && object.metadata.name.matches({regex})) \
             || (has(object.metadata.generateName) && object.metadata.generateName.matches({regex})))"
        )
    };
    let workloads = exception.workloads.iter().map(|pattern| match pattern.split_once('/') {
        None if pattern == "*" => "true".to_owned(),
        None => named(pattern, ""),
        Some((kind, name)) => {
            let itself = format!("(object.kind.matches({}) && {})", quoted(&glob(kind, "")), named(name, ""));
            let made = format!("(object.kind in ['Pod', 'ReplicaSet'] && {})", named(name, "-.*"));
            format!("{itself} || {made}")
        }
    });
    format!("{} && {}", any(namespaces.collect()), any(workloads.collect()))
}

/// A pattern with `*` as a regular expression.
fn glob(pattern: &str, after: &str) -> String {
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    format!("^{}{after}$", parts.join(".*"))
}

#[cfg(test)]
mod tests;
