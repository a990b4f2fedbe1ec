//! Which files a difference comes from.

use std::collections::BTreeSet;
use std::ops::Bound;

use ecow::{EcoString, eco_format};

use crate::cache::Digest;
use crate::fleet::{Application, Fleet};
use crate::organisation::ORGANISATION_FILE;
use crate::source::Input;

/// The files of two fleets that differ.
pub(super) struct Causes<'f> {
    changed: BTreeSet<&'f EcoString>,
    base: &'f Fleet,
    head: &'f Fleet,
}

impl<'f> Causes<'f> {
    pub(super) fn new(base: &'f Fleet, head: &'f Fleet) -> Self {
        let differs = |file: &EcoString, digest: &Digest, other: &Fleet| other.files.get(file) != Some(digest);
        let changed = base
            .files
            .iter()
            .filter(|(file, digest)| differs(file, digest, head))
            .chain(head.files.iter().filter(|(file, digest)| differs(file, digest, base)))
            .map(|(file, _)| file)
            .collect();
        Self { changed, base, head }
    }

    /// The files that differ and that an Application is made of, before or after.
    pub(super) fn of(&self, before: Option<&Application>, after: Option<&Application>) -> Vec<EcoString> {
        let mut causes = BTreeSet::new();
        for (application, fleet) in [(before, self.base), (after, self.head)] {
            let Some(application) = application else { continue };
            for input in &application.inputs {
                self.add_input(input, &mut causes);
            }
            let cluster = application.cluster.as_deref().and_then(|name| fleet.organisation.cluster(name, ""));
            let set = application.origin.set.and_then(|set| fleet.sets.get(set));
            let organisation = EcoString::from(ORGANISATION_FILE);
            let files = application.origin.files.iter();
            let files = files.chain(cluster.map(|cluster| &cluster.file)).chain(set.map(|set| &set.file.path));
            for file in files.chain([&EcoString::from(&application.origin.place.file), &organisation]) {
                if self.changed.contains(file) {
                    causes.insert(file.clone());
                }
            }
        }
        causes.into_iter().collect()
    }

    fn add_input(&self, input: &Input, causes: &mut BTreeSet<EcoString>) {
        if !input.folder {
            if self.changed.contains(&input.path) {
                causes.insert(input.path.clone());
            }
            return;
        }
        let prefix = eco_format!("{}/", input.path);
        let below = self.changed.range::<EcoString, _>((Bound::Included(&prefix), Bound::Unbounded));
        causes.extend(below.take_while(|file| file.starts_with(prefix.as_str())).map(|file| (*file).clone()));
    }
}
