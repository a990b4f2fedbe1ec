//! What only the thread itself can be told: time passes, changes are missed.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

fn open(folder: &Path, data: &Path) -> (Catalog, Database) {
    let repositories = vec![crate::Repository { folder: String::new(), revision: None }];
    let sources = Sources { repositories, allow: Vec::new() };
    let store = Database::open(&data.join("karat.db")).unwrap();
    (start(Settings { folder: folder.to_owned(), store: store.clone(), sources }).unwrap(), store)
}

/// Tells the thread something, and waits until it has worked that out.
fn tell(catalog: &Catalog, message: Message) {
    let (done, waiting) = mpsc::channel();
    catalog.0.engine.send(message).unwrap();
    catalog.0.engine.send(Message::Registered(done)).unwrap();
    waiting.recv().unwrap();
}

/// Numbers that look random, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    /// A file of some entities, which may be in others as well; or of Locations that may lead in circles.
    fn file(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(4) {
            let name = self.below(12);
            let _ = match self.below(4) {
                0 => {
                    let target = ["./*.yaml", "../x/f1*.yaml", "./f2.yaml", "../y/*.yaml", "./f[35].yaml"]
                        [self.below(5) as usize];
                    write!(
                        text,
                        "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: l{name}}}\nspec: {{presence: optional, targets: ['{target}']}}\n"
                    )
                }
                1 => write!(
                    text,
                    "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {{name: g{}}}\nspec: {{type: team, children: [g{}]}}\n",
                    name % 4,
                    self.below(4)
                ),
                _ => write!(
                    text,
                    "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{name}, description: v{}}}\nspec: {{type: x, lifecycle: x, owner: g{}, dependsOn: ['component:c{}']}}\n",
                    self.below(3),
                    self.below(4),
                    self.below(12)
                ),
            };
        }
        text
    }
}

#[test]
fn whatever_changes_it_comes_to_what_a_fresh_start_comes_to() {
    for seed in 0..12 {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for path in ["x", "y"] {
            fs_err::create_dir(folder.path().join(path)).unwrap();
        }
        let root = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: root}\nspec: {targets: ['./x/f0.yaml', './y/f4*.yaml'], presence: optional}\n";
        fs_err::write(folder.path().join("catalog-info.yaml"), root).unwrap();
        let (catalog, _store) = open(folder.path(), data.path());
        let mut numbers = Numbers(seed);
        for round in 0..12 {
            for _ in 0..6 {
                let path = format!("{}/f{}.yaml", ["x", "y"][numbers.below(2) as usize], numbers.below(7));
                let path = folder.path().join(path);
                match numbers.below(6) {
                    0 => drop(fs_err::remove_file(&path)),
                    1 => fs_err::write(&path, "kind: [").unwrap(),
                    _ => fs_err::write(&path, numbers.file()).unwrap(),
                }
                if numbers.below(2) == 0 {
                    tell(&catalog, Message::Everything);
                }
            }
            // What is broken stays as it was last good, which a fresh start cannot know.
            for entry in ["x", "y"].iter().flat_map(|inner| fs_err::read_dir(folder.path().join(inner)).unwrap()) {
                let path = entry.unwrap().path();
                if fs_err::read_to_string(&path).unwrap() == "kind: [" {
                    fs_err::write(&path, numbers.file()).unwrap();
                }
            }
            tell(&catalog, Message::Everything);
            // What an orphan led to is one when that has gone.
            for _ in 0..12 {
                tell(&catalog, Message::Tick);
            }
            let other = tempfile::tempdir().unwrap();
            let (fresh, _store) = open(folder.path(), other.path());
            let all = |catalog: &Catalog| -> BTreeMap<String, String> {
                let view = catalog.now();
                let listed = view.list(&karat_catalog::List::default()).ids;
                listed.iter().map(|one| (one.to_string(), view.body(one).unwrap().to_string())).collect()
            };
            let (now, wanted) = (all(&catalog), all(&fresh));
            let differ: Vec<&String> =
                now.keys().chain(wanted.keys()).filter(|one| now.get(*one) != wanted.get(*one)).collect();
            assert!(
                differ.is_empty(),
                "seed {seed}, round {round}: {:#?}",
                differ.iter().map(|one| (now.get(*one), wanted.get(*one))).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn an_orphan_goes_with_the_second_tick_and_what_only_it_led_to() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let location = |name: &str, target: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: {name}}}\nspec: {{target: {target}}}\n"
        )
    };
    let write = |path: &str, text: String| fs_err::write(folder.path().join(path), text).unwrap();
    write("catalog-info.yaml", location("one", "./two.yaml"));
    write("two.yaml", location("two", "./three.yaml"));
    write("three.yaml", location("three", "./four.yaml"));
    let (catalog, store) = open(folder.path(), data.path());
    let is = |name: &str| catalog.now().get(&format!("location:default/{name}").parse().unwrap());
    let is_orphan = |name: &str| is(name).is_some_and(|one| one.annotation("backstage.io/orphan").is_some());
    let tick = || tell(&catalog, Message::Tick);
    tick();
    tick();
    assert!(is("two").is_some() && is("three").is_some());
    write("catalog-info.yaml", location("one", "./elsewhere.yaml"));
    while !is_orphan("two") {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(is_orphan("three"));
    tick();
    assert!(is("two").is_some());
    // It is named again: no orphan any more.
    write("catalog-info.yaml", location("one", "./two.yaml"));
    while is_orphan("two") {
        std::thread::sleep(Duration::from_millis(1));
    }
    tick();
    tick();
    assert!(is("two").is_some());
    write("catalog-info.yaml", location("one", "./elsewhere.yaml"));
    while !is_orphan("two") {
        std::thread::sleep(Duration::from_millis(1));
    }
    tick();
    tick();
    assert!(is("one").is_some() && is("two").is_none() && is("three").is_none());
    assert_eq!(store.hashes().unwrap().len(), 2);
}
