//! The identity of an entity over time.

use std::fmt;

use sha1::{Digest as _, Sha1};

use crate::refs::EntityRef;

/// A UUID. Backstage draws one when it first sees an entity; Karat derives it from the reference, so that an entity has the same
/// on every machine and after every restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(u128);

impl Uid {
    /// The one of an entity: a name-based UUID (RFC 9562, version 5) in a namespace of Karat's own.
    pub fn of(reference: &EntityRef) -> Self {
        let digest = Sha1::new().chain_update(b"karat.dev/catalog/").chain_update(reference.as_str()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x50;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(u128::from_be_bytes(bytes))
    }

    /// Reads the text of one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|character| *character != '-').collect();
        if digits.len() != 32 || digits.starts_with('+') {
            return None;
        }
        u128::from_str_radix(&digits, 16).ok().map(Self)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
