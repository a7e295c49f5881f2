//! What the host of an authorization server supplies, the same for every peer:
//! who is signed in, whether that user agreed, and the grants it starts with.

use http::{HeaderMap, header};

pub fn signed_in(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::COOKIE)?.to_str().ok()?.strip_prefix("session=")
}

/// The user has seen the consent page and agreed; this is the request that follows.
pub fn agreed(client: &str) -> bool {
    client == crate::wire::APP.id || client == crate::wire::SVC.id
}

pub fn user(number: usize) -> String {
    format!("user-{number}")
}

/// A population is half the public client's grants and half the confidential
/// client's, with at least one of each.
pub fn half(population: usize) -> usize {
    (population / 2).max(1)
}

/// Tokens of one length, drawn evenly from a population and walked in random order,
/// so that successive operations touch unrelated grants. They lie in one piece of
/// memory: reaching one costs the client no more at a million than at one, and no
/// freed scraps are left between the server's records.
pub struct Ring {
    tokens: Vec<u8>,
    width: usize,
    offered: usize,
    stride: usize,
    at: usize,
}

impl Ring {
    const MOST: usize = 1 << 16;

    pub fn of(population: usize, width: usize) -> Ring {
        let stride = population.div_ceil(Ring::MOST);
        let tokens = Vec::with_capacity(population.div_ceil(stride) * width);
        Ring { tokens, width, offered: 0, stride, at: 0 }
    }

    pub fn offer(&mut self, token: &str) {
        assert_eq!(token.len(), self.width);
        if self.offered.is_multiple_of(self.stride) {
            self.tokens.extend_from_slice(token.as_bytes());
        }
        self.offered += 1;
    }

    pub fn shuffle(&mut self) {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        for last in (1..self.tokens.len() / self.width).rev() {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let other = seed as usize % (last + 1);
            if other < last {
                let (low, high) = self.tokens.split_at_mut(last * self.width);
                low[other * self.width..][..self.width].swap_with_slice(&mut high[..self.width]);
            }
        }
    }

    pub fn token(&self) -> &str {
        std::str::from_utf8(&self.tokens[self.at..][..self.width]).expect("utf-8")
    }

    pub fn advance(&mut self) {
        self.at = (self.at + self.width) % self.tokens.len();
    }

    /// Puts the token that replaced this one in its place, and moves on.
    pub fn rotate(&mut self, newest: &str) {
        self.tokens[self.at..][..self.width].copy_from_slice(newest.as_bytes());
        self.advance();
    }
}
