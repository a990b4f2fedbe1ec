//! What people see of entities: stitched, with all that is wrong with them.

use karat_catalog::{EntityRef, Failure, LocationRef, Place, Problem, Stitching, Uid, stitch, unstitch};
use karat_store::{Change, Record as Kept};

use super::process::{missing, unreadable};
use super::{File, Fresh, Machine, Source, parse, text};
use crate::View;
use crate::view::{About, Edit, Shown};

/// The most changes that are shown together.
const TOGETHER: usize = 5_000;

impl Machine {
    /// Shows what is to be shown anew, all of it at once if it is not too much.
    pub(super) fn show(&mut self, view: &View) {
        let mut edits: Vec<Edit> = self.todo.unshown.iter().cloned().map(Edit::Remove).collect();
        while let Some(reference) = self.todo.show.pop_first() {
            let fresh = self.todo.fresh.remove(&reference);
            let change = self.show_one(&reference, fresh, view, &mut edits);
            self.changes.extend(change);
            if edits.len() >= TOGETHER {
                view.edit(std::mem::take(&mut edits));
                self.todo.unshown.clear();
            }
        }
        view.edit(edits);
        self.todo.unshown.clear();
    }

    /// How an entity is shown now.
    pub(super) fn shown(&self, reference: &EntityRef, view: &View) -> Option<Shown> {
        view.shown(reference).filter(|_| !self.todo.unshown.contains(reference))
    }

    fn show_one(
        &mut self,
        reference: &EntityRef,
        fresh: Option<Fresh>,
        view: &View,
        edits: &mut Vec<Edit>,
    ) -> Option<Change> {
        let record = self.records.get(reference)?;
        let shown = self.shown(reference, view);
        let base = match (&fresh, &shown) {
            (Some(fresh), _) => fresh.entity.clone(),
            (None, Some(shown)) => {
                unstitch(&parse(&shown.body)?, &shown.hash, record.shown_orphan, record.shown_failed)
            }
            // Not here yet: it brings in what is still to come.
            (None, None) => return None,
        };
        let (failures, problems) = self.wrong(reference);
        let orphan = record.chosen.is_none();
        let relations = self.graph.relations(reference);
        let stitching = Stitching { uid: Uid::of(reference), relations: &relations, orphan, failures: &failures };
        let made = stitch(&base, &stitching);
        let line = self.line(reference);
        let chosen = record.chosen.clone();
        let place = chosen
            .as_ref()
            .filter(|(file, _)| file.kind == "file" && line > 0)
            .map(|(file, _)| (Source::clone(file), line));
        let about = About { place, parents: self.parents(reference), problems };
        let record = self.records.get_mut(reference)?;
        (record.shown_orphan, record.shown_failed) = (orphan, !failures.is_empty());
        let is_same = shown.is_some_and(|shown| *shown.hash == *made.hash);
        let body = text(&made.entity);
        if is_same {
            edits.push(Edit::Tell(reference.clone(), about));
            fresh.as_ref()?;
        } else {
            edits.push(Edit::put(reference, &made, &body, about));
        }
        let (reference, hash) = (reference.to_string(), made.hash);
        let (Some(fresh), Some((location, via))) = (fresh, chosen) else {
            return Some(Change::Show { reference, body, hash });
        };
        let good = fresh.is_good.then(|| text(&fresh.entity));
        Some(Change::Put(Box::new(Kept {
            reference,
            bucket: via.bucket.name().to_owned(),
            location: location.to_string(),
            origin: via.origin.to_string(),
            line,
            descriptor: fresh.descriptor,
            good,
            body,
            hash,
        })))
    }

    fn line(&self, reference: &EntityRef) -> u32 {
        let chosen = self.records.get(reference).and_then(|record| record.chosen.as_ref());
        let file = chosen.and_then(|(file, _)| self.files.get(file));
        file.and_then(|file| file.entities.get(reference)).map_or(0, |held| held.line)
    }

    /// What is wrong with an entity: for its status, and with places.
    fn wrong(&self, reference: &EntityRef) -> (Vec<Failure>, Vec<Problem>) {
        let Some(record) = self.records.get(reference) else { return Default::default() };
        let mut failures: Vec<Failure> = record.failures.iter().chain(&record.astray).cloned().collect();
        let mut problems = record.problems.clone();
        problems.extend(
            record.astray.iter().map(|failure| Problem {
                place: record.place(self.line(reference)),
                message: failure.plain().to_owned(),
            }),
        );
        let leads = record.leads.iter().filter_map(|lead| Some((lead, self.files.get(lead)?)));
        let (mut cannot, mut told) = (Vec::new(), Vec::new());
        for (location, file) in leads {
            cannot.extend(of_file(location, file));
            told.extend(file.problems.iter().map(|problem| Failure::new("Error", problem.to_string())));
            problems.extend(places(location, file));
        }
        failures.append(&mut cannot);
        failures.append(&mut told);
        if let Some((location, _)) = &record.chosen
            && let Some(file) = self.files.get(location)
            && file.entities.get(reference).is_some_and(|held| held.is_kept)
        {
            let within = file.problems.first().map(|problem| Failure::new("InputError", problem.to_string()));
            failures.extend(of_file(location, file).or(within));
            problems.extend(places(location, file));
        }
        for other in &record.files {
            let chosen = record.chosen.as_ref().map(|(file, _)| file);
            if let Some(held) = self.files.get(other).and_then(|file| file.entities.get(reference))
                && let Some(chosen) = chosen.filter(|chosen| *chosen != other)
            {
                let place = Place { file: other.target.as_str().into(), line: held.line, column: 1 };
                let message = format!("`{reference}` is here as well; the one of {} counts", chosen.target);
                problems.push(Problem { place, message });
            }
        }
        (failures, problems)
    }
}

/// Why a file cannot be read.
fn of_file(location: &LocationRef, file: &File) -> Option<Failure> {
    let why = file.unreadable.as_ref()?;
    Some(if why.is_missing { missing(location) } else { unreadable(location, &why.why) })
}

fn places(location: &LocationRef, file: &File) -> Vec<Problem> {
    let place = || Place { file: location.target.as_str().into(), line: 1, column: 1 };
    let cannot = of_file(location, file).map(|failure| Problem { place: place(), message: failure.message });
    cannot.into_iter().chain(file.problems.iter().cloned()).collect()
}
