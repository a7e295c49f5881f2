//! What may be forgotten, by the moment at which it may.

use std::collections::BTreeMap;

use crate::env::Timestamp;

/// The expiry of what does not expire; it stands in no queue.
pub(super) const NEVER: Timestamp = Timestamp::from_unix(u64::MAX);

/// Names, each at a moment at which it is to be looked at.
#[derive(Debug)]
pub(super) struct Due<N> {
    moments: BTreeMap<Timestamp, Vec<N>>,
    /// The first of them, so that a commit for which nothing is due looks no further.
    first: Timestamp,
}

impl<N> Due<N> {
    pub(super) fn push(&mut self, moment: Timestamp, name: N) {
        if moment < NEVER {
            self.first = self.first.min(moment);
            self.moments.entry(moment).or_insert_with(|| Vec::with_capacity(2)).push(name);
        }
    }

    /// Takes a name out that shall not be looked at then.
    pub(super) fn remove(&mut self, moment: Timestamp, name: &N)
    where
        N: PartialEq,
    {
        let Some(names) = self.moments.get_mut(&moment) else { return };
        // What came last is most often what goes first.
        if let Some(place) = names.iter().rposition(|own| own == name) {
            names.swap_remove(place);
        }
        if names.is_empty() {
            self.moments.remove(&moment);
            self.first = self.moments.first_key_value().map_or(NEVER, |(moment, _)| *moment);
        }
    }

    /// The first moment at which something is to be looked at.
    pub(super) const fn first(&self) -> Timestamp {
        self.first
    }

    /// Something of the first moment, with it.
    pub(super) fn pop(&mut self) -> Option<(Timestamp, N)> {
        let mut first = self.moments.first_entry()?;
        let moment = *first.key();
        let name = first.get_mut().pop();
        if first.get().is_empty() {
            first.remove();
            self.first = self.moments.first_key_value().map_or(NEVER, |(moment, _)| *moment);
        }
        Some((moment, name?))
    }
}

#[cfg(test)]
impl<N> Due<N> {
    pub(super) fn len(&self) -> usize {
        self.moments.values().map(Vec::len).sum()
    }
}

impl<N> Default for Due<N> {
    fn default() -> Self {
        Self { moments: BTreeMap::new(), first: NEVER }
    }
}
