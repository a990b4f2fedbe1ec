//! Publishing to git remotes: a new repository's branch, and each change as a branch of its own.

use std::path::Path;

use fs_err as fs;
use karat_scaffold::{Kind, Publication};
use karat_source::join;
use karat_workshop::Edit;

use crate::error::CommandError;
use crate::git;

/// Makes a repository of a new folder, with one commit, and pushes it.
pub(crate) fn repository(folder: &Path, publication: &Publication, message: &str) -> Result<(), CommandError> {
    let Kind::Repository { branch } = &publication.kind else { return Ok(()) };
    let branch = name(branch, publication)?;
    git::run(folder, &["init", "--quiet", &format!("--initial-branch={branch}")])?;
    git::run(folder, &["add", "--all"])?;
    git::run(folder, &["commit", "--quiet", "--message", message])?;
    git::run(folder, &["remote", "add", "origin", &publication.repository.remote()])?;
    git::run(folder, &["push", "--quiet", "--set-upstream", "origin", branch])?;
    Ok(())
}

/// Pushes a change to a repository that is not here: a branch with one commit, in a clone that goes away again.
pub(crate) fn change(publication: &Publication) -> Result<(), CommandError> {
    let Kind::Change { folder, branch, title, description, deleted } = &publication.kind else { return Ok(()) };
    let branch = name(branch, publication)?;
    let clone = Checkout::of(&publication.repository.remote())?;
    let files = publication.tree.files().map(|(path, file)| (join(folder, path), Edit::Write(file.clone())));
    let gone = deleted.iter().filter(|path| clone.0.join(path).is_file()).map(|path| (path.clone(), Edit::Delete));
    let edits: Vec<(String, Edit)> = files.chain(gone).collect();
    git::run(&clone.0, &["switch", "--quiet", "--create", branch])?;
    karat_workshop::edit(&clone.0, &edits)?;
    git::run(&clone.0, &["add", "--all"])?;
    git::run(&clone.0, &["commit", "--quiet", "--message", title, "--message", description])?;
    git::run(&clone.0, &["push", "--quiet", "--set-upstream", "origin", branch])?;
    Ok(())
}

/// The name of a branch, which git must not take for an option.
fn name<'b>(branch: &'b str, publication: &Publication) -> Result<&'b str, CommandError> {
    if branch.is_empty() || branch.starts_with('-') {
        return Err(CommandError::input(format!("step `{}`: `{branch}` is no name of a branch", publication.step)));
    }
    Ok(branch)
}

/// A clone that is removed when dropped.
struct Checkout(std::path::PathBuf);

impl Checkout {
    fn of(remote: &str) -> Result<Self, CommandError> {
        let folder = std::env::temp_dir().join(format!("karat-clone-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let clone = Self(folder);
        git::run(&clone.0, &["clone", "--quiet", "--depth", "1", remote, "."])?;
        Ok(clone)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // In the folder for things that may be left behind.
        let _ = fs::remove_dir_all(&self.0);
    }
}
