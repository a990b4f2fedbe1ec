//! Ids, one type each, so that none is taken for another.

use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnId(
    /// What an id of this kind looks like.
    pub &'static str,
);

macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                // The parser also takes braces, URNs and no hyphens: one spelling is enough for an API.
                let id = if text.len() == 36 { Uuid::try_parse(text).ok() } else { None };
                id.map(Self).ok_or(NotAnId("an id is a UUID with hyphens"))
            }
        }
    )*};
}

uuids! {
    /// An appointment's. Version 7: later ones sort later.
    AppointmentId
    /// A slot's.
    SlotId
    /// An event's; whoever receives an event twice knows it by this.
    EventId
    /// A patient's, given by `records`.
    PatientId
}

/// A clinician's id, given by whoever runs the practice: 1 to 64 ASCII letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClinicianId(String);

impl ClinicianId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClinicianId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for ClinicianId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId("a clinician's id is 1 to 64 letters, digits, `-`, `_` or `.`"))
        }
    }
}
