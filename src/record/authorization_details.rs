//! Authorization details: what a client asks for, more finely than words can say [RFC 9396].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ensure::ensure;
use crate::json;

/// The member that says what the others mean [RFC 9396 §2].
const TYPE: &str = "type";

/// Authorization details in the order they were given [RFC 9396 §2]. They can be personal, so `Debug` shows only types.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Vec<AuthorizationDetail>", into = "Vec<AuthorizationDetail>")]
// Not `Arc<[_]>`: one word, as most grants have none.
pub struct AuthorizationDetails(Option<Arc<Vec<AuthorizationDetail>>>);

impl AuthorizationDetails {
    /// How many details one request may have.
    pub const MOST: usize = 32;

    /// How deeply one detail may be nested.
    pub const DEEPEST: usize = 16;

    /// No details at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Reads a JSON array of objects, each with a `type`, in which no member comes twice.
    ///
    /// # Errors
    ///
    /// The text is something else, or has more or deeper details than anyone needs.
    pub fn parse(text: &str) -> Result<Self, DetailsFault> {
        let Some(Value::Array(details)) = json::value(text.as_bytes()) else { return Err(DetailsFault::Malformed) };
        ensure(details.len() <= Self::MOST, DetailsFault::TooLarge)?;
        ensure(details.iter().all(|detail| is_within(detail, Self::DEEPEST)), DetailsFault::TooLarge)?;
        details.into_iter().map(AuthorizationDetail::try_from).collect()
    }

    /// The details.
    pub fn iter(&self) -> impl Iterator<Item = &AuthorizationDetail> {
        self.0.iter().flat_map(|details| details.iter())
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The details that `keep` accepts.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&AuthorizationDetail) -> bool) -> Self {
        if self.iter().all(&mut keep) { self.clone() } else { self.iter().filter(|one| keep(one)).cloned().collect() }
    }
}

/// Whether no array or object in `value` has more than `depth` others around it.
fn is_within(value: &Value, depth: usize) -> bool {
    let Some(left) = depth.checked_sub(1) else { return !(value.is_array() || value.is_object()) };
    match value {
        Value::Array(values) => values.iter().all(|value| is_within(value, left)),
        Value::Object(members) => members.values().all(|value| is_within(value, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

impl FromIterator<AuthorizationDetail> for AuthorizationDetails {
    fn from_iter<I: IntoIterator<Item = AuthorizationDetail>>(details: I) -> Self {
        let details: Vec<_> = details.into_iter().collect();
        Self((!details.is_empty()).then(|| Arc::new(details)))
    }
}

impl From<Vec<AuthorizationDetail>> for AuthorizationDetails {
    fn from(details: Vec<AuthorizationDetail>) -> Self {
        details.into_iter().collect()
    }
}

impl From<AuthorizationDetails> for Vec<AuthorizationDetail> {
    fn from(details: AuthorizationDetails) -> Self {
        details.iter().cloned().collect()
    }
}

impl fmt::Debug for AuthorizationDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(AuthorizationDetail::type_name)).finish()
    }
}

/// One authorization detail: a JSON object with a `type`, which says what its other members mean.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct AuthorizationDetail(Map<String, Value>);

impl AuthorizationDetail {
    /// A detail of this type, with nothing else in it.
    #[must_use]
    pub fn new(type_name: &str) -> Self {
        Self(Map::from_iter([(TYPE.to_owned(), type_name.into())]))
    }

    /// The same with one more member, or with another value of it; its type stays what it is.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if name != TYPE {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Its type.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.0.get(TYPE).and_then(Value::as_str).unwrap_or_default()
    }

    /// The value of a member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Names and values of all members, its type among them.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Requires that there are no members but `type` and these [RFC 9396 §5].
    ///
    /// # Errors
    ///
    /// There is another one.
    pub fn only(&self, members: &[&str]) -> Result<(), DetailsFault> {
        let known = |name: &str| name == TYPE || members.contains(&name);
        ensure(self.members().all(|(name, _)| known(name)), DetailsFault::MemberUnknown)
    }

    /// The value of a member that is a text.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn text(&self, name: &str) -> Result<Option<&str>, DetailsFault> {
        self.member(name).map(|value| value.as_str().ok_or(DetailsFault::MemberInvalid)).transpose()
    }

    /// The values of a member that is an array of texts.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, DetailsFault> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let values = value.as_array().ok_or(DetailsFault::MemberInvalid)?;
        values.iter().map(|value| value.as_str().ok_or(DetailsFault::MemberInvalid)).collect::<Result<_, _>>().map(Some)
    }
}

impl TryFrom<Value> for AuthorizationDetail {
    type Error = DetailsFault;

    fn try_from(value: Value) -> Result<Self, DetailsFault> {
        let Value::Object(members) = value else { return Err(DetailsFault::Malformed) };
        ensure(members.get(TYPE).is_some_and(Value::is_string), DetailsFault::TypeMissing)?;
        Ok(Self(members))
    }
}

impl From<AuthorizationDetail> for Value {
    fn from(detail: AuthorizationDetail) -> Self {
        Self::Object(detail.0)
    }
}

impl fmt::Debug for AuthorizationDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationDetail").field("type", &self.type_name()).finish_non_exhaustive()
    }
}

/// Why authorization details are refused, as `invalid_authorization_details` [RFC 9396 §5].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DetailsFault {
    /// The text is no JSON array of objects.
    Malformed,
    /// There are too many details, or one is nested too deeply.
    TooLarge,
    /// A detail has no `type`, or one that is no text.
    TypeMissing,
    /// The type is not known here.
    TypeUnknown,
    /// The client may not ask for details of this type.
    TypeNotAllowed,
    /// A detail has a member that its type does not know.
    MemberUnknown,
    /// A detail lacks a member that its type requires.
    MemberMissing,
    /// A member has a value that its type does not allow.
    MemberInvalid,
    /// The client may not ask for this detail.
    NotAllowed,
    /// The grant does not cover what is asked for [RFC 9396 §6].
    ExceedsGrant,
}

impl DetailsFault {
    pub(crate) const fn wording(self) -> &'static str {
        match self {
            Self::Malformed => "authorization_details is not a JSON array of objects",
            Self::TooLarge => "authorization_details has too many or too deeply nested details",
            Self::TypeMissing => "a detail has no type",
            Self::TypeUnknown => "the type of a detail is not supported",
            Self::TypeNotAllowed => "the client may not request details of this type",
            Self::MemberUnknown => "a detail has a member that its type does not know",
            Self::MemberMissing => "a detail lacks a member that its type requires",
            Self::MemberInvalid => "a detail has a member whose value its type does not allow",
            Self::NotAllowed => "the client may not request this detail",
            Self::ExceedsGrant => "the requested details exceed what was granted",
        }
    }
}

impl fmt::Display for DetailsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wording())
    }
}

impl std::error::Error for DetailsFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_objects_with_a_type() {
        for (text, fault) in [
            ("", DetailsFault::Malformed),
            ("nonsense", DetailsFault::Malformed),
            ("null", DetailsFault::Malformed),
            (r#"{"type":"a"}"#, DetailsFault::Malformed),
            (r#"[{"type":"a"},"b"]"#, DetailsFault::Malformed),
            (r#"[[{"type":"a"}]]"#, DetailsFault::Malformed),
            (r#"[{"type":"a"}] x"#, DetailsFault::Malformed),
            ("[{}]", DetailsFault::TypeMissing),
            (r#"[{"type":7}]"#, DetailsFault::TypeMissing),
            (r#"[{"type":null}]"#, DetailsFault::TypeMissing),
            (r#"[{"Type":"a"}]"#, DetailsFault::TypeMissing),
        ] {
            assert_eq!(AuthorizationDetails::parse(text), Err(fault), "{text}");
        }
        assert!(AuthorizationDetails::parse(" [ ] ").unwrap().is_empty());
        let two = AuthorizationDetails::parse(r#"[{"type":"a"},{"type":"a","b":[1,{"c":null}]}]"#).unwrap();
        assert_eq!(two.iter().count(), 2);
        assert_eq!(serde_json::to_string(&two).unwrap(), r#"[{"type":"a"},{"b":[1,{"c":null}],"type":"a"}]"#);
        assert_eq!(format!("{two:?}"), r#"["a", "a"]"#);
    }

    #[test]
    fn bounds_hold() {
        let nested = |depth: usize| format!(r#"[{{"type":"a","b":{}{}}}]"#, "[".repeat(depth), "]".repeat(depth));
        assert!(AuthorizationDetails::parse(&nested(15)).is_ok());
        assert_eq!(AuthorizationDetails::parse(&nested(16)), Err(DetailsFault::TooLarge));
        assert_eq!(AuthorizationDetails::parse(&nested(4000)), Err(DetailsFault::Malformed));
        let many = |count: usize| format!("[{}]", vec![r#"{"type":"a"}"#; count].join(","));
        assert!(AuthorizationDetails::parse(&many(32)).is_ok());
        assert_eq!(AuthorizationDetails::parse(&many(33)), Err(DetailsFault::TooLarge));
    }

    #[test]
    fn members_are_read_by_their_kind() {
        let detail = AuthorizationDetail::new("a").with("one", "x").with("many", vec!["x", "y"]).with("type", "b");
        assert_eq!(detail.type_name(), "a");
        assert_eq!((detail.text("one"), detail.text("none")), (Ok(Some("x")), Ok(None)));
        assert_eq!((detail.texts("many"), detail.texts("none")), (Ok(Some(vec!["x", "y"])), Ok(None)));
        assert_eq!(detail.text("many"), Err(DetailsFault::MemberInvalid));
        assert_eq!(detail.texts("one"), Err(DetailsFault::MemberInvalid));
        assert_eq!(detail.clone().with("many", vec![1]).texts("many"), Err(DetailsFault::MemberInvalid));
        assert_eq!(detail.only(&["one", "many", "other"]), Ok(()));
        assert_eq!(detail.only(&["one"]), Err(DetailsFault::MemberUnknown));
    }
}
