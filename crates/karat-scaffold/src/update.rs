//! Updates: what a path has learned, brought into a repository that it made earlier.
//!
//! Three trees meet: the *base* (what the path generated last), *ours* (what the developer made of it) and *theirs* (what
//! the path generates today). File by file the result is git's: a side that changed nothing takes the other's, changes on
//! both sides are merged, disagreements are marked, renames of either side are followed. Files that the path owns are as
//! the path has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::merge::{Labels, Style, merge};
use crate::tree::{File, Tree};

mod rename;

/// What an update does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the file is in the end.
    pub path: String,
    /// Where it was in the developer's tree, if that is elsewhere.
    pub from: Option<String>,
    /// What happens.
    pub what: What,
    /// What is written at `path`; `None` leaves or takes away what is there, as [`What`] says.
    pub write: Option<File>,
    /// What is written beside it, so that nothing is lost: the path, and the file.
    pub beside: Option<(String, File)>,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The path brings a new file.
    Added,
    /// The path's change is taken over.
    Changed,
    /// The path's change and the developer's are merged.
    Merged,
    /// The path makes the file no longer, and the developer had not touched it.
    Deleted,
    /// The file moves with the path.
    Renamed,
    /// The path owns it, so it is again as the path has it.
    Restored,
    /// Both changed the same lines: there are markers in the file.
    Conflict,
    /// Both changed a file that is no text: the developer's stays, the path's is put beside it.
    BinaryConflict,
    /// The developer has deleted it, and the path has changed it: it stays deleted.
    KeptDeleted,
    /// The developer has changed it, and the path makes it no longer: it stays.
    KeptDropped,
}

impl What {
    /// Whether a person has to look at it.
    pub fn is_conflict(self) -> bool {
        matches!(self, Self::Conflict | Self::BinaryConflict)
    }
}

/// How an update goes about it.
#[derive(Clone, Copy)]
pub struct Terms<'t> {
    /// What the sides are called at conflict markers.
    pub labels: Labels<'t>,
    /// How conflicts are shown.
    pub style: Style,
    /// Whether the path owns a file.
    pub owns: &'t dyn Fn(&str) -> bool,
    /// Whether the developer's version of a file is kept elsewhere (git's history has it); if not, a copy is put beside.
    pub kept: &'t dyn Fn(&str) -> bool,
}

/// Plans an update. Files of `ours` that the path never made are looked at for renames only.
pub fn update(base: &Tree, ours: &Tree, theirs: &Tree, terms: Terms<'_>) -> Vec<Step> {
    let our_names = rename::renames(base, ours, |path| theirs.get(path).is_none());
    let their_names = rename::renames(base, theirs, |_| true);
    let mut steps = Vec::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    for (path, was) in base.files() {
        let our_path = our_names.get(path).map_or(path, String::as_str);
        let their_path = their_names.get(path).map_or(path, String::as_str);
        taken.insert(their_path);
        let (our, their) = (ours.get(our_path), theirs.get(their_path));
        // A file that the path moves goes along, unless the developer has moved it, or has something else there.
        let moves = their.is_some()
            && our.is_some()
            && their_path != path
            && our_path == path
            && ours.get(their_path).is_none_or(|there| Some(there) == their);
        let target = if moves { their_path } else { our_path };
        if let Some(step) = one(target, Some(was), our, their, terms) {
            steps.push(Step { from: (target != our_path).then(|| our_path.to_owned()), ..step });
        } else if moves {
            let step = Step {
                path: target.into(),
                from: Some(our_path.into()),
                what: What::Renamed,
                write: our.cloned(),
                beside: None,
            };
            steps.push(step);
        }
    }
    for (path, their) in theirs.files().filter(|(path, _)| !taken.contains(path)) {
        steps.extend(one(path, None, ours.get(path), Some(their), terms));
    }
    steps.sort_by(|a, b| a.path.cmp(&b.path));
    steps
}

/// What becomes of one file; `None` if it stays as it is.
fn one(path: &str, base: Option<&File>, ours: Option<&File>, theirs: Option<&File>, terms: Terms<'_>) -> Option<Step> {
    let step = |what: What, write: Option<&File>| {
        Some(Step { path: path.to_owned(), from: None, what, write: write.cloned(), beside: None })
    };
    if (terms.owns)(path)
        && let Some(their) = theirs
    {
        return match ours {
            Some(our) if our == their => None,
            Some(our) if base == Some(our) => step(What::Changed, theirs),
            None if base.is_none() => step(What::Added, theirs),
            None => step(What::Restored, theirs),
            Some(our) => {
                let beside = (!(terms.kept)(path)).then(|| (format!("{path}.yours"), our.clone()));
                step(What::Restored, theirs).map(|step| Step { beside, ..step })
            }
        };
    }
    if theirs == base || ours == theirs {
        return None;
    }
    match (ours, theirs) {
        (None, None) => None,
        (None, Some(_)) if base.is_none() => step(What::Added, theirs),
        (None, Some(_)) => step(What::KeptDeleted, None),
        (Some(our), None) if base == Some(our) => step(What::Deleted, None),
        (Some(_), None) => step(What::KeptDropped, None),
        (Some(our), Some(_)) if base == Some(our) => step(What::Changed, theirs),
        (Some(our), Some(their)) => Some(merged(path, base, our, their, terms)),
    }
}

/// Both sides have it, and it is neither the base's nor alike.
fn merged(path: &str, base: Option<&File>, our: &File, their: &File, terms: Terms<'_>) -> Step {
    let executable = match base {
        Some(base) if our.executable == base.executable => their.executable,
        Some(_) => our.executable,
        None => our.executable || their.executable,
    };
    let step = |what: What, bytes: &[u8], beside: Option<(String, File)>| {
        let write = File { bytes: bytes.into(), executable };
        let write = (write != *our).then_some(write);
        Step { path: path.to_owned(), from: None, what, write, beside }
    };
    let was = base.map_or(&[][..], |base| &base.bytes);
    if *our.bytes == *their.bytes || *their.bytes == *was && base.is_some() {
        return step(What::Merged, &our.bytes, None);
    }
    if *our.bytes == *was && base.is_some() {
        return step(What::Merged, &their.bytes, None);
    }
    let text = [Some(our), Some(their), base].into_iter().flatten().all(|file| file.text().is_some());
    if !text {
        return step(What::BinaryConflict, &our.bytes, Some((format!("{path}.theirs"), their.clone())));
    }
    let merged = merge(was, &our.bytes, &their.bytes, terms.labels, terms.style);
    step(if merged.conflicts > 0 { What::Conflict } else { What::Merged }, &merged.bytes, None)
}

/// How a tree differs from the one before: paths and `+`, `~` or `-`.
pub fn differences<'t>(before: &'t Tree, after: &'t Tree) -> Vec<(char, &'t str)> {
    let mut signs: BTreeMap<&str, char> = BTreeMap::new();
    for (path, file) in before.files() {
        match after.get(path) {
            None => signs.insert(path, '-'),
            Some(other) if other != file => signs.insert(path, '~'),
            Some(_) => None,
        };
    }
    let added = after.files().map(|(path, _)| path).filter(|path| before.get(path).is_none());
    signs.extend(added.map(|path| (path, '+')));
    signs.into_iter().map(|(path, sign)| (sign, path)).collect()
}
