//! Keys that were seen lately: documents say the same ones over and over, and a [`Str`] can be shared.

use crate::Str;

const MOST: usize = 512;

/// Longer keys are rare, and rarely said twice.
const LONGEST: usize = 48;

/// A cache with one slot per hash: what collides is replaced.
pub(super) struct Names(Vec<Str>);

impl Names {
    /// For a document of so many nodes.
    pub(super) fn for_nodes(count: usize) -> Self {
        Self(vec![Str::new(); count.next_power_of_two().min(MOST)])
    }

    /// A string of these bytes, shared with the last key that had them if it is still here.
    pub(super) fn get(&mut self, text: &[u8]) -> Str {
        if text.len() > LONGEST {
            return text.into();
        }
        // FNV-1a; the seed is fixed, for what is cached decides nothing but speed.
        let hash = text.iter().fold(0x811C_9DC5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let slots = self.0.len();
        let slot = &mut self.0[(hash ^ (hash >> 16)) as usize % slots];
        if slot.as_bytes() != text {
            *slot = text.into();
        }
        slot.clone()
    }
}
