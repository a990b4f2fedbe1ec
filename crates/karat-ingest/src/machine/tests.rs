//! Whatever changes, in whatever order: it comes to what a fresh start comes to, and comes to an end.

use std::fmt::Write as _;
use std::path::Path;

use karat_catalog::List;
use karat_source::Folder;
use tempfile::TempDir;

use super::*;
use crate::Repository;
use crate::sources::{Mounted, own};
use crate::urls::Urls;

/// A machine over a folder.
struct Bench {
    machine: Machine,
    kept: Kepts,
    view: View,
    files: Mounted,
    urls: Arc<Urls>,
}

impl Bench {
    /// Starts, with what was kept when the last one ended.
    fn new(folder: &Path, registered: &[LocationRef], kept: Kepts) -> Self {
        let repositories = [Repository { folder: String::new(), revision: None }];
        let files = Mounted::new(Arc::new(Folder::open(folder).unwrap()), &repositories);
        let urls = Urls::new(&[], Box::new(|_| {}));
        let mut bench = Self { machine: Machine::default(), kept, view: View::default(), files, urls };
        let own = own(&bench.files, &repositories);
        bench.machine.set_provided(Bucket::Organisation, &own);
        bench.machine.set_provided(Bucket::Registered, registered);
        bench.run();
        bench
    }

    /// Does what is to be done, and gives how many changes that came to.
    fn run(&mut self) -> usize {
        let content = Content { files: &self.files, urls: &self.urls };
        let world = World { content: &content, memory: &self.kept, view: &self.view };
        let (mut changes, before) = (Vec::new(), self.machine.walks);
        self.machine.run(&world, &mut |mut part| changes.append(&mut part));
        assert!(self.machine.is_done());
        // A second one if a file is missing, and who minds that is come by after who does not.
        assert!(self.machine.walks - before <= 2, "{} walks", self.machine.walks - before);
        let count = changes.len();
        changes.into_iter().for_each(|change| self.kept.change(change));
        count
    }

    /// What was removed by hand comes back.
    fn refresh(&mut self) {
        let locations: Vec<EntityRef> = places::locations(&self.machine.records).map(|(one, _)| one.clone()).collect();
        locations.iter().for_each(|one| drop(self.machine.refresh(one)));
    }

    /// Does what is to be done, and waits until orphans have gone.
    fn forget_orphans(&mut self) {
        self.run();
        for _ in 0..2 {
            self.machine.sweep();
            self.run();
        }
    }

    fn all(&self) -> BTreeMap<String, String> {
        let listed = self.view.list(&List::default()).ids;
        listed.iter().map(|one| (one.to_string(), self.view.body(one).unwrap().to_string())).collect()
    }

    /// What else is told of each.
    fn about(&self) -> BTreeMap<String, String> {
        let listed = self.view.list(&List::default()).ids;
        let about = |one: &EntityRef| {
            let shown = self.view.shown(one).unwrap();
            format!("{:?} {:?} {:?}", shown.place, shown.parents, shown.problems)
        };
        listed.iter().map(|one| (one.to_string(), about(one))).collect()
    }
}

/// What is kept, by reference.
#[derive(Clone, Default)]
struct Kepts(BTreeMap<String, Kept>);

impl Kepts {
    fn change(&mut self, change: Change) {
        match change {
            Change::Put(mut kept) => {
                let good = self.0.remove(&kept.reference).and_then(|before| before.good);
                kept.good = kept.good.or(good);
                self.0.insert(kept.reference.clone(), *kept);
            }
            Change::Show { reference, body, hash } => {
                if let Some(kept) = self.0.get_mut(&reference) {
                    (kept.body, kept.hash) = (body, hash);
                }
            }
            Change::Remove(reference) => drop(self.0.remove(&reference)),
        }
    }
}

impl Memory for Kepts {
    fn entity(&self, reference: &EntityRef) -> Option<Kept> {
        self.0.get(reference.as_str()).cloned()
    }

    fn entities_of(&self, file: &LocationRef) -> Vec<Kept> {
        self.0.values().filter(|kept| kept.location == file.to_string()).cloned().collect()
    }
}

/// Numbers that look random, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn path(&mut self) -> String {
        format!("{}/f{}.yaml", ["x", "y"][self.below(2) as usize], self.below(7))
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

/// An organisation whose files change at random, and what is registered of it.
struct Changing {
    folder: TempDir,
    numbers: Numbers,
    registered: BTreeSet<String>,
}

impl Changing {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for path in ["x", "y"] {
            fs_err::create_dir(folder.path().join(path)).unwrap();
        }
        let root = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: root}\nspec: {targets: ['./x/f0.yaml', './y/f4*.yaml'], presence: optional}\n";
        fs_err::write(folder.path().join("catalog-info.yaml"), root).unwrap();
        Self { folder, numbers: Numbers(seed), registered: BTreeSet::new() }
    }

    fn locations(&self) -> Vec<LocationRef> {
        self.registered.iter().map(|path| LocationRef::new("file", path.as_str())).collect()
    }

    /// One file is another, gone, broken or new; or another is registered; or an entity is removed by hand.
    fn change(&mut self, bench: &mut Bench) {
        let path = self.numbers.path();
        let file = self.folder.path().join(&path);
        match self.numbers.below(8) {
            0 => drop(fs_err::remove_file(file)),
            1 => fs_err::write(file, "kind: [").unwrap(),
            2 => {
                if !self.registered.remove(&path) && self.registered.len() < 2 {
                    self.registered.insert(path.clone());
                }
                bench.machine.set_provided(Bucket::Registered, &self.locations());
            }
            3 => {
                let kind = ["location:default/l", "component:default/c"][self.numbers.below(2) as usize];
                bench.machine.remove(&format!("{kind}{}", self.numbers.below(12)).parse().unwrap());
            }
            _ => fs_err::write(file, self.numbers.file()).unwrap(),
        }
        bench.machine.changed(&LocationRef::new("file", path));
    }

    /// What is broken, or missing where it should be, stays as it was last good, which a fresh start cannot know.
    fn repair(&mut self, bench: &mut Bench) {
        for path in ["x", "y"].iter().flat_map(|folder| (0..7).map(move |file| format!("{folder}/f{file}.yaml"))) {
            let file = self.folder.path().join(&path);
            let text = fs_err::read_to_string(&file).ok();
            if text.as_deref() == Some("kind: [") || text.is_none() && self.registered.contains(&path) {
                fs_err::write(file, self.numbers.file()).unwrap();
                bench.machine.changed(&LocationRef::new("file", path));
            }
        }
    }
}

#[test]
fn whatever_changes_it_comes_to_what_a_start_comes_to() {
    for seed in 0..SEEDS {
        let mut changing = Changing::new(seed);
        let mut bench = Bench::new(changing.folder.path(), &[], Kepts::default());
        for round in 0..12 {
            for _ in 0..6 {
                changing.change(&mut bench);
                if changing.numbers.below(2) == 0 {
                    bench.run();
                }
            }
            bench.run();
            let differ = |now: BTreeMap<String, String>, wanted: BTreeMap<String, String>| {
                let all: BTreeSet<&String> = now.keys().chain(wanted.keys()).collect();
                let differ = all.into_iter().filter(|one| now.get(*one) != wanted.get(*one));
                let differ: Vec<_> = differ.map(|one| (one.clone(), now.get(one), wanted.get(one))).collect();
                assert!(differ.is_empty(), "seed {seed}, round {round}: {differ:#?}");
            };
            bench.refresh();
            bench.forget_orphans();
            // What is broken is as it was last good, also after a restart.
            let restarted = Bench::new(changing.folder.path(), &changing.locations(), bench.kept.clone());
            differ(bench.all(), restarted.all());
            changing.repair(&mut bench);
            bench.forget_orphans();
            // There is nothing left that a walk would find.
            bench.machine.todo.walk = true;
            assert_eq!(bench.run(), 0);
            let fresh = Bench::new(changing.folder.path(), &changing.locations(), Kepts::default());
            differ(bench.all(), fresh.all());
            differ(bench.about(), fresh.about());
        }
    }
}

/// More take long; 300 have passed.
const SEEDS: u64 = 16;
