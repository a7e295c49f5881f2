//! Scope: a set of case-sensitive words.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// A set of scope tokens in the order they were given [RFC 6749 §3.3].
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Scope(Arc<str>);

impl Scope {
    /// Reads a space-delimited list; repeated words count once.
    ///
    /// # Errors
    ///
    /// A character outside `%x21 / %x23-5B / %x5D-7E` [RFC 6749 §A.4].
    pub fn parse(text: &str) -> Result<Self, ScopeMalformed> {
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(ScopeMalformed);
        }
        if is_canonical(text) { Ok(Self(text.into())) } else { Ok(Self::of(text.split(' '))) }
    }

    /// No scope at all.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        let mut seen = BTreeSet::new();
        for word in words {
            if word.is_empty() || !seen.insert(word) {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        Self(text.into())
    }

    /// The words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        // There is no other white space in it.
        self.0.split_ascii_whitespace()
    }

    /// The words, space-delimited.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `word` is one of the words.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        // Bytes, since words are short: a search for text costs more than it finds.
        self.0.as_bytes().split(|byte| *byte == b' ').any(|own| own == word.as_bytes() && !own.is_empty())
    }

    /// Whether `other` has the same words in the same order.
    pub(crate) fn is_written_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }

    /// Whether every word of `other` is here.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.is_written_as(other) || other.words().all(|word| self.contains(word))
    }

    /// The words that `keep` accepts.
    #[must_use]
    pub fn filtered(&self, keep: impl FnMut(&str) -> bool) -> Self {
        self.kept(keep).into_owned()
    }

    /// The same, without another scope if that is all of them.
    pub(crate) fn kept(&self, mut keep: impl FnMut(&str) -> bool) -> Cow<'_, Self> {
        if self.words().all(&mut keep) {
            Cow::Borrowed(self)
        } else {
            Cow::Owned(Self::of(self.words().filter(|word| keep(word))))
        }
    }

    pub(crate) fn into_filtered(self, keep: impl FnMut(&str) -> bool) -> Self {
        let other = match self.kept(keep) {
            Cow::Owned(other) => Some(other),
            Cow::Borrowed(_) => None,
        };
        other.unwrap_or(self)
    }

    /// The words of both.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        if self.covers(other) { self.clone() } else { Self::of(self.words().chain(other.words())) }
    }

    /// The words that `other` has not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.filtered(|word| !other.contains(word))
    }
}

/// Whether each word comes once, with one space between two. It may say no where there are many.
fn is_canonical(text: &str) -> bool {
    const FEW: usize = 16;
    let words = || text.as_bytes().split(|byte| *byte == b' ');
    let once = |(place, word): (usize, &[u8])| !word.is_empty() && words().take(place).all(|before| before != word);
    words().count() <= FEW && words().enumerate().all(once)
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }
}

impl Eq for Scope {}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({:?})", &*self.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeMalformed;

    fn try_from(text: String) -> Result<Self, ScopeMalformed> {
        Self::parse(&text)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// A scope has a character that no scope token may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a scope is printable ASCII words, without quotation marks and backslashes")]
#[non_exhaustive]
pub struct ScopeMalformed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_set_in_order() {
        let scope = Scope::parse("read  write read ").unwrap();
        assert_eq!(scope.as_str(), "read write");
        assert_eq!(scope, Scope::parse("write read").unwrap());
        assert_ne!(scope, Scope::parse("write").unwrap());
        assert!(Scope::parse("").unwrap().is_empty());
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for text in ["a\"b", "a\\b", "a\nb", "é", "a\u{7f}"] {
            assert_eq!(Scope::parse(text), Err(ScopeMalformed), "{text:?}");
        }
        assert!(Scope::parse("https://api.example/read:all").is_ok());
    }
}
