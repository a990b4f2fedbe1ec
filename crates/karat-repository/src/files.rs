//! The files of a repository: what git would not ignore, and nobody else wrote.

use std::path::Path;
use std::rc::Rc;

use gix_ignore::glob::pattern::Case;
use gix_ignore::search::Ignore;
use karat_source::{EntryKind, ReadError, World, join, split};

/// The most files and folders of one repository.
pub const FILES_LIMIT: usize = 200_000;

/// The files below `folder`, sorted, from the folder. Left out are `.git`, what a `.gitignore` in the repository ignores,
/// and what is built or fetched: a `target` of Cargo, `node_modules`, a `vendor` of Go. Links out of the world are given apart.
pub(crate) fn list(world: &dyn World, folder: &str) -> Result<(Vec<String>, Vec<ReadError>), ReadError> {
    let mut files = Vec::new();
    let mut escapes = Vec::new();
    let mut folders = vec![(String::new(), Rc::new(Vec::new()))];
    let mut visited = 0;
    while let Some((here, ignores)) = folders.pop() {
        let entries = world.list(&join(folder, &here))?;
        let has = |name: &str| entries.iter().any(|entry| entry.name == name && entry.kind == EntryKind::File);
        if is_built(split(&here).1, &has) {
            continue;
        }
        let ignores = if has(".gitignore") { deeper(world, folder, &here, &ignores)? } else { ignores };
        for entry in &entries {
            visited += 1;
            if visited > FILES_LIMIT {
                return Err(ReadError::TooMany { path: folder.to_owned(), limit: FILES_LIMIT });
            }
            let path = join(&here, &entry.name);
            let is_folder = entry.kind == EntryKind::Folder;
            if matches!(entry.name.as_str(), ".git" | ".karat" | "node_modules") || ignored(&ignores, &path, is_folder)
            {
                continue;
            }
            match entry.kind {
                EntryKind::File => files.push(path),
                EntryKind::Folder => folders.push((path, Rc::clone(&ignores))),
                EntryKind::Escape => escapes.push(ReadError::Escape { path: join(folder, &path) }),
                EntryKind::Special => {}
            }
        }
    }
    files.sort_unstable();
    Ok((files, escapes))
}

/// Whether a folder of that name is what Cargo built or Go fetched, by the file that they mark it with.
fn is_built(name: &str, has: &dyn Fn(&str) -> bool) -> bool {
    match name {
        "target" => has("CACHEDIR.TAG") || has(".rustc_info.json"),
        "vendor" => has("modules.txt"),
        _ => false,
    }
}

/// The rules of a folder and all above it, the nearest last.
type Ignores = Rc<Vec<Rc<gix_ignore::Search>>>;

fn deeper(world: &dyn World, folder: &str, here: &str, above: &Ignores) -> Result<Ignores, ReadError> {
    let file = join(here, ".gitignore");
    let bytes = world.read(&join(folder, &file))?;
    let mut rules = gix_ignore::Search::default();
    // The base of the rules is the file's folder from the root "/"; adding fails only for a file without a folder.
    let added = rules.add_patterns_buffer(&bytes, format!("/{file}"), Some(Path::new("/")), Ignore::default());
    let mut all = above.to_vec();
    if added.is_ok() {
        all.push(Rc::new(rules));
    }
    Ok(Rc::new(all))
}

fn ignored(ignores: &Ignores, path: &str, is_folder: bool) -> bool {
    // The nearest file that says anything decides.
    let mut said = ignores
        .iter()
        .rev()
        .filter_map(|rules| rules.pattern_matching_relative_path(path.into(), Some(is_folder), Case::Sensitive));
    said.next().is_some_and(|found| !found.pattern.is_negative())
}
