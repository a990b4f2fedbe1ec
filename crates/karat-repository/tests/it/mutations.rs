//! Files of the organisation that ships with Karat, damaged: none of them is too much for a reader, and no place is outside its file.

use std::path::Path;

use karat_repository::Repository;
use karat_source::{Folder, Memory, World, walk};

/// A sequence that looks random, the same each time (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}

/// What readers stumble over.
const STONES: &[&str] = &[
    "\"", "'", "`", "(", "}", "[", "*/", "/*", "//", "#", "$", "${", "--", "\\", "\n", "\r\n", "\t", "ü", "🦀", "\0",
    ":", "&a", "*a", "|", "=", "@", "<<EOF", ";", ",", "::", ".", "use ", "r#\"", "b'", "E'",
];

/// The text with some characters replaced by stones, or cut off.
fn damaged(text: &str, dice: &mut Dice) -> String {
    let mut text: Vec<char> = text.chars().take(4096).collect();
    for _ in 0..=dice.below(4) {
        let at = dice.below(text.len());
        let end = at + dice.below(text.len().saturating_sub(at).min(40));
        text.splice(at..end, STONES[dice.below(STONES.len())].chars());
    }
    if dice.below(4) == 0 {
        text.truncate(dice.below(text.len()));
    }
    text.into_iter().collect()
}

#[test]
fn damaged_files_are_read_or_refused() {
    let folder = Folder::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../myhealth")).unwrap();
    let paths = walk(&folder, "").unwrap();
    let mut texts: Vec<(String, String)> = Vec::new();
    for path in paths {
        // Services are what a repository is made of; charts and the rest are nothing to these readers.
        let wanted = [
            ".go",
            ".rs",
            ".sql",
            ".sh",
            "go.mod",
            "Cargo.toml",
            "Dockerfile",
            "CODEOWNERS",
            "catalog-info.yaml",
            ".gitignore",
        ];
        if wanted.iter().any(|ending| path.ends_with(ending))
            || path.contains("/workflows/")
            || path.ends_with("lineage.yaml")
        {
            let text = String::from_utf8(folder.read(&path).unwrap()).unwrap();
            // As in a repository's own folder.
            let place =
                path.splitn(3, '/').nth(if path.starts_with("apps/") { 2 } else { 1 }).unwrap_or(&path).to_owned();
            texts.push((place, text));
        }
    }
    assert!(texts.len() > 150, "{}", texts.len());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..8 {
        let world: Memory =
            texts.iter().map(|(path, text)| (path.clone(), damaged(text, &mut dice).into_bytes())).collect();
        let repository = Repository::read(&world, "").unwrap();
        let _ = repository.fact("a", "app").value();
        let places = repository.problems.iter().map(|problem| &problem.place);
        for place in places.chain(repository.secrets.iter().map(|secret| &secret.place)) {
            let text = String::from_utf8(world.read(&place.file).unwrap()).unwrap();
            // A YAML file that ends within a line ends on the next, as for libyaml.
            let lines = text.split('\n').count() + usize::from(place.file.ends_with(".yaml"));
            assert!((place.line as usize) <= lines, "{place:?} of {lines} lines");
        }
    }
}
