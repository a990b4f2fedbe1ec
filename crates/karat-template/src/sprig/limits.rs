//! What a function may build: templates are other people's input.

use crate::{CallError, Interpreter};

/// The longest text one call may return, in bytes: the limit of a whole render's output.
pub(super) const MAX_TEXT: usize = 64 << 20;
/// The longest list one call may return.
pub(super) const MAX_ITEMS: usize = 1 << 20;
/// How deep values may nest in functions that walk them. Templates can build cycles with `set`.
pub(super) const MAX_DEPTH: usize = 500;
/// How many values one walk may visit. Shared maps make a small value large when it is written out.
const MAX_VISITS: usize = 1_000_000;

/// Fails if a text of `length` bytes would be too long; `None` stands for an overflow.
pub(super) fn check_text(length: Option<usize>) -> Result<usize, CallError> {
    match length {
        Some(length) if length <= MAX_TEXT => Ok(length),
        _ => Err(format!("the result would be longer than {} MiB", MAX_TEXT >> 20).into()),
    }
}

/// Fails if a list of `length` items would be too long.
pub(super) fn check_items(length: usize) -> Result<(), CallError> {
    match length {
        ..=MAX_ITEMS => Ok(()),
        _ => Err(format!("the result would have more than {MAX_ITEMS} items").into()),
    }
}

/// The budget of one walk over a value: depth and number of values.
pub(super) struct Walk {
    depth: usize,
    visits: usize,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { depth: 0, visits: 0 }
    }

    /// Enters a value; pair with [`Walk::leave`].
    pub(super) fn enter(&mut self) -> Result<(), CallError> {
        self.depth += 1;
        self.visits += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("the value nests more than {MAX_DEPTH} levels deep; does it contain itself?").into());
        }
        if self.visits > MAX_VISITS {
            return Err("the value is too large to walk".into());
        }
        Ok(())
    }

    /// Leaves a value.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Ends the walk: its work counts as steps of the render.
    pub(super) fn end(self, interpreter: &mut Interpreter<'_>) -> Result<(), CallError> {
        interpreter.work(self.visits / 8)
    }
}
