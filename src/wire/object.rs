//! A JSON object from outside, read strictly.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::form::Limits;
use crate::json;

/// The members of an object, each once, without those that are null.
#[derive(Clone, Debug)]
pub(crate) struct Object(Map<String, Value>);

/// Why a text is no object that is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectFault {
    /// The text is larger than allowed.
    #[error("the document is too large")]
    TooLarge,
    /// The text is no JSON object whose members come once, at any depth.
    #[error("the document is not a JSON object in which each member comes once")]
    NotAnObject,
    /// A list or an object with more entries than allowed.
    #[error("the document has too many members")]
    TooManyMembers,
    /// A text longer than allowed.
    #[error("the document has a text that is too long")]
    TextTooLong,
    /// A text with a control character, or one that reorders what is shown.
    #[error("the document has a control character")]
    ControlCharacter,
}

impl Object {
    /// Reads a body.
    pub(crate) fn parse(body: &[u8], limits: &Limits) -> Result<Self, ObjectFault> {
        if body.len() > limits.body {
            return Err(ObjectFault::TooLarge);
        }
        let mut members = json::object(body).ok_or(ObjectFault::NotAnObject)?;
        members.retain(|_, value| !value.is_null());
        check_members(&members, limits)?;
        Ok(Self(members))
    }

    /// Members that came in another way.
    #[cfg(feature = "jose")]
    pub(crate) fn of(mut members: Map<String, Value>, limits: &Limits) -> Result<Self, ObjectFault> {
        members.retain(|_, value| !value.is_null());
        check_members(&members, limits)?;
        Ok(Self(members))
    }

    /// Whether there is a member.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Takes a text out.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        let Some(Value::String(text)) = self.take(name) else { return None };
        Some(text)
    }

    /// The members that are left as a value of another type.
    pub(crate) fn read<T: DeserializeOwned>(self) -> serde_json::Result<T> {
        serde_json::from_value(Value::Object(self.0))
    }
}

fn check_members(members: &Map<String, Value>, limits: &Limits) -> Result<(), ObjectFault> {
    if members.len() > limits.parameters {
        return Err(ObjectFault::TooManyMembers);
    }
    members.iter().try_for_each(|(name, value)| {
        check_text(name, limits)?;
        check(value, limits)
    })
}

fn check(value: &Value, limits: &Limits) -> Result<(), ObjectFault> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) => check_text(text, limits),
        Value::Array(values) if values.len() > limits.parameters => Err(ObjectFault::TooManyMembers),
        Value::Array(values) => values.iter().try_for_each(|value| check(value, limits)),
        Value::Object(members) => check_members(members, limits),
    }
}

fn check_text(text: &str, limits: &Limits) -> Result<(), ObjectFault> {
    if text.len() > limits.value {
        return Err(ObjectFault::TextTooLong);
    }
    if text.chars().any(|letter| letter.is_control() || reorders(letter)) {
        Err(ObjectFault::ControlCharacter)
    } else {
        Ok(())
    }
}

/// Whether a letter makes what is around it look like something else on a page that shows it: line separators, and what
/// reverses the order of others [UAX #9 §2].
const fn reorders(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
