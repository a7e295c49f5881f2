//! What a token claims [RFC 7519 §4].

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::env::Timestamp;
use crate::json;

/// The last second of the year 9999: what is later is a mistake or an attack on arithmetic.
const END: u64 = 253_402_300_799;

/// How long a `jti` may be, in bytes, where it is kept [RFC 9449 §11.1].
pub(crate) const LONGEST_ID: usize = 256;

/// Why claims are not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimFault {
    /// The payload is no JSON object whose members come once.
    #[error("the payload is not a JSON object in which each member comes once")]
    NotAnObject,
    /// A claim is missing.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// A claim is of the wrong JSON type, or empty.
    #[error("the claim {0} is of the wrong type")]
    WrongType(&'static str),
    /// A time before 1970 or after 9999.
    #[error("the claim {0} is out of range")]
    OutOfRange(&'static str),
    /// Another issuer.
    #[error("the issuer is not the expected one")]
    Issuer,
    /// Another audience.
    #[error("the audience is not the expected one")]
    Audience,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is from the future")]
    NotYetValid,
    /// It was issued too long ago.
    #[error("the token is too old")]
    TooOld,
    /// It expires too late.
    #[error("the token is valid for too long")]
    LivesTooLong,
}

/// Whom a token is for: a text, or a list with one text at least.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 7519 §4.1.3 has these two")]
pub enum Audience {
    /// `"aud": "a"`
    One(String),
    /// `"aud": ["a"]`
    Many(Vec<String>),
}

impl Audience {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

/// What a token claims; each registered claim is absent or of its type.
#[derive(Clone, PartialEq)]
pub struct Claims {
    members: Map<String, Value>,
    audience: Option<Audience>,
    expires: Option<Timestamp>,
    not_before: Option<Timestamp>,
    issued: Option<Timestamp>,
}

impl Claims {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// It is no object whose members come once, or a registered claim is of another type or out of range; `null` is no
    /// absence.
    pub fn parse(payload: &[u8]) -> Result<Self, ClaimFault> {
        let members = json::object(payload).ok_or(ClaimFault::NotAnObject)?;
        for name in ["iss", "sub", "jti"] {
            text(&members, name)?;
        }
        let audience = members.get("aud").map(|aud| audience(aud).ok_or(ClaimFault::WrongType("aud"))).transpose()?;
        let time = |name, rounding| time(&members, name, rounding);
        let (expires, not_before) = (time("exp", f64::floor)?, time("nbf", f64::ceil)?);
        Ok(Self { audience, expires, not_before, issued: time("iat", f64::floor)?, members })
    }

    /// `iss`
    ///
    /// # Errors
    ///
    /// It is missing or empty.
    pub fn issuer(&self) -> Result<&str, ClaimFault> {
        self.required_text("iss")
    }

    /// `sub`
    ///
    /// # Errors
    ///
    /// It is missing or empty.
    pub fn subject(&self) -> Result<&str, ClaimFault> {
        self.required_text("sub")
    }

    /// `jti`
    ///
    /// # Errors
    ///
    /// It is missing or empty.
    pub fn id(&self) -> Result<&str, ClaimFault> {
        self.required_text("jti")
    }

    /// `aud`
    #[must_use]
    pub const fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    /// `exp`, without parts of a second.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// `nbf`, up to the next whole second.
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// `iat`, without parts of a second.
    #[must_use]
    pub const fn issued(&self) -> Option<Timestamp> {
        self.issued
    }

    /// Any claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// A claim that is a text, if it is there.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ClaimFault> {
        text(&self.members, name)
    }

    /// A claim that is a text.
    ///
    /// # Errors
    ///
    /// It is missing, something else, or empty.
    pub fn required_text(&self, name: &'static str) -> Result<&str, ClaimFault> {
        let text = self.text(name)?.ok_or(ClaimFault::Missing(name))?;
        if text.is_empty() { Err(ClaimFault::WrongType(name)) } else { Ok(text) }
    }

    /// A claim that is a time, without parts of a second, if it is there.
    ///
    /// # Errors
    ///
    /// It is something else, or out of range.
    pub fn time(&self, name: &'static str) -> Result<Option<Timestamp>, ClaimFault> {
        time(&self.members, name, f64::floor)
    }

    /// All claims, each once.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// All claims, each once, to keep.
    #[must_use]
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// Requires this issuer, byte for byte [RFC 8725 §3.8].
    ///
    /// # Errors
    ///
    /// It is missing or another.
    pub fn require_issuer(&self, issuer: &str) -> Result<(), ClaimFault> {
        if self.issuer()? == issuer { Ok(()) } else { Err(ClaimFault::Issuer) }
    }

    /// Requires that one of these is among the audience [RFC 8725 §3.9].
    ///
    /// # Errors
    ///
    /// There is no audience, or it is another.
    pub fn require_audience(&self, any: &[&str]) -> Result<(), ClaimFault> {
        let audience = self.audience.as_ref().ok_or(ClaimFault::Missing("aud"))?;
        if audience.iter().any(|own| any.contains(&own)) { Ok(()) } else { Err(ClaimFault::Audience) }
    }

    /// Requires that this is the whole audience.
    ///
    /// # Errors
    ///
    /// There is no audience, or it is another, or has others in it.
    pub fn require_sole_audience(&self, only: &str) -> Result<(), ClaimFault> {
        let mut audience = self.audience.as_ref().ok_or(ClaimFault::Missing("aud"))?.iter();
        if audience.next() == Some(only) && audience.next().is_none() { Ok(()) } else { Err(ClaimFault::Audience) }
    }

    /// Requires that it is the time for them.
    ///
    /// # Errors
    ///
    /// A time is missing that is required, or it is too early or too late.
    pub fn require_times(&self, times: &Times) -> Result<(), ClaimFault> {
        let Times { now, tolerance, expiry_required, longest, oldest } = *times;
        let (early, late) = (now.minus(tolerance), now.plus(tolerance));
        match self.expires {
            // [RFC 7519 §4.1.4]: "on or after".
            Some(expires) if early >= expires => return Err(ClaimFault::Expired),
            Some(expires) if longest.is_some_and(|longest| expires > late.plus(longest)) => {
                return Err(ClaimFault::LivesTooLong);
            }
            None if expiry_required => return Err(ClaimFault::Missing("exp")),
            Some(_) | None => {}
        }
        if self.not_before.max(self.issued).is_some_and(|begins| begins > late) {
            return Err(ClaimFault::NotYetValid);
        }
        let Some(oldest) = oldest else { return Ok(()) };
        let issued = self.issued.ok_or(ClaimFault::Missing("iat"))?;
        if issued.plus(oldest) < early { Err(ClaimFault::TooOld) } else { Ok(()) }
    }
}

/// Claims are about a person, or hold a code or a token [JARM §2.1], so only their names are shown.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claims").field(&self.members.keys().collect::<Vec<_>>()).finish()
    }
}

/// What time it is, and what that means for tokens. A token is in time
///
/// - until `exp + tolerance`, that second no longer;
/// - from `nbf - tolerance` and from `iat - tolerance` on, that second included;
/// - where they are limited: until `iat + issued_within + tolerance`, that second included, and if `exp` is at most
///   `now + living_at_most + tolerance`.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    now: Timestamp,
    tolerance: Duration,
    expiry_required: bool,
    longest: Option<Duration>,
    oldest: Option<Duration>,
}

impl Times {
    /// It is `now`, clocks agree, and tokens must expire.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self { now, tolerance: Duration::ZERO, expiry_required: true, longest: None, oldest: None }
    }

    /// Clocks differ by so much at most, in whole seconds.
    #[must_use]
    pub const fn tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    /// Tokens need not expire, but must not have.
    #[must_use]
    pub const fn expiry_optional(self) -> Self {
        Self { expiry_required: false, ..self }
    }

    /// Tokens may not expire later than this from now.
    #[must_use]
    pub const fn living_at_most(self, longest: Duration) -> Self {
        Self { longest: Some(longest), ..self }
    }

    /// Tokens must say when they were issued, and it must not be longer ago.
    #[must_use]
    pub const fn issued_within(self, oldest: Duration) -> Self {
        Self { oldest: Some(oldest), ..self }
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, ClaimFault> {
    members.get(name).map(|value| value.as_str().ok_or(ClaimFault::WrongType(name))).transpose()
}

fn audience(value: &Value) -> Option<Audience> {
    match value {
        Value::String(one) => Some(Audience::One(one.clone())),
        Value::Array(many) if !many.is_empty() => {
            many.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().map(Audience::Many)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A NumericDate [RFC 7519 §2]: a number, whole or not.
fn time(
    members: &Map<String, Value>,
    name: &'static str,
    rounding: fn(f64) -> f64,
) -> Result<Option<Timestamp>, ClaimFault> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let Value::Number(number) = value else { return Err(ClaimFault::WrongType(name)) };
    let seconds = number.as_u64().or_else(|| {
        let seconds = rounding(number.as_f64()?);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range")]
        (0.0..=END as f64).contains(&seconds).then_some(seconds as u64)
    });
    let seconds = seconds.filter(|seconds| *seconds <= END).ok_or(ClaimFault::OutOfRange(name))?;
    Ok(Some(Timestamp::from_unix(seconds)))
}
