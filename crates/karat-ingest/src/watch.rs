//! Hears of changed files from the system.

use std::path::Path;
use std::sync::mpsc;

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::engine::Message;

/// Folders in which nothing is that a catalog is made of: built, downloaded, or our own.
const OTHERS: [&str; 3] = [".karat", "target", "node_modules"];

/// Tells of every change below `root` that may be one of the catalog; `None` where the system cannot watch.
pub(crate) fn watch(root: &Path, engine: mpsc::Sender<Message>) -> Option<RecommendedWatcher> {
    let base = root.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Some(message) = message(&base, event) else { return };
        // Nobody listens any more when the catalog is closed.
        let _ = engine.send(message);
    })
    .ok()?;
    watcher.watch(root, RecursiveMode::Recursive).ok()?;
    Some(watcher)
}

fn message(root: &Path, event: notify::Result<notify::Event>) -> Option<Message> {
    let Ok(event) = event else { return Some(Message::Everything) };
    if event.need_rescan() {
        return Some(Message::Everything);
    }
    if matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_))) {
        return None;
    }
    let inner = event.paths.iter().filter_map(|path| path.strip_prefix(root).ok()?.to_str());
    let paths: Vec<String> = inner.map(|path| path.replace(std::path::MAIN_SEPARATOR, "/")).collect();
    let has = |path: &str, names: &[&str]| path.split('/').any(|part| names.contains(&part));
    // A commit: git writes a reference. Its objects are nothing by themselves.
    let is_reference = |path: &String| has(path, &[".git"]) && !has(path, &["objects", "logs"]);
    if paths.iter().any(is_reference) {
        return Some(Message::Commits);
    }
    let paths: Vec<String> =
        paths.into_iter().filter(|path| !path.is_empty() && !has(path, &OTHERS) && !has(path, &[".git"])).collect();
    (!paths.is_empty()).then_some(Message::Paths(paths))
}
