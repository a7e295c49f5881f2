//! How keys are spread over a map.

use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};

/// Takes random names and digests as they are, since nobody can choose those that are kept, and hashes texts under a
/// secret of the process, since clients choose theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread(RandomState);

#[derive(Debug)]
pub(super) struct Spreading {
    texts: RandomState,
    text: Option<DefaultHasher>,
    name: u64,
}

impl BuildHasher for Spread {
    type Hasher = Spreading;

    fn build_hasher(&self) -> Spreading {
        Spreading { texts: self.0.clone(), text: None, name: 0 }
    }
}

impl Hasher for Spreading {
    fn write(&mut self, bytes: &[u8]) {
        let texts = &self.texts;
        self.text.get_or_insert_with(|| texts.build_hasher()).write(bytes);
    }

    /// A name or a digest.
    fn write_u128(&mut self, random: u128) {
        // Both halves, since the shard was chosen by a part of one.
        self.name ^= random as u64 ^ (random >> 64) as u64;
    }

    /// The kind of a key.
    fn write_isize(&mut self, kind: isize) {
        self.name = self.name.rotate_left(8) ^ kind as u64;
    }

    fn finish(&self) -> u64 {
        self.text.as_ref().map_or(0, Hasher::finish) ^ self.name
    }
}
