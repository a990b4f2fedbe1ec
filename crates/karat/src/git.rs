//! The `git` command, for what changes repositories: what is only read goes through `karat-git`.

use std::path::Path;
use std::process::Command;

use crate::error::CommandError;

/// Runs git in a folder, and gives what it printed.
///
/// # Errors
/// There is no git, or it failed: what it said.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Result<String, CommandError> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().map_err(|error| {
        CommandError::environment(format!("cannot run git: {error}")).hint("a repository's state is git's: install it")
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let shown: Vec<&str> = arguments.iter().copied().filter(|argument| !argument.starts_with('-')).collect();
    Err(CommandError::environment(format!("git {} in {}: {}", shown.join(" "), folder.display(), said.trim())))
}
