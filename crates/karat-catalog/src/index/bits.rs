//! Sets of entities.

/// A set of slots, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Nothing, with room for `slots`.
    pub(super) fn none(slots: usize) -> Self {
        Self(vec![0; slots.div_ceil(64)])
    }

    pub(super) fn insert(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(word) = self.0.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps what `other` has too.
    pub(super) fn and(&mut self, other: &Self) {
        for (index, word) in self.0.iter_mut().enumerate() {
            *word &= other.0.get(index).copied().unwrap_or_default();
        }
    }

    /// Takes in what `other` has.
    pub(super) fn or(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, theirs) in self.0.iter_mut().zip(&other.0) {
            *word |= theirs;
        }
    }

    /// What is in `all` and not here.
    pub(super) fn not(mut self, all: &Self) -> Self {
        self.0.resize(all.0.len(), 0);
        for (word, all) in self.0.iter_mut().zip(&all.0) {
            *word = !*word & all;
        }
        self
    }

    /// The slots, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }
}

/// A sorted list of slots; most values belong to one entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Postings {
    #[default]
    None,
    One(u32),
    Many(Vec<u32>),
}

impl Postings {
    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            Self::None => &[],
            Self::One(slot) => std::slice::from_ref(slot),
            Self::Many(slots) => slots,
        }
    }

    pub(super) fn insert(&mut self, slot: u32) {
        match self {
            Self::None => *self = Self::One(slot),
            Self::One(one) if *one == slot => {}
            Self::One(one) => *self = Self::Many(vec![slot.min(*one), slot.max(*one)]),
            Self::Many(slots) => {
                if let Err(at) = slots.binary_search(&slot) {
                    slots.insert(at, slot);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        match self {
            Self::None => {}
            Self::One(one) if *one == slot => *self = Self::None,
            Self::One(_) => {}
            Self::Many(slots) => {
                if let Ok(at) = slots.binary_search(&slot) {
                    slots.remove(at);
                }
                if let [one] = slots[..] {
                    *self = Self::One(one);
                }
            }
        }
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.as_slice().binary_search(&slot).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    pub(super) fn mark(&self, bits: &mut Bits) {
        for slot in self.as_slice() {
            bits.insert(*slot);
        }
    }
}
