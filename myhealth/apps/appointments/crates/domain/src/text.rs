//! Words that people write. They may be about someone's health, so they do not show themselves.

use std::fmt;

/// Why an appointment is wanted, or why it is cancelled: 1 to 500 characters, no control characters but line breaks.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

/// A text that cannot be a reason. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    /// Nothing but white space.
    #[error("is empty: leave it out instead")]
    Empty,
    /// More than [`Reason::MAX`] characters.
    #[error("is longer than {} characters", Reason::MAX)]
    TooLong,
    /// A control character.
    #[error("has a control character")]
    Control,
}

impl Reason {
    /// The most characters that a reason has.
    pub const MAX: usize = 500;

    /// A reason, without white space at its ends.
    ///
    /// # Errors
    /// Empty, too long, or with control characters.
    pub fn new(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReasonError::Empty);
        }
        if text.chars().nth(Self::MAX).is_some() {
            return Err(ReasonError::TooLong);
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(ReasonError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, for the store and for whoever asks for the appointment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Reason(…)")
    }
}
