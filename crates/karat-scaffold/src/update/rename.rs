//! Renames: a file that is gone, and one like it that has come.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{File, Tree};

/// How much of the larger file must be in both, in per cent: git's measure.
const ALIKE: usize = 50;
/// The most pairs of files that are compared line by line, and the largest file.
const PAIRS: usize = 20_000;
const LARGEST: usize = 256 << 10;

/// Which file of `before` is which of `after`, where its path is gone from there. `is_new` says of a path that `before` has
/// not whether it counts as come.
pub(super) fn renames(before: &Tree, after: &Tree, is_new: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let gone: Vec<(&str, &File)> =
        before.files().filter(|(path, file)| after.get(path).is_none() && !file.bytes.is_empty()).collect();
    let mut names = BTreeMap::new();
    if gone.is_empty() {
        return names;
    }
    let come: Vec<(&str, &File)> = after
        .files()
        .filter(|(path, file)| before.get(path).is_none() && is_new(path) && !file.bytes.is_empty())
        .collect();
    let mut used = BTreeSet::new();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    // The same bytes first, of those the one of the same name.
    for (old, file) in &gone {
        let same = come.iter().filter(|(path, other)| other.bytes == file.bytes && !used.contains(path));
        if let Some((new, _)) = same.max_by_key(|(path, _)| (name(path) == name(old), std::cmp::Reverse(*path))) {
            used.insert(*new);
            names.insert((*old).to_owned(), (*new).to_owned());
        }
    }
    let mut pairs = Vec::new();
    let mut compared = 0;
    for (old, file) in gone.iter().filter(|(path, _)| !names.contains_key(*path)) {
        let Some(lines) = lines(file) else { continue };
        for (new, other) in come.iter().filter(|(path, _)| !used.contains(path)) {
            let larger = file.bytes.len().max(other.bytes.len());
            let smaller = file.bytes.len().min(other.bytes.len());
            if smaller * 100 < larger * ALIKE || compared == PAIRS {
                continue;
            }
            compared += 1;
            let share = shared(&lines, other) * 100 / larger;
            if share >= ALIKE {
                pairs.push((share, name(old) == name(new), *old, *new));
            }
        }
    }
    // The most alike first.
    pairs.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then(a.2.cmp(b.2)).then(a.3.cmp(b.3)));
    for (_, _, old, new) in pairs {
        if !names.contains_key(old) && used.insert(new) {
            names.insert(old.to_owned(), new.to_owned());
        }
    }
    names
}

/// How often each line is in a text.
fn lines(file: &File) -> Option<BTreeMap<&str, usize>> {
    let text = file.text().filter(|text| text.len() <= LARGEST)?;
    let mut lines = BTreeMap::new();
    for line in text.split_inclusive('\n') {
        *lines.entry(line).or_insert(0) += 1;
    }
    Some(lines)
}

/// How many bytes of lines both have.
fn shared(lines_of_one: &BTreeMap<&str, usize>, other: &File) -> usize {
    let Some(others) = lines(other) else { return 0 };
    others.iter().map(|(line, count)| line.len() * count.min(lines_of_one.get(line).unwrap_or(&0))).sum()
}
