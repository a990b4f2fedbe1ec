//! The cases of Karat's own standards: the smallest files that meet and miss each.

/// A case.
#[derive(Debug)]
pub(crate) struct Case {
    /// The standard's id.
    pub(crate) standard: &'static str,
    /// Whether it meets the standard.
    pub(crate) good: bool,
    /// The file's name.
    pub(crate) file: &'static str,
    /// What it holds.
    pub(crate) text: &'static str,
}

static CASES: &[Case] = &include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// The cases of a standard; one of the organisation's own has none here.
pub(crate) fn cases(standard: &str) -> impl Iterator<Item = &'static Case> {
    let from = CASES.partition_point(|case| case.standard < standard);
    CASES[from..].iter().take_while(move |case| case.standard == standard)
}
