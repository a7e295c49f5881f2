//! `application/x-www-form-urlencoded`, read strictly.

use std::borrow::Cow;
use std::fmt;
use std::mem;

use memchr::memchr;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::ensure::ensure;
use crate::record::Exposed;

/// What a request may hold at most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a body or a query; 64 KiB by default.
    pub body: usize,
    /// Parameters of a request; 64 by default.
    pub parameters: usize,
    /// Bytes of one name or value once decoded; 8 KiB by default.
    pub value: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 64 * 1024, parameters: 64, value: 8 * 1024 }
    }
}

/// Why a request could not be read as parameters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The body is larger than allowed.
    #[error("the request is too large")]
    TooLarge,
    /// The body is not of the one type that is read [RFC 6749 §3.2].
    #[error("only bodies of type application/x-www-form-urlencoded are supported")]
    ContentType,
    /// More parameters than allowed.
    #[error("the request has too many parameters")]
    TooManyParameters,
    /// A name or value longer than allowed.
    #[error("a parameter is too long")]
    ValueTooLong,
    /// A percent sign without two hexadecimal digits, or bytes that are no UTF-8 [RFC 6749 §B].
    #[error("a parameter is not correctly percent-encoded UTF-8")]
    Encoding,
    /// A control character.
    #[error("a parameter has a control character")]
    ControlCharacter,
    /// A parameter was given more than once [RFC 6749 §3.1, §3.2].
    #[error("a parameter is given more than once")]
    Repeated,
}

/// Parameters that may be given more than once [RFC 8707 §2, RFC 8693 §2.1].
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Parameters in JSON, which may have lines.
const JSON: [&str; 1] = ["authorization_details"];

/// The parameters of one request, in order, without those that have no value [RFC 6749 §3.1].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Form<'a> {
    /// Names and values; an empty one counts as none, and is left where one was taken.
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// How many values were not taken.
    left: usize,
    /// Names that were given more than once and may not be.
    repeated: Vec<String>,
}

impl<'a> Form<'a> {
    /// Reads a query or a body.
    pub(crate) fn parse(text: &'a [u8], limits: &Limits) -> Result<Self, Malformed> {
        if text.len() > limits.body {
            return Err(Malformed::TooLarge);
        }
        let text = str::from_utf8(text).map_err(|_| Malformed::Encoding)?;
        let plain = is_plain(text);
        let mut form = Self { parameters: Vec::with_capacity(8), left: 0, repeated: Vec::new() };
        let mut rest = text;
        while !rest.is_empty() {
            let (pair, after) = split(rest, b'&').unwrap_or((rest, ""));
            rest = after;
            if pair.is_empty() {
                continue;
            }
            if form.parameters.len() >= limits.parameters {
                return Err(Malformed::TooManyParameters);
            }
            let (name, value) = split(pair, b'=').unwrap_or((pair, ""));
            if plain || is_plain(pair) {
                ensure(name.len().max(value.len()) <= limits.value, Malformed::ValueTooLong)?;
                form.add(name, value);
            } else {
                let name = decode(name, limits, &[])?;
                let lines: &[char] = if JSON.contains(&&*name) { &['\t', '\n', '\r'] } else { &[] };
                let value = decode(value, limits, lines)?;
                form.add(name, value);
            }
        }
        Ok(form)
    }

    /// Adds a parameter. Without a value it counts as repeated if it comes again, and as absent otherwise.
    fn add<T: AsRef<str> + Into<Cow<'a, str>>>(&mut self, name: T, value: T) {
        if self.parameters.iter().any(|(own, _)| own == name.as_ref()) {
            self.add_repeated(name.as_ref());
        }
        self.left += usize::from(!value.as_ref().is_empty());
        self.parameters.push((name.into(), value.into()));
    }

    fn add_repeated(&mut self, name: &str) {
        if !REPEATABLE.contains(&name) && !self.repeated.iter().any(|own| own == name) {
            self.repeated.push(name.to_owned());
        }
    }

    /// Parameters that came in another way, some of them more than once.
    #[cfg(feature = "jose")]
    pub(super) fn of(parameters: Vec<(String, String)>, repeated: Vec<String>) -> Self {
        let parameters: Vec<(Cow<'a, str>, Cow<'a, str>)> =
            parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let left = parameters.iter().filter(|(_, value)| !value.is_empty()).count();
        Self { parameters, left, repeated }
    }

    /// The same, refusing any repetition.
    pub(crate) fn parse_unrepeated(text: &'a [u8], limits: &Limits) -> Result<Self, Malformed> {
        let form = Self::parse(text, limits)?;
        if form.repeated.is_empty() { Ok(form) } else { Err(Malformed::Repeated) }
    }

    /// Takes out a parameter's first value.
    pub(crate) fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        if self.left == 0 {
            return None;
        }
        let (_, value) = self.parameters.iter_mut().find(|(own, value)| own == name && !value.is_empty())?;
        self.left -= 1;
        Some(mem::take(value))
    }

    /// Takes out a parameter's first value as a text of its own.
    pub(crate) fn take_owned(&mut self, name: &str) -> Option<String> {
        self.take(name).map(Cow::into_owned)
    }

    /// Takes out a parameter's first value as `read` understands it. What had to be decoded for that is wiped.
    pub(crate) fn take_secret<T>(&mut self, name: &str, read: impl FnOnce(&str) -> T) -> Option<T> {
        Some(match self.take(name)? {
            Cow::Borrowed(text) => read(text),
            Cow::Owned(text) => read(Exposed::new(text).as_str()),
        })
    }

    /// Takes out every value of a parameter, in order.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<String> {
        std::iter::from_fn(|| self.take_owned(name)).collect()
    }

    pub(crate) fn repeated(&mut self) -> Vec<String> {
        mem::take(&mut self.repeated)
    }

    /// What was not taken: kept for extensions, never acted on.
    pub(crate) fn rest(self) -> Parameters {
        if self.left == 0 {
            return Parameters::new();
        }
        let untaken = self.parameters.into_iter().filter(|(_, value)| !value.is_empty());
        untaken.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }
}

/// Parameters that nobody here knows. Their values may be secrets of an extension, so `Debug` shows only names.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The first value of a parameter.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(own, value)| (own == name).then_some(value.as_str()))
    }

    /// Names and values, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, String)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(parameters: I) -> Self {
        let mut all: Vec<_> = parameters.into_iter().collect();
        all.sort();
        Self(all)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What is before the first `at`, an ASCII character, and what is behind it.
pub(super) fn split(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = memchr(at, text.as_bytes())?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// Whether there is nothing to decode and nothing to refuse.
pub(super) fn is_plain(text: &str) -> bool {
    !holds(text.as_bytes(), |byte| matches!(byte, b'%' | b'+') || !matches!(byte, b' '..=b'~'))
}

fn decode<'a>(text: &'a str, limits: &Limits, lines: &[char]) -> Result<Cow<'a, str>, Malformed> {
    let decoded = decode_component(text).ok_or(Malformed::Encoding)?;
    if decoded.len() > limits.value {
        return Err(Malformed::ValueTooLong);
    }
    let suspect = holds(decoded.as_bytes(), |byte| !matches!(byte, b' '..=b'~'));
    let control = suspect && decoded.chars().any(|c| c.is_control() && !lines.contains(&c));
    if control { Err(Malformed::ControlCharacter) } else { Ok(decoded) }
}

/// Decodes one form component, or nothing if a percent sign is not followed by two hexadecimal digits or the bytes are
/// no UTF-8 [RFC 6749 §B].
pub(crate) fn decode_component(text: &str) -> Option<Cow<'_, str>> {
    let Some(first) = text.bytes().position(|byte| matches!(byte, b'%' | b'+')) else {
        return Some(Cow::Borrowed(text));
    };
    let (plain, rest) = text.as_bytes().split_at_checked(first)?;
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend_from_slice(plain);
    let mut bytes = rest.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hexadecimal(bytes.next()?)? << 4 | hexadecimal(bytes.next()?)?,
            b'+' => b' ',
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Whether some byte is so; looks at all of them, which takes less time than to stop early.
pub(super) fn holds(text: &[u8], is: impl Fn(u8) -> bool) -> bool {
    text.iter().fold(false, |found, byte| found | is(*byte))
}

const fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends `name=value`, with `&` before it unless `to` is empty or ends with `?`.
pub(crate) fn append(to: &mut String, name: &str, value: &str) {
    if !(to.is_empty() || to.ends_with(['?', '&', '#'])) {
        to.push('&');
    }
    encode(to, name);
    to.push('=');
    encode(to, value);
}

/// Appends one component.
fn encode(to: &mut String, text: &str) {
    if holds(text.as_bytes(), |byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))) {
        to.extend(utf8_percent_encode(text, UNRESERVED));
    } else {
        to.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Form<'_>, Malformed> {
        Form::parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn values_are_decoded_and_empty_ones_are_absent() {
        let mut form = parse("a=b+c%2Bd&e=&f&%C3%A9=1&&").unwrap();
        assert_eq!(form.take("a").as_deref(), Some("b c+d"));
        assert_eq!(form.take("e"), None);
        assert_eq!(form.take("f"), None);
        assert_eq!(form.take("é").as_deref(), Some("1"));
        assert!(form.rest().is_empty());
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for (text, fault) in [
            ("a=%", Malformed::Encoding),
            ("a=%2", Malformed::Encoding),
            ("a=%zz", Malformed::Encoding),
            ("a=%+1", Malformed::Encoding),
            ("a=%ff", Malformed::Encoding),
            ("a=%00", Malformed::ControlCharacter),
            ("a=b%0Ac", Malformed::ControlCharacter),
            ("a%0d=b", Malformed::ControlCharacter),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        assert_eq!(Form::parse(b"a=\xff", &Limits::default()), Err(Malformed::Encoding));
    }

    #[test]
    fn json_may_have_lines_and_nothing_else_may() {
        let mut form = parse("authorization_details=%5B%0D%0A%09%5D").unwrap();
        assert_eq!(form.take("authorization_details").as_deref(), Some("[\r\n\t]"));
        assert_eq!(parse("authorization_details=%00"), Err(Malformed::ControlCharacter));
        assert_eq!(parse("authorization_details%0A=1"), Err(Malformed::ControlCharacter));
    }

    #[test]
    fn repetition_is_seen_even_without_a_value() {
        for text in ["a=1&a=2", "a=1&a=1", "a=&a=2", "a=1&a", "a&a", "%61=1&a=2"] {
            assert_eq!(parse(text).unwrap().repeated(), ["a"], "{text}");
            assert_eq!(Form::parse_unrepeated(text.as_bytes(), &Limits::default()), Err(Malformed::Repeated), "{text}");
        }
        assert!(parse("resource=1&resource=2&a=1").unwrap().repeated().is_empty());
    }

    #[test]
    fn the_first_value_is_taken_whatever_was_taken_before() {
        let mut form = parse("a=1&b=1&b=2&b=3").unwrap();
        assert_eq!(form.take("a").as_deref(), Some("1"));
        assert_eq!(form.take("b").as_deref(), Some("1"));
        assert_eq!(form.take("b").as_deref(), Some("2"));
    }

    #[test]
    fn a_secret_is_read_as_it_was_sent() {
        let mut form = parse("a=b~c&d=%65%26&e=").unwrap();
        let mut read = |name: &str| form.take_secret(name, str::to_owned);
        assert_eq!(["a", "d", "e", "a"].map(&mut read), [Some("b~c".to_owned()), Some("e&".to_owned()), None, None]);
    }

    #[test]
    fn limits_hold() {
        let limits = Limits { body: 10, parameters: 2, value: 3 };
        assert_eq!(Form::parse(b"a=123&b=12", &limits).unwrap().rest().iter().count(), 2);
        assert_eq!(Form::parse(b"a=123&b=123", &limits), Err(Malformed::TooLarge));
        assert_eq!(Form::parse(b"a&b&c", &limits), Err(Malformed::TooManyParameters));
        assert_eq!(Form::parse(b"a=1234", &limits), Err(Malformed::ValueTooLong));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut text = String::new();
        for (name, value) in [("a", "b c+d&=?é"), ("ü", "~-._%")] {
            append(&mut text, name, value);
        }
        let mut form = parse(&text).unwrap();
        assert_eq!(form.take("a").as_deref(), Some("b c+d&=?é"));
        assert_eq!(form.take("ü").as_deref(), Some("~-._%"));
    }
}
