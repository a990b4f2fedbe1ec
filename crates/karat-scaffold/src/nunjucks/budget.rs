//! What a template may cost. Templates are other people's: a loop in a loop in a loop must end.

use std::cell::Cell;

use super::ast::At;

/// The most steps of one rendering; a step is an evaluated node, an item looked at, or 32 bytes of text made.
pub(super) const STEPS: u64 = 2_000_000;
/// The most steps of one run of a template: all its files and steps.
const RUN_STEPS: u64 = 10_000_000;
/// The longest text that an expression may make, in bytes.
pub(super) const TEXT: usize = 16 << 20;
/// The deepest nesting of an expression, of statements, and of macros that call macros.
pub(super) const DEPTH: usize = 50;

/// Why an evaluation stopped.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    /// The innermost place that knows it.
    pub(super) at: Option<At>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: None }
    }

    pub(super) fn or_at(mut self, at: At) -> Self {
        self.at.get_or_insert(at);
        self
    }
}

/// The result of a step of an evaluation.
pub(super) type Outcome<T> = Result<T, Fault>;

/// What is left for a whole run of a template, of which each rendering takes its part.
#[derive(Debug)]
pub struct Fuel(Cell<u64>);

impl Default for Fuel {
    fn default() -> Self {
        Self(Cell::new(RUN_STEPS))
    }
}

/// Counts the steps of one rendering down.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Cell::new(STEPS))
    }

    /// A budget out of `fuel`; see [`Budget::settle`].
    pub(super) fn of(fuel: &Fuel) -> Self {
        Self(Cell::new(STEPS.min(fuel.0.get())))
    }

    /// Takes what was spent off the fuel.
    pub(super) fn settle(&self, fuel: &Fuel) {
        let given = STEPS.min(fuel.0.get());
        fuel.0.set(fuel.0.get() - (given - self.0.get().min(given)));
    }

    /// Takes `steps` off.
    pub(super) fn spend(&self, steps: usize) -> Outcome<()> {
        match self.0.get().checked_sub(steps as u64) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => {
                self.0.set(0);
                Err(Fault::new(format!("the template needs more than {STEPS} steps, or its run more than {RUN_STEPS}")))
            }
        }
    }

    /// Pays for text of `bytes` bytes, before it is made.
    pub(super) fn text(&self, bytes: usize) -> Outcome<()> {
        self.grow(0, bytes)
    }

    /// Pays for text of `length` bytes to become `more` longer.
    pub(super) fn grow(&self, length: usize, more: usize) -> Outcome<()> {
        if length.saturating_add(more) > TEXT {
            return Err(Fault::new(format!("an expression makes more than {} MiB of text", TEXT >> 20)));
        }
        self.spend(1 + more / 32)
    }
}
