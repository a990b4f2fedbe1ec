//! `karat update`: what a golden path has learned, brought into a repository that it made.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fs_err as fs;
use karat_diag::count;
use karat_scaffold::{
    BASE_FILE, Data, File, Kind, LINEAGE_FILE, Labels, Lineage, Offline, Publication, Remotes, Step, Style, Terms,
    Tree, What,
};
use karat_source::{EntryKind, Folder, World, join};

use super::new::given;
use karat_workshop::{Edit, Found, Home};

use crate::error::{CommandError, EXIT_FINDINGS};
use crate::git;
use crate::output::Output;

/// Bring what its golden path has learned into a repository
#[derive(Args)]
#[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat update --check                              is there an update, has an owned file drifted? (exit code 1)
  karat update                                      merge the path's newest version into this repository
  karat update --set database=true                  with another answer
  karat update --adopt rust-service --set name=x    record a path for a repository that was made by hand

Changes of both sides are merged three ways; conflicts are marked as git marks them. Commit what you have first.")]
pub(crate) struct Update {
    /// The repository's folder
    #[arg(default_value = ".", hide_default_value = true)]
    dir: PathBuf,

    /// Only say what would change and what has drifted; exit code 1 if anything
    #[arg(long)]
    check: bool,

    /// A file of answers that differ from the recorded ones
    #[arg(short, long, value_name = "FILE")]
    answers: Option<String>,

    /// One such answer, as NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// The folder of the template, where its name finds another or none
    #[arg(short, long, value_name = "NAME")]
    template: Option<String>,

    /// Show the base in conflicts too, as `git merge-file --diff3` does
    #[arg(long)]
    diff3: bool,

    /// Go on although the work tree has changes that are not committed; say why
    #[arg(long, value_name = "REASON")]
    force: Option<String>,

    /// Record this path as the repository's, and change nothing else
    #[arg(long, value_name = "NAME", conflicts_with_all = ["check", "template"])]
    adopt: Option<String>,

    /// The organisation's folder; by default the one around the repository
    #[arg(long, value_name = "DIR")]
    organisation: Option<String>,
}

pub(crate) fn run(arguments: &Update, output: &Output) -> Result<ExitCode, CommandError> {
    let folder = Folder::open(&arguments.dir)?;
    let home = match &arguments.organisation {
        Some(path) => Some(Home::at(path)?),
        None => Home::around(&arguments.dir)?,
    };
    if let Some(name) = &arguments.adopt {
        return adopt(arguments, name, home.as_ref(), output);
    }
    let lineage = recorded(&folder, &arguments.dir)?;
    let base = karat_scaffold::unpack(&folder.read(BASE_FILE)?).map_err(|error| wrong(&arguments.dir, &error))?;
    let found = karat_workshop::named(arguments.template.as_deref().unwrap_or(&lineage.template), home.as_ref())?;
    let mut answers = karat_scaffold::carried_over(&found.template.pages, &lineage.answers);
    for (name, value) in given(arguments.answers.as_deref(), &arguments.set)?.entries() {
        answers.set(name, value.clone());
    }
    let (answers, theirs) = generated(&found, &answers, home.as_ref())?;
    let next = Lineage::new(&found.template, &answers, &theirs);
    let owns = next.owns().map_err(|error| wrong(&arguments.dir, &error))?;
    let ours = developers(&folder, &base, &theirs)?;
    if arguments.check {
        return check(arguments, &lineage, &next, [&base, &ours, &theirs], &owns, output);
    }
    let history = History::of(&arguments.dir, arguments.force.as_deref(), output)?;
    let label = |version: &str| format!("{} {version}", found.template.name);
    let (old, new) = (label(&lineage.version), label(&next.version));
    let terms = Terms {
        labels: Labels { ours: "yours", base: &old, theirs: &new },
        style: if arguments.diff3 { Style::Diff3 } else { Style::Merge },
        owns: &owns,
        kept: &|path| history.has(path),
    };
    let steps = karat_scaffold::update(&base, &ours, &theirs, terms);
    let mut edits = edits(&steps, &folder)?;
    edits.extend(records(&next, &theirs)?);
    karat_workshop::edit(&arguments.dir, &edits)?;
    if !output.quiet {
        let same = steps.is_empty() && lineage.version == next.version;
        let text = if same { format!("nothing to do: {new} is what is there\n") } else { shown(&steps, &old, &new) };
        output.bytes(text.as_bytes())?;
    }
    let conflicts = steps.iter().any(|step| step.what.is_conflict());
    Ok(if conflicts { ExitCode::from(EXIT_FINDINGS) } else { ExitCode::SUCCESS })
}

/// The record of the repository.
fn recorded(folder: &Folder, dir: &Path) -> Result<Lineage, CommandError> {
    if folder.kind(LINEAGE_FILE)?.is_none() {
        return Err(CommandError::input(format!(
            "{}: no golden path is recorded: there is no {LINEAGE_FILE}",
            dir.display()
        ))
        .hint("`karat new` records it; `karat update --adopt NAME` does it for a repository that was made by hand"));
    }
    Lineage::read(&folder.read(LINEAGE_FILE)?).map_err(|error| wrong(dir, &error))
}

fn wrong(dir: &Path, error: &karat_scaffold::Error) -> CommandError {
    let file = error.place().map_or_else(String::new, |place| format!("{}: ", dir.join(&place.file).display()));
    CommandError::input(format!("{file}{error}"))
}

/// What the path makes of the answers today, and the answers with their defaults. Changes to other repositories are not
/// an update's business, so what they need may be missing.
fn generated(found: &Found, answers: &Data, home: Option<&Home>) -> Result<(Data, Tree), CommandError> {
    let told = |error: &karat_scaffold::Error| {
        found.told(error).hint("`karat update --set NAME=VALUE` answers differently from what is recorded")
    };
    let answers = karat_scaffold::complete(&found.template.pages, answers).map_err(|error| told(&error))?;
    let remotes: &dyn Remotes = match home {
        Some(home) => home,
        None => &Offline,
    };
    let outcome = karat_scaffold::run_repository(found.world.as_ref(), &found.template, &answers, remotes)
        .map_err(|error| found.told(&error))?;
    let is_repository = |publication: &&Publication| matches!(publication.kind, Kind::Repository { .. });
    let mut repositories = outcome.publications.iter().filter(is_repository);
    let tree = match (repositories.next(), repositories.next()) {
        (Some(one), None) => one.tree.clone(),
        (None, _) if outcome.publications.is_empty() => outcome.workspace,
        _ => return Err(CommandError::input(format!("`{}` does not make one repository", found.template.name))),
    };
    Ok((answers, tree))
}

/// The developer's files: all that the path has made or makes, and the others as far as one of them may be a renamed one.
fn developers(folder: &Folder, base: &Tree, theirs: &Tree) -> Result<Tree, CommandError> {
    /// Folders that hold nothing of a developer's.
    const SKIPPED: [&str; 5] = [".git", ".karat", "node_modules", "target", "vendor"];
    /// The largest file that may be a renamed one.
    const LARGEST: u64 = 256 << 10;
    let mut tree = Tree::default();
    let read = |path: &str| -> Result<File, CommandError> {
        Ok(File { bytes: folder.read(path)?.into(), executable: folder.executable(path)? })
    };
    let known: BTreeSet<&str> = base.files().chain(theirs.files()).map(|(path, _)| path).collect();
    for path in &known {
        if is_file(folder, path)? {
            tree.insert(path, read(path)?).map_err(CommandError::input)?;
        }
    }
    // Nothing is gone, so nothing was renamed.
    if base.files().all(|(path, _)| tree.get(path).is_some()) {
        return Ok(tree);
    }
    let mut open = vec![String::new()];
    while let Some(inner) = open.pop() {
        for entry in folder.list(&inner)? {
            let path = join(&inner, &entry.name);
            let disk = folder.root().join(&path);
            let passed_over = SKIPPED.contains(&entry.name.as_str()) || disk.is_symlink();
            match entry.kind {
                EntryKind::Folder if !passed_over => open.push(path),
                EntryKind::File if !passed_over && !known.contains(path.as_str()) => {
                    let own = [LINEAGE_FILE, BASE_FILE].contains(&path.as_str());
                    // A repository may hold what a tree does not: renames are sought among what fits.
                    if !own && fs::metadata(&disk)?.len() <= LARGEST && tree.insert(&path, read(&path)?).is_err() {
                        return Ok(tree);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(tree)
}

/// Whether a regular file is at `path`, reached without a link.
fn is_file(folder: &Folder, path: &str) -> Result<bool, CommandError> {
    let mut place = folder.root().to_owned();
    for part in path.split('/') {
        place.push(part);
        if place.is_symlink() {
            return Ok(false);
        }
    }
    Ok(folder.kind(path)? == Some(EntryKind::File))
}

/// The edits of all steps.
fn edits(steps: &[Step], folder: &Folder) -> Result<Vec<(String, Edit)>, CommandError> {
    let mut edits: Vec<(String, Edit)> = Vec::new();
    for step in steps {
        if let Some(file) = &step.write {
            edits.push((step.path.clone(), Edit::Write(file.clone())));
        }
        if step.what == What::Deleted {
            edits.push((step.from.clone().unwrap_or_else(|| step.path.clone()), Edit::Delete));
        } else if let Some(from) = &step.from {
            edits.push((from.clone(), Edit::Delete));
        }
        if let Some((path, file)) = &step.beside {
            if folder.kind(path)?.is_some() {
                return Err(CommandError::input(format!("{path} is in the way: it is from an update before"))
                    .hint("take from it what you need and remove it"));
            }
            edits.push((path.clone(), Edit::Write(file.clone())));
        }
    }
    Ok(edits)
}

/// The two files that remember.
fn records(lineage: &Lineage, tree: &Tree) -> Result<[(String, Edit); 2], CommandError> {
    let base = karat_scaffold::pack(tree)?;
    Ok([
        (LINEAGE_FILE.to_owned(), Edit::Write(File::new(lineage.to_yaml().into_bytes()))),
        (BASE_FILE.to_owned(), Edit::Write(File::new(base))),
    ])
}

fn check(
    arguments: &Update,
    lineage: &Lineage,
    next: &Lineage,
    [base, ours, theirs]: [&Tree; 3],
    owns: &dyn Fn(&str) -> bool,
    output: &Output,
) -> Result<ExitCode, CommandError> {
    let available = karat_scaffold::differences(base, theirs);
    let drifted: Vec<(char, &str)> =
        karat_scaffold::differences(base, ours).into_iter().filter(|(sign, path)| *sign != '+' && owns(path)).collect();
    let dir = arguments.dir.display();
    let mut text = String::new();
    if !available.is_empty() {
        let what = if lineage.version == next.version {
            format!("{} {} makes other files than it made", lineage.template, lineage.version)
        } else {
            format!("{} {} is here, this is {}", lineage.template, next.version, lineage.version)
        };
        let _ = writeln!(text, "{dir}: {what}: {}", count(available.len(), "file"));
        for (sign, path) in &available {
            let _ = writeln!(text, "  {sign} {path}");
        }
    }
    if !drifted.is_empty() {
        let verb = if drifted.len() == 1 { "has" } else { "have" };
        let _ = writeln!(text, "{dir}: {} that the path owns {verb} drifted", count(drifted.len(), "file"));
        for (sign, path) in &drifted {
            let _ = writeln!(text, "  {sign} {path}");
        }
    }
    let fine = text.is_empty() && lineage.version == next.version;
    if fine {
        let _ = writeln!(text, "{dir}: {} {}, up to date, no drift", lineage.template, lineage.version);
    } else {
        let _ = writeln!(text, "`karat update` brings it up to date");
    }
    if !output.quiet || !fine {
        output.bytes(text.as_bytes())?;
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FINDINGS) })
}

/// Records a path for a repository that was made by hand.
fn adopt(arguments: &Update, name: &str, home: Option<&Home>, output: &Output) -> Result<ExitCode, CommandError> {
    let found = karat_workshop::named(name, home)?;
    let answers = given(arguments.answers.as_deref(), &arguments.set)?;
    let (answers, tree) = generated(&found, &answers, home)?;
    let lineage = Lineage::new(&found.template, &answers, &tree);
    karat_workshop::edit(&arguments.dir, &records(&lineage, &tree)?)?;
    if !output.quiet {
        let text = format!("{} walks {} {} now\n", arguments.dir.display(), lineage.template, lineage.version);
        output.bytes(text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(steps: &[Step], old: &str, new: &str) -> String {
    let mut text = format!("{old} -> {new}: {}\n", count(steps.len(), "file"));
    for step in steps {
        let sign = match step.what {
            What::Added => "+",
            What::Deleted => "-",
            What::Conflict | What::BinaryConflict => "!",
            What::KeptDeleted | What::KeptDropped => "=",
            _ => "~",
        };
        let from = step.from.as_ref().map_or_else(String::new, |from| format!(", from {from}"));
        let what = match step.what {
            What::Added | What::Changed | What::Deleted => "",
            What::Merged => " (merged with yours)",
            What::Renamed => " (moved)",
            What::Restored => " (the path owns it: restored)",
            What::Conflict => " (conflict: both changed the same lines)",
            What::BinaryConflict => " (conflict: not text; the path's is beside it as .theirs)",
            What::KeptDeleted => " (you deleted it, the path changed it: it stays deleted)",
            What::KeptDropped => " (you changed it, the path has it no longer: it stays)",
        };
        let beside = step.beside.as_ref().filter(|_| step.what == What::Restored);
        let beside = beside.map_or_else(String::new, |(path, _)| format!("; yours is {path}"));
        let _ = writeln!(text, "  {sign} {}{from}{what}{beside}", step.path);
    }
    let conflicts = steps.iter().filter(|step| step.what.is_conflict()).count();
    if conflicts > 0 {
        let _ = writeln!(text, "{} to resolve: look for <<<<<<<, then commit", count(conflicts, "conflict"));
    }
    text
}

/// What git has of the developer's files.
enum History {
    /// Everything that is tracked is committed.
    Committed(BTreeSet<String>),
    /// No git, or work that is not committed.
    Nothing,
}

impl History {
    /// Asks git.
    ///
    /// # Errors
    /// Changes that are not committed, unless `force` says why they may be there.
    fn of(dir: &Path, force: Option<&str>, output: &Output) -> Result<Self, CommandError> {
        let root = fs::canonicalize(dir)?;
        if !root.ancestors().any(|folder| folder.join(".git").exists()) {
            return Ok(Self::Nothing);
        }
        let changed = git::run(&root, &["status", "--porcelain", "--untracked-files=no", "-z", "--", "."])?;
        if !changed.is_empty() {
            let files = changed.split('\0').filter(|line| !line.is_empty()).count();
            let Some(reason) = force.map(str::trim).filter(|reason| !reason.is_empty()) else {
                return Err(CommandError::input(format!(
                    "{}: {} not committed",
                    dir.display(),
                    count(files, "change")
                ))
                .hint("commit or stash first, so that you can go back; `--force REASON` goes on all the same"));
            };
            output.say(&format!("goes on with {} not committed: {reason}\n", count(files, "change")));
            return Ok(Self::Nothing);
        }
        let tracked = git::run(&root, &["ls-files", "-z", "--", "."])?;
        Ok(Self::Committed(tracked.split('\0').map(str::to_owned).collect()))
    }

    fn has(&self, path: &str) -> bool {
        matches!(self, Self::Committed(paths) if paths.contains(path))
    }
}
