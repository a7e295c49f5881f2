//! The short code that a person types on another device, and the grant it stands for [RFC 8628 §6.1].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ClientId, Digest, GrantId};

/// Finds a pending device authorization by the code that a person types.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct UserCode {
    pub(crate) id: Digest,
    pub(crate) grant: GrantId,
    pub(crate) client: ClientId,
}

/// How user codes look, and so how hard they are to guess.
///
/// With `n` codes pending, one guess hits with a chance of `n / alphabet^length`. Eight of twenty letters are 2^34.5
/// codes: at 5 guesses in each of 1000 code lifetimes, an attacker hits one given code once in 5 million tries
/// [RFC 8628 §5.1].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserCodeFormat {
    alphabet: &'static str,
    length: usize,
    group: usize,
}

impl UserCodeFormat {
    /// `WDJB-MJHT`: consonants alone, so that no words come out.
    pub const LETTERS: Self = Self { alphabet: "BCDFGHJKLMNPQRSTVWXZ", length: 8, group: 4 };

    /// `019-450-730`: for remote controls, and for people who do not write Latin letters.
    pub const DIGITS: Self = Self { alphabet: "0123456789", length: 9, group: 3 };

    /// The same with codes of `length` characters, shown in groups of `group`.
    #[must_use]
    pub const fn of_length(self, length: usize, group: usize) -> Self {
        Self { length, group, ..self }
    }

    /// Whether a code can be drawn from 32 bytes and is not too easy to guess: 2^26 codes at least.
    pub(crate) fn is_sound(&self) -> bool {
        let codes = u32::try_from(self.length).ok().and_then(|length| self.alphabet.len().checked_pow(length));
        self.length <= 12 && self.group > 0 && codes.is_some_and(|codes| codes >= 1 << 26)
    }

    /// Draws a code from random bytes, every code as likely as any other.
    pub(crate) fn draw(&self, random: &[u8; 32]) -> TypedCode {
        let characters = self.alphabet.as_bytes();
        let count = u8::try_from(characters.len()).unwrap_or(u8::MAX).max(1);
        // A byte beyond the last whole multiple would favour the first characters; only if nearly all are, they count.
        let fair = |byte: &&u8| **byte < u8::MAX - (u8::MAX % count);
        let drawn = random.iter().filter(fair).chain(random).take(self.length);
        TypedCode(drawn.filter_map(|byte| characters.get(usize::from(byte % count)).copied().map(char::from)).collect())
    }

    /// Reads what a person typed: any case, with spaces and dashes wherever they like [RFC 8628 §6.1].
    pub(crate) fn read(&self, typed: &str) -> Option<TypedCode> {
        if typed.len() > 64 {
            return None;
        }
        let code: String =
            typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—' | '_' | '.')).collect();
        let code = code.to_uppercase();
        (code.len() == self.length && code.chars().all(|c| self.alphabet.contains(c))).then_some(TypedCode(code))
    }

    /// The code as it is shown, in groups.
    pub(crate) fn show(&self, code: &TypedCode) -> String {
        let mut shown = String::with_capacity(self.length * 2);
        for (place, character) in code.0.chars().enumerate() {
            if place > 0 && place % self.group == 0 {
                shown.push('-');
            }
            shown.push(character);
        }
        shown
    }
}

/// A user code in its one spelling.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct TypedCode(String);

impl TypedCode {
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let format = UserCodeFormat::LETTERS;
        let code = format.draw(&[7; 32]);
        let shown = format.show(&code);
        assert_eq!(shown.len(), 9);
        for typed in
            [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), format!(" {} ", shown.replace('-', " - "))]
        {
            assert_eq!(format.read(&typed), Some(code.clone()), "{typed}");
        }
        for typed in ["", "BCDF-GHJ", "BCDF-GHJA", "BCDF-GHJKL", &"B".repeat(70)] {
            assert_eq!(format.read(typed), None, "{typed}");
        }
    }

    #[test]
    fn no_character_is_favoured() {
        let format = UserCodeFormat::DIGITS;
        // 250 to 255 would make 0 to 5 more likely.
        let bytes = std::array::from_fn(|i| if i % 2 == 0 { 255 } else { 9 });
        assert_eq!(format.show(&format.draw(&bytes)), "999-999-999");
    }
}
