//! A JSON object written member by member: the bytes that `serde_json` would write, in a third of the time.

use serde::Serialize;

use super::form::holds;
use crate::record::Subject;

/// An object that is being written. Its methods are inlined, so that a name costs as little as one store.
pub(super) struct Members(Vec<u8>);

/// The name of a member, with all that stands between it and the inside of a text.
macro_rules! name {
    ($name:literal) => {
        $crate::wire::members::Name(concat!("\"", $name, "\":\""))
    };
}
pub(super) use name;

#[derive(Clone, Copy)]
pub(super) struct Name(pub(super) &'static str);

impl Members {
    pub(super) fn new() -> Self {
        // Tokens and what is said of them seldom need more.
        let mut text = Vec::with_capacity(512);
        text.push(b'{');
        Self(text)
    }

    /// Writes a text, if there is one.
    #[inline]
    pub(super) fn text(&mut self, name: Name, value: Option<&str>) {
        let Some(text) = value else { return };
        if holds(text.as_bytes(), is_escaped) {
            return self.value(name, value);
        }
        self.plain(name, value);
    }

    /// Writes the name of a person, if there is one: a text, which is not checked to be one again.
    #[inline]
    pub(super) fn subject(&mut self, name: Name, value: Option<&Subject>) {
        let Some(subject) = value else { return };
        let bytes = subject.as_bytes();
        if holds(bytes, is_escaped) {
            return self.value(name, value);
        }
        self.bytes(name, bytes);
    }

    /// Writes a text in which nothing can need an escape, if there is one.
    #[inline]
    pub(super) fn plain(&mut self, name: Name, value: Option<&str>) {
        let Some(text) = value else { return };
        self.bytes(name, text.as_bytes());
    }

    /// Writes any value, if there is one.
    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, name: Name, value: Option<&T>) {
        let Some(value) = value else { return };
        self.name(name);
        // Messages are made of texts, numbers and lists, which JSON can always express.
        let _ = serde_json::to_writer(&mut self.0, value);
        self.0.push(b',');
    }

    /// Writes what is JSON already.
    pub(super) fn json(&mut self, name: Name, value: &[u8]) {
        self.name(name);
        self.0.extend_from_slice(value);
        self.0.push(b',');
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        match self.0.last_mut() {
            Some(last) if *last == b',' => *last = b'}',
            Some(_) | None => self.0.push(b'}'),
        }
        self.0
    }

    #[inline]
    fn bytes(&mut self, name: Name, bytes: &[u8]) {
        self.0.extend_from_slice(name.0.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\",");
    }

    #[inline]
    fn name(&mut self, Name(name): Name) {
        self.0.extend_from_slice(name.strip_suffix('"').unwrap_or(name).as_bytes());
    }
}

const fn is_escaped(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}
