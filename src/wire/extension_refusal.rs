//! Why a grant type of a host refuses.

/// An error of the token endpoint, as a host words it [RFC 6749 §5.2].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExtensionRefusal {
    error: &'static str,
    description: &'static str,
}

impl ExtensionRefusal {
    /// What the client shows is wrong, expired, used, or another client's.
    #[must_use]
    pub const fn invalid_grant(description: &'static str) -> Self {
        Self { error: "invalid_grant", description }
    }

    /// A parameter is missing or malformed.
    #[must_use]
    pub const fn invalid_request(description: &'static str) -> Self {
        Self { error: "invalid_request", description }
    }

    /// The scope cannot be given.
    #[must_use]
    pub const fn invalid_scope(description: &'static str) -> Self {
        Self { error: "invalid_scope", description }
    }

    /// The client may not do this.
    #[must_use]
    pub const fn unauthorized_client(description: &'static str) -> Self {
        Self { error: "unauthorized_client", description }
    }

    /// An error code of the host's own [RFC 6749 §8.5]; one that no error code can be is sent as `invalid_grant`.
    #[must_use]
    pub fn own(error: &'static str, description: &'static str) -> Self {
        let spelled = !error.is_empty() && is_plain(error) && !error.contains(' ');
        Self { error: if spelled { error } else { "invalid_grant" }, description }
    }

    pub(super) const fn error(self) -> &'static str {
        self.error
    }

    /// Without characters that no description may have.
    pub(super) fn description(self) -> &'static str {
        if is_plain(self.description) { self.description } else { "the request is refused" }
    }
}

/// `%x20-21 / %x23-5B / %x5D-7E` [RFC 6749 §5.2]
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\'))
}
