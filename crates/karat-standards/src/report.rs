//! The verdict, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use karat_kube::{Identity, Path};

use crate::{Entity, Level};

/// A place in a file. Lines and columns count from 1, columns in characters; a line of 0 means the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: EcoString,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// The line of what comes after it.
    pub end_line: u32,
    /// The column of what comes after it.
    pub end_column: u32,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// What violates standards, waived or not: errors first, then by file and line.
    pub findings: Vec<Finding>,
    /// What is wrong with waivers.
    pub waivers: Vec<WaiverProblem>,
    /// The karats of everything that was looked at.
    pub scores: BTreeMap<Entity, Score>,
    /// How many objects were judged, and how many different ones they are.
    pub objects: usize,
    /// How many different documents those were.
    pub distinct: usize,
}

/// One violation, on however many clusters it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The standard's id.
    pub standard: EcoString,
    /// How bad it is.
    pub level: Level,
    /// What it costs.
    pub karats: u8,
    /// Violated, or not to be judged.
    pub kind: FindingKind,
    /// What is wrong, in one sentence without a full stop; why it cannot be judged, if it cannot.
    pub message: String,
    /// Why it matters.
    pub why: EcoString,
    /// The page that shows how to mend it: `how-to/harden-a-container`.
    pub fix: EcoString,
    /// Where it is.
    pub place: Place,
    /// Where it is within the document: for who can say more precisely where that came from.
    pub path: Path,
    /// The object, if it is about one.
    pub object: Option<Identity>,
    /// The same objects on all clusters: indices into `Subject::objects`.
    pub objects: Vec<usize>,
    /// Who is affected.
    pub affected: Affected,
    /// The waiver that accepts it.
    pub waiver: Option<Accepted>,
}

/// Whether a standard was violated or could not be judged; both count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// The rule says no.
    Violation,
    /// The rule could not be evaluated: the object or the standard is not what the rule expects.
    CannotJudge,
}

/// Who a finding affects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// Applications by name.
    pub applications: BTreeSet<EcoString>,
    /// Clusters by name.
    pub clusters: BTreeSet<EcoString>,
    /// Environments by name.
    pub environments: BTreeSet<EcoString>,
    /// What loses karats by it.
    pub entities: BTreeSet<Entity>,
}

/// Why a finding is accepted, and until when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accepted {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub until: jiff::civil::Date,
}

/// Something wrong with a waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverProblem {
    /// What.
    pub kind: WaiverProblemKind,
    /// In one sentence.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// What can be wrong with a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaiverProblemKind {
    /// Its end has passed: fails the run, whether or not anything still needs it.
    Expired,
    /// There is no such standard: a warning.
    UnknownStandard,
    /// Nothing violates what it waives: a warning.
    Unused,
}

/// The karats of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// What is left of 24.
    pub karats: u8,
    /// The standards that are not met, and what each costs.
    pub unmet: BTreeMap<EcoString, u8>,
    /// The standards that are not met and waived: they cost nothing.
    pub waived: BTreeSet<EcoString>,
}

impl Default for Score {
    fn default() -> Self {
        Self { karats: 24, unmet: BTreeMap::new(), waived: BTreeSet::new() }
    }
}

impl Score {
    pub(crate) fn count(&mut self) {
        let lost: u32 = self.unmet.values().map(|karats| u32::from(*karats)).sum();
        self.karats = u8::try_from(24_u32.saturating_sub(lost)).unwrap_or(0);
    }
}

impl Report {
    /// Whether the run fails: an unwaived violation of a must, or an expired waiver; `strict` fails on any violation
    /// of a should as well.
    pub fn fails(&self, strict: bool) -> bool {
        let violated = |finding: &Finding| finding.waiver.is_none() && (strict || finding.level == Level::Must);
        self.findings.iter().any(violated)
            || self.waivers.iter().any(|problem| problem.kind == WaiverProblemKind::Expired)
    }
}
