//! Slash-separated paths. Charts are rendered as on Linux, where file paths are the same.

use crate::Builtin;
use crate::Type::String as Text;

use super::args::{boolean, fixed, string, text};

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("base", &[Text], |_, a| string(base(text(a, 0)))),
    fixed("osBase", &[Text], |_, a| string(base(text(a, 0)))),
    fixed("dir", &[Text], |_, a| string(dir(text(a, 0)))),
    fixed("osDir", &[Text], |_, a| string(dir(text(a, 0)))),
    fixed("clean", &[Text], |_, a| string(clean(text(a, 0)))),
    fixed("osClean", &[Text], |_, a| string(clean(text(a, 0)))),
    fixed("ext", &[Text], |_, a| string(ext(text(a, 0)))),
    fixed("osExt", &[Text], |_, a| string(ext(text(a, 0)))),
    fixed("isAbs", &[Text], |_, a| boolean(text(a, 0).starts_with(b"/"))),
    fixed("osIsAbs", &[Text], |_, a| boolean(text(a, 0).starts_with(b"/"))),
];

/// The last element; `.` for an empty path, `/` for one of slashes only.
fn base(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    match &path[..end] {
        [] if path.is_empty() => b".",
        [] => b"/",
        trimmed => trimmed.rsplit(|byte| *byte == b'/').next().unwrap_or(trimmed),
    }
}

/// All but the last element, cleaned.
fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1)])
}

/// The shortest path that means the same.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut elements: Vec<&[u8]> = Vec::new();
    for element in path.split(|byte| *byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." if elements.last().is_some_and(|last| *last != b"..") => {
                elements.pop();
            }
            b".." if rooted => {}
            element => elements.push(element),
        }
    }
    let root: &[u8] = if rooted { b"/" } else { b"" };
    match elements.as_slice() {
        [] if !rooted => b".".to_vec(),
        elements => [root, &elements.join(&b'/')].concat(),
    }
}

/// The last element's suffix from its last dot on, dot included.
fn ext(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| matches!(byte, b'.' | b'/')) {
        Some(at) if path[at] == b'.' => &path[at..],
        _ => b"",
    }
}
