//! The headers that a client's request is read from.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

/// The headers that matter, found in one pass: a request has few, and to look one up would hash its name.
#[derive(Default)]
pub(super) struct RequestHeaders<'a> {
    pub(super) authorization: Header<'a>,
    pub(super) content_type: Header<'a>,
    pub(super) accept: Header<'a>,
    pub(super) dpop: Header<'a>,
    pub(super) attestation: Header<'a>,
    pub(super) attestation_pop: Header<'a>,
}

/// What a header says.
#[derive(Clone, Copy, Default)]
pub(super) enum Header<'a> {
    /// It is not there.
    #[default]
    Absent,
    /// It is there once.
    Once(&'a HeaderValue),
    /// It is there more than once.
    Several,
}

impl<'a> RequestHeaders<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            // Names that `http` knows compare as numbers.
            let header = if *name == AUTHORIZATION {
                &mut found.authorization
            } else if *name == CONTENT_TYPE {
                &mut found.content_type
            } else if *name == ACCEPT {
                &mut found.accept
            } else {
                match name.as_str() {
                    "dpop" => &mut found.dpop,
                    "oauth-client-attestation" => &mut found.attestation,
                    "oauth-client-attestation-pop" => &mut found.attestation_pop,
                    _ => continue,
                }
            };
            *header = if matches!(header, Header::Absent) { Header::Once(value) } else { Header::Several };
        }
        found
    }
}

impl Header<'_> {
    pub(super) const fn is_there(self) -> bool {
        !matches!(self, Self::Absent)
    }
}
