//! Proof Key for Code Exchange [RFC 7636].

use crate::record::{Challenge, Digest};

/// How a code challenge is made from its verifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ChallengeMethod {
    /// The SHA-256 of the verifier, base64url.
    S256,
    /// The verifier itself: whoever sees the authorization request can redeem the code.
    Plain,
}

impl ChallengeMethod {
    /// The method of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "S256" => Some(Self::S256),
            "plain" => Some(Self::Plain),
            _ => None,
        }
    }

    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }
}

impl Challenge {
    /// Reads a challenge, or nothing if its method never makes such a one [RFC 7636 §4.2].
    pub(crate) fn parse(method: ChallengeMethod, text: &str) -> Option<Self> {
        match method {
            ChallengeMethod::S256 => Digest::parse(text).map(Self),
            ChallengeMethod::Plain => is_verifier(text).then(|| Self(Digest::of(text.as_bytes()))),
        }
    }

    /// Whether it was made from `verifier` [RFC 7636 §4.6].
    pub(crate) fn fits(self, verifier: &str) -> bool {
        self.0.matches(verifier.as_bytes())
    }
}

/// 43 to 128 unreserved characters [RFC 7636 §4.1].
pub(crate) fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let challenge = Challenge::parse(ChallengeMethod::S256, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.fits("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
    }

    #[test]
    fn lengths_and_characters_are_checked() {
        for (method, text, good) in [
            (ChallengeMethod::S256, "A".repeat(43), true),
            (ChallengeMethod::S256, "A".repeat(42), false),
            (ChallengeMethod::S256, "A".repeat(44), false),
            (ChallengeMethod::S256, "A".repeat(129), false),
            (ChallengeMethod::S256, format!("{}B", "A".repeat(42)), false),
            (ChallengeMethod::S256, format!("{}+", "A".repeat(42)), false),
            (ChallengeMethod::Plain, "A".repeat(42), false),
            (ChallengeMethod::Plain, "~".repeat(43), true),
            (ChallengeMethod::Plain, "~".repeat(128), true),
            (ChallengeMethod::Plain, "A".repeat(129), false),
            (ChallengeMethod::Plain, format!("{} ", "A".repeat(43)), false),
        ] {
            assert_eq!(Challenge::parse(method, &text).is_some(), good, "{method:?} {text}");
        }
    }
}
