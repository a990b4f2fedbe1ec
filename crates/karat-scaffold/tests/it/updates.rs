//! Three trees give steps. A case is a folder with `terms.yaml` (`owned`: patterns, `kept`: whether history has the
//! developer's files), `base/`, `ours/`, `theirs/` and `expected.txt`: the steps, and what they leave.

use std::fmt::Write as _;

use anyhow::Result;
use karat_scaffold::{Data, File, Labels, Lineage, Step, Style, Terms, Tree, What, pack, unpack, update};
use karat_source::Folder;
use karat_testkit::{Case, Cases};

const LABELS: Labels<'static> = Labels { ours: "yours", base: "path 1.0.0", theirs: "path 1.1.0" };

#[test]
fn updates_keep_what_they_must() {
    Cases::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/updates"), "terms.yaml").run(|case| {
        let terms = Data::parse(case.read("terms.yaml")?.as_bytes())?;
        let [base, ours, theirs] = ["base", "ours", "theirs"].map(|side| tree(case, side));
        let (base, ours, theirs) = (base?, ours?, theirs?);
        let owned: Vec<&str> =
            terms.get("owned").map(Data::items).unwrap_or_default().iter().filter_map(Data::as_str).collect();
        let owns = owner(&owned);
        let kept = terms.get("kept") == Some(&Data::Bool(true));
        let style = if terms.get("diff3").is_some() { Style::Diff3 } else { Style::Merge };
        let terms = Terms { labels: LABELS, style, owns: &owns, kept: &|_| kept };
        let steps = update(&base, &ours, &theirs, terms);
        let mut text = String::new();
        for step in &steps {
            let from = step.from.as_ref().map_or_else(String::new, |from| format!(" from {from}"));
            let _ = writeln!(text, "{:?} {}{from}", step.what, step.path);
        }
        let after = applied(&ours, &steps);
        for (path, file) in after.files() {
            let mode = if file.executable { " (executable)" } else { "" };
            let body = file.text().map_or_else(|| format!("[{} bytes]\n", file.bytes.len()), str::to_owned);
            let _ = writeln!(text, "-- {path}{mode}\n{body}");
        }
        case.golden("expected.txt", &text)
    });
}

fn tree(case: &Case, side: &str) -> Result<Tree> {
    let folder = case.file(side);
    if folder.is_dir() { Ok(Tree::read(&Folder::open(folder)?, "")?) } else { Ok(Tree::default()) }
}

/// Who owns what, by a lineage's own rules.
fn owner(patterns: &[&str]) -> impl Fn(&str) -> bool + use<> {
    let lineage = Lineage {
        template: "template:default/path".into(),
        version: "1.1.0".into(),
        answers: Data::Null,
        owned: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        files: Vec::new(),
    };
    lineage.owns().unwrap()
}

/// What a writer makes of the steps.
fn applied(ours: &Tree, steps: &[Step]) -> Tree {
    let mut tree = ours.clone();
    for step in steps {
        if let Some(from) = &step.from {
            tree.remove(from);
        } else if step.what == What::Deleted {
            tree.remove(&step.path);
        }
    }
    for step in steps {
        let files = step.write.iter().map(|file| (&step.path, file));
        for (path, file) in files.chain(step.beside.iter().map(|(path, file)| (path, file))) {
            tree.insert(path, file.clone()).unwrap();
        }
    }
    tree
}

fn file(text: &str) -> File {
    File::new(text.as_bytes())
}

/// Trees of chance: no line that a developer wrote is gone afterwards, and nothing happens when the path has nothing new.
#[test]
fn nothing_of_the_developers_is_lost() {
    let mut seed: u64 = 7;
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let owns = |_: &str| false;
    let terms = Terms { labels: LABELS, style: Style::Merge, owns: &owns, kept: &|_| false };
    for round in 0..300 {
        let mut base = Tree::default();
        for name in 0..6 {
            let lines: String = (0..8).map(|line| format!("{} {}\n", name * (line % 3), below(4))).collect();
            base.insert(&format!("f{name}"), file(&lines)).unwrap();
        }
        let mut sides = [base.clone(), base.clone()];
        for (index, side) in sides.iter_mut().enumerate() {
            for change in 0..5 {
                let name = format!("f{}", below(7));
                let text = side.get(&name).and_then(File::text).unwrap_or_default().to_owned();
                match below(5) {
                    0 => drop(side.remove(&name)),
                    1 if !text.is_empty() => {
                        let moved = side.remove(&name).unwrap();
                        side.insert(&format!("moved{index}-{change}"), moved).unwrap();
                    }
                    2 => side.insert(&name, File { executable: below(2) == 1, ..file(&text) }).unwrap(),
                    _ => {
                        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                        let own = format!("side {index} change {change}\n");
                        let at = below(lines.len() as u64 + 1) as usize;
                        lines.insert(at, &own);
                        side.insert(&name, file(&lines.concat())).unwrap();
                    }
                }
            }
        }
        let [ours, theirs] = sides;
        let after = applied(&ours, &update(&base, &ours, &theirs, terms));
        let all: String = after.files().filter_map(|(_, file)| file.text()).collect();
        for (path, file) in ours.files() {
            for line in file.text().unwrap().lines().filter(|line| line.starts_with("side")) {
                assert!(all.contains(line), "round {round}: {path}: {line:?} is gone");
            }
        }
        assert!(update(&base, &ours, &base, terms).is_empty(), "round {round}: something to do without a change");
        assert_eq!(unpack(&pack(&ours).unwrap()).unwrap(), ours);
    }
}

#[test]
fn a_lineage_is_read_as_it_was_written() {
    let mut tree = Tree::default();
    tree.insert("run.sh", File { executable: true, ..file("x\n") }).unwrap();
    tree.insert("a: b/#c", file("")).unwrap();
    let answers = Data::parse(b"{name: 'yes', port: 80, text: \"a\\nb\\n\", list: [1, 'x: y'], on: true}").unwrap();
    let generated = |path: &str, executable| karat_scaffold::Generated {
        path: path.into(),
        digest: "sha256:00".into(),
        executable,
    };
    let lineage = Lineage {
        template: "template:default/path".into(),
        version: "1.10".into(),
        answers: answers.clone(),
        owned: vec!["a/**".into(), "!b".into()],
        files: vec![generated("a: b/#c", false), generated("run.sh", true)],
    };
    let read = Lineage::read(lineage.to_yaml().as_bytes()).unwrap();
    assert_eq!((read.template, read.version, read.answers), (lineage.template, lineage.version, answers));
    assert_eq!((read.owned, read.files), (lineage.owned, lineage.files));
    for damaged in ["", "kind: Lineage\n", "kind: [", "kind: Lineage\nspec: {template: {ref: a}}\n", "- 1\n"] {
        assert!(Lineage::read(damaged.as_bytes()).is_err(), "{damaged:?}");
    }
    let packed = pack(&tree).unwrap();
    assert!(unpack(&packed[..packed.len() / 2]).is_err());
    assert!(unpack(b"no archive").is_err());
}
