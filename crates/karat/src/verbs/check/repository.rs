//! `karat check` on one repository: what it holds is judged, by the settings of the organisation around it if there is one.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use karat_diag::{Diagnostic, Report, Severity, count};
use karat_fleet::ORGANISATION_FILE;
use karat_source::{Folder, World};
use karat_standards::{Scope, Standards, WaiverProblemKind};
use karat_verdict::{Files, finding, problem, waiver};

use super::{Check, finish, karats, rules, summary};
use crate::error::CommandError;
use crate::organisation;
use crate::output::{Clock, Output};
use crate::verbs::standards::builtin;

pub(super) fn run(arguments: &Check, folder: Folder, clock: &Clock, output: &Output) -> Result<ExitCode, CommandError> {
    let progress = output.progress("reading the repository");
    let around = Around::of(folder.root())?;
    let standards = match &around {
        Some(around) => karat_verdict::standards(&around.organisation).map_err(CommandError::diagnostics)?,
        None => builtin()?,
    };
    let Named { name, role } = named(around.as_ref(), folder.root(), &arguments.path)?;
    let world: Arc<dyn World> = Arc::new(folder);
    let files = Files::new(Arc::clone(&world), &arguments.path);
    let (subject, unread) = karat_standards::repository_subject(&world, &name, &role);
    let (mut decided, wrong) = karat_standards::decided(around.as_ref().map(|around| &around.organisation.world));
    let holds = subject.repositories.first().map(|repository| holds(&repository.facts)).unwrap_or_default();
    if holds.is_empty() && unread.is_empty() {
        let message = format!("{}: neither an organisation nor a repository that standards know", arguments.path);
        return Err(CommandError::input(message).hint(format!(
            "an organisation holds {ORGANISATION_FILE}; of a repository Go modules, Rust workspaces, workflows, Dockerfiles, migrations \
             and charts are judged"
        )));
    }
    // What others are waived is nothing of this repository's, and what is unused here may be used by what runs of it.
    decided.waivers.retain(|waiver| [&waiver.on.repository, &waiver.on.application].contains(&&Some(name.clone())));
    progress.phase("judging");
    let today = arguments.today.unwrap_or_else(crate::output::today);
    let verdict = karat_standards::judge(&standards, &decided, &subject, today);

    let mut diagnostics: Vec<Diagnostic> = unread.iter().map(|error| files.locate(problem(error))).collect();
    let mut of_organisation: Vec<Diagnostic> = wrong.iter().map(problem).collect();
    let expired = verdict.waivers.iter().filter(|one| one.kind != WaiverProblemKind::Unused);
    of_organisation.extend(expired.map(waiver));
    if let Some(around) = &around {
        diagnostics.extend(of_organisation.into_iter().map(|diagnostic| around.organisation.locate(diagnostic)));
    }
    let broken =
        !wrong.is_empty() || diagnostics.iter().any(|one| one.severity == Severity::Error && one.code.is_none());
    diagnostics.extend(verdict.findings.iter().map(|found| files.locate(finding(found, None))));
    let mut report = Report { rules: rules(&standards, &verdict.findings), diagnostics, ..Report::default() };
    report.summary = summary(&report, &format!("repository {name} ({})", holds.join(", ")), clock.elapsed());
    report.footer = vec![scope(&standards, around.as_ref())];
    report.footer.extend(karats(&verdict.scores, output.width()));
    drop(progress);
    finish(arguments, report, broken, verdict.fails(arguments.strict), &files, output)
}

/// The organisation around a repository.
struct Around {
    organisation: Files,
    /// The organisation's own name.
    name: String,
    root: std::path::PathBuf,
    repositories: Vec<karat_fleet::Repository>,
}

impl Around {
    fn of(folder: &Path) -> Result<Option<Self>, CommandError> {
        let Some(root) = folder.ancestors().find(|above| above.join(ORGANISATION_FILE).is_file()) else {
            return Ok(None);
        };
        let organisation = organisation::folder(&root.to_string_lossy())?;
        let loaded = karat_fleet::Organisation::load(organisation.world.as_ref(), &mut Vec::new())
            .map_err(|problem| CommandError::diagnostics(vec![organisation.locate(*problem)]))?;
        let (name, repositories) = (loaded.name.to_string(), loaded.repositories);
        Ok(Some(Self { organisation, name, root: root.to_owned(), repositories }))
    }
}

/// What the organisation calls a repository.
struct Named {
    name: String,
    role: String,
}

/// What the repository in `folder` is called; one that no organisation knows is one of a service, called like its folder.
fn named(around: Option<&Around>, folder: &Path, path: &str) -> Result<Named, CommandError> {
    let own = || Named {
        name: folder.file_name().map_or_else(|| "repository".to_owned(), |name| name.to_string_lossy().into_owned()),
        role: "app".to_owned(),
    };
    let Some(around) = around else { return Ok(own()) };
    for repository in &around.repositories {
        let root = around.root.join(repository.folder.as_str());
        if root == folder {
            return Ok(Named { name: repository.name.to_string(), role: repository.role.to_string() });
        }
        if let Ok(inner) = folder.strip_prefix(&root) {
            let given = path.trim_end_matches('/');
            let outer = given.strip_suffix(&*inner.to_string_lossy()).map(|outer| outer.trim_end_matches('/'));
            let outer = outer.map_or_else(|| root.display().to_string(), str::to_owned);
            let message =
                format!("{path}: a folder within repository `{}`, which is judged as a whole", repository.name);
            return Err(CommandError::input(message).hint(format!("karat check {outer}")));
        }
    }
    Ok(own())
}

/// What there is to judge.
fn holds(facts: &karat_repository::Repository) -> Vec<String> {
    [
        (facts.go.len(), "Go module"),
        (facts.rust.len(), "Rust workspace"),
        (facts.workflows.len(), "workflow"),
        (facts.dockerfiles.len(), "Dockerfile"),
        (facts.migrations.len(), "migration"),
        (facts.templates.len(), "golden path"),
        (facts.entities.len(), "catalog entry"),
        (usize::from(facts.has("chart/Chart.yaml")), "chart"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, noun)| count(number, noun))
    .collect()
}

/// What was judged by whose settings, and what was not.
fn scope(standards: &Standards, around: Option<&Around>) -> String {
    let judged = standards.all().iter().filter(|one| one.looks_at(Scope::Repository)).count();
    let others = standards.all().len() - judged;
    let by = around.map_or_else(
        || "Karat's own settings, for there is no organisation around it".to_owned(),
        |around| format!("the settings of {}", around.name),
    );
    let rest = around.map_or(
        "what runs of it, its organisation shows",
        |_| "what runs of it, `karat check` on the organisation shows",
    );
    format!(
        "{} by {by}; not judged are {others} about manifests, clusters and config: {rest}",
        count(judged, "standard")
    )
}
