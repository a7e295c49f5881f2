//! SHA-256 of what mostly takes one block: 32 bytes, a secret or a seed, and what is derived from it; or a client's secret,
//! behind a block that was hashed beforehand. A hasher for messages of any length takes twice as long.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use zeroize::optimization_barrier;

/// The initial hash value [FIPS 180-4 §5.3.3].
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The digest of `start` and `rest` together.
pub(crate) fn digest(start: &[u8; 32], rest: &[u8]) -> [u8; 32] {
    match Ending::of(rest) {
        Some(ending) => ending.after(start),
        None => Sha256::new().chain_update(start).chain_update(rest).finalize().into(),
    }
}

/// What is in the block after the 32 bytes: the rest of the message and its padding [FIPS 180-4 §5.1.1].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending([u8; 32]);

impl Ending {
    /// The end of 32 bytes and `rest`; nothing if that does not fit.
    pub(crate) const fn of(rest: &[u8]) -> Option<Self> {
        let mut ending = [0; 32];
        let Some((message, [first, padding @ ..])) = ending.split_at_mut_checked(rest.len()) else { return None };
        let Some((_, length)) = padding.split_last_chunk_mut() else { return None };
        message.copy_from_slice(rest);
        *first = 0x80;
        *length = ((32 + rest.len() as u64) * 8).to_be_bytes();
        Some(Self(ending))
    }

    /// The digest of the message that begins with `start`.
    pub(crate) fn after(&self, start: &[u8; 32]) -> [u8; 32] {
        let mut block = [0; 64];
        let (first, last) = block.split_at_mut(start.len());
        first.copy_from_slice(start);
        last.copy_from_slice(&self.0);
        let mut state = INITIAL;
        finish(&mut state, &mut block)
    }
}

/// The hash of a message of which the first block was seen.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Midstate([u32; 8]);

impl Midstate {
    /// That of a block of zeros.
    pub(crate) const ZEROS: Self =
        Self([0xda56_98be, 0x17b9_b469, 0x6233_5799, 0x779f_beca, 0x8ce5_d491, 0xc0d2_6243, 0xbafe_f9ea, 0x1837_a9d8]);

    /// After `block`, which is no secret.
    pub(crate) fn after(block: &[u8; 64]) -> Self {
        let mut state = INITIAL;
        compress256(&mut state, std::slice::from_ref(block));
        Self(state)
    }

    /// The digest of the message that goes on, and ends, with `rest`.
    pub(crate) fn digest(&self, rest: &[u8]) -> [u8; 32] {
        let mut state = self.0;
        let (whole, last) = rest.as_chunks();
        if !whole.is_empty() {
            compress256(&mut state, whole);
        }
        let mut block = [0; 64];
        if let Some((message, [first, ..])) = block.split_at_mut_checked(last.len()) {
            message.copy_from_slice(last);
            *first = 0x80;
        }
        // Nine bytes are the least that is behind a message.
        if last.len() > 64 - 9 {
            compress256(&mut state, std::slice::from_ref(&block));
            block.fill(0);
        }
        if let Some(length) = block.last_chunk_mut() {
            *length = ((64 + rest.len() as u64) * 8).to_be_bytes();
        }
        finish(&mut state, &mut block)
    }
}

/// The digest after the last block. Wipes what it was made of, and so takes it in its place: a copy would stay.
fn finish(state: &mut [u32; 8], block: &mut [u8; 64]) -> [u8; 32] {
    compress256(state, std::slice::from_ref(block));
    let mut digest = [0; 32];
    let (words, _) = digest.as_chunks_mut();
    words.iter_mut().zip(&*state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    block.fill(0);
    optimization_barrier(block);
    state.fill(0);
    optimization_barrier(state);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_digest() {
        let start = std::array::from_fn(|place| u8::try_from(place * 7).unwrap());
        for length in 0..=100 {
            let rest = vec![u8::try_from(length).unwrap(); length];
            let expected = Sha256::new().chain_update(start).chain_update(&rest).finalize();
            assert_eq!(digest(&start, &rest), <[u8; 32]>::from(expected), "{length}");
            assert_eq!(Ending::of(&rest).is_some(), length <= 23, "{length}");
        }
    }

    #[test]
    fn it_is_the_same_digest_after_a_block() {
        let block = std::array::from_fn(|place| u8::try_from(place * 3).unwrap());
        for length in 0..=200 {
            let rest: Vec<u8> = (0..length).map(|place| u8::try_from((place * 7 + length) % 256).unwrap()).collect();
            for (block, midstate) in [(block, Midstate::after(&block)), ([0; 64], Midstate::ZEROS)] {
                let expected = Sha256::new().chain_update(block).chain_update(&rest).finalize();
                assert_eq!(midstate.digest(&rest), <[u8; 32]>::from(expected), "{length}");
            }
        }
    }
}
