//! What an authorization response carries.

/// What a client asks the authorization endpoint for [RFC 6749 §3.1.1].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseType {
    /// `code`: an authorization code [RFC 6749 §4.1.1].
    Code,
    /// `token`: an access token [RFC 6749 §4.2.1].
    Token,
    /// `none`: only that the person agreed [OAuth 2.0 Multiple Response Types §4].
    None,
}

impl ResponseType {
    /// Every response type that this crate serves.
    pub const ALL: &'static [Self] = &[Self::Code, Self::Token, Self::None];

    /// The response type of this name, which is one word: the order of words does not matter [RFC 6749 §3.1.1].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|own| own.as_str() == name)
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_one_word() {
        for one in ResponseType::ALL {
            assert_eq!(ResponseType::parse(one.as_str()), Some(*one));
            assert!(!one.as_str().contains(' '));
        }
        for other in ["", "Code", " code", "code code", "code token", "token code", "code  token", "id_token"] {
            assert_eq!(ResponseType::parse(other), None, "{other:?}");
        }
    }
}
