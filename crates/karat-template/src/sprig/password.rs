//! `derivePassword`: the Master Password algorithm.

/// The kinds of password, with a text of the shape of one.
const KINDS: [(&[u8], &str); 6] = [
    (b"maximum", "placeholder-12345678"),
    (b"long", "Placeholder12-"),
    (b"medium", "Placeho1"),
    (b"short", "Pla1"),
    (b"basic", "place1ho"),
    (b"pin", "0000"),
];

/// A text of the shape of a password of the kind.
pub(super) fn placeholder(kind: &[u8]) -> Vec<u8> {
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, text)) => text.as_bytes().to_vec(),
        None => [b"cannot find password template ", kind].concat(),
    }
}
