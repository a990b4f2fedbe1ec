//! Merges are `git merge-file`'s, byte for byte: on cases that are written out, and on many that are made up.

use karat_scaffold::{Labels, Style, merge};
use karat_testkit::Sandbox;

const LABELS: Labels<'static> = Labels { ours: "yours", base: "path 1.0.0", theirs: "path 1.1.0" };

/// What git makes of three texts.
fn git(sandbox: &Sandbox, texts: [&[u8]; 3], style: Style) -> (Vec<u8>, usize) {
    let [base, ours, theirs] = texts;
    for (name, text) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        sandbox.write(name, text);
    }
    let diff3: &[&str] = if style == Style::Diff3 { &["--diff3"] } else { &[] };
    let output = sandbox
        .command("git")
        .args(["merge-file", "-p", "-L", LABELS.ours, "-L", LABELS.base, "-L", LABELS.theirs])
        .args(diff3)
        .args(["ours", "base", "theirs"])
        .run();
    let code = output.code.unwrap();
    assert!((0..=127).contains(&code), "{}", output.stderr);
    (output.bytes, code as usize)
}

fn compare(sandbox: &Sandbox, texts: [&[u8]; 3]) -> Result<usize, String> {
    let mut conflicts = 0;
    for style in [Style::Merge, Style::Diff3] {
        let ours = merge(texts[0], texts[1], texts[2], LABELS, style);
        let theirs = git(sandbox, texts, style);
        if (&ours.bytes, ours.conflicts) != (&theirs.0, theirs.1) {
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Err(format!(
                "{style:?} of base {:?}, ours {:?}, theirs {:?}\n{}",
                shown(texts[0]),
                shown(texts[1]),
                shown(texts[2]),
                karat_testkit::diff::unified("git", &shown(&theirs.0), "karat", &shown(&ours.bytes))
            ));
        }
        conflicts += ours.conflicts;
    }
    Ok(conflicts)
}

#[test]
fn written_cases_are_gits() {
    let sandbox = Sandbox::new();
    for texts in [
        ["a\nb\nc\n", "a\nB\nc\n", "a\nb\nC\n"],
        ["a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n"],
        ["a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n"],
        ["a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n"],
        ["a\nb\nc\n", "a\nc\n", "a\nB\nc\n"],
        ["a\nb\nc\n", "", "a\nB\nc\n"],
        ["", "x\ny\n", "x\nz\n"],
        ["", "x\n", "y\n"],
        ["a", "b", "c"],
        ["a\n", "a\nb", "a\nc"],
        ["a\r\nb\r\nc\r\n", "a\r\nX\r\nc\r\n", "a\r\nY\r\nc\r\n"],
        ["a\r\nb\r\n", "a\nX\n", "a\r\nY\r\n"],
        ["1\n2\n3\n4\n5\n6\n7\n8\n", "1\nA\n3\n4\n5\nB\n7\n8\n", "1\nC\n3\n4\n5\nD\n7\n8\n"],
        ["1\n\n}\n\n}\n\n2\n", "A\n\n}\n\n}\n\nB\n", "C\n\n}\n\n}\n\nD\n"],
        ["1\n2\n3\n", "0\n1\n2\n3\n4\n", "0\n1\n2\n3\n5\n"],
        ["f\n", "a\nf\nb\n", "c\nf\nd\n"],
    ] {
        compare(&sandbox, texts.map(str::as_bytes)).unwrap_or_else(|difference| panic!("{difference}"));
    }
}

/// A text of few different lines, changed here and there.
struct Maker(u64);

impl Maker {
    fn below(&mut self, limit: u64) -> u64 {
        // A linear congruence is random enough to make texts.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn line(&mut self) -> String {
        const WORDS: [&str; 8] = ["let a = 1;", "}", "", "fn f() {", "    x", "// note", "b: 2", "---"];
        format!("{}\n", WORDS[self.below(8) as usize])
    }

    fn text(&mut self) -> Vec<String> {
        (0..3 + self.below(20)).map(|_| self.line()).collect()
    }

    fn changed(&mut self, lines: &[String]) -> Vec<String> {
        let mut lines = lines.to_vec();
        for _ in 0..1 + self.below(4) {
            let at = self.below(lines.len() as u64 + 1) as usize;
            match self.below(3) {
                0 => lines.insert(at, self.line()),
                1 if at < lines.len() => lines[at] = self.line(),
                _ if at < lines.len() => drop(lines.remove(at)),
                _ => {}
            }
        }
        lines
    }
}

/// All but a few: where equal lines stand beside each other, git may take another one of them for the new one.
#[test]
fn merges_of_chance_are_gits() {
    let sandbox = Sandbox::new();
    let mut maker = Maker(1);
    let mut conflicts = 0;
    let mut differ = Vec::new();
    for _ in 0..100 {
        let base = maker.text();
        let (ours, theirs) = (maker.changed(&base), maker.changed(&base));
        let texts = [base.concat(), ours.concat(), theirs.concat()];
        match compare(&sandbox, [texts[0].as_bytes(), texts[1].as_bytes(), texts[2].as_bytes()]) {
            Ok(count) => conflicts += count,
            Err(difference) => differ.push(difference),
        }
    }
    assert!(differ.len() <= 2, "{} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(conflicts > 30, "only {conflicts} conflicts");
}
