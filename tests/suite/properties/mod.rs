//! What is written is read back, and nothing that can be sent makes a reader panic.

mod messages;
mod noise;
mod records;
mod responses;

use grantor::Timestamp;
use grantor::record::{ClientId, Exposed, Resource, Scope};
use grantor::wire::{Credentials, Parameters, TokenGrant};
use http::Uri;
use proptest::option::of;
use proptest::prelude::*;

/// Any value that a form may carry.
pub(super) fn value() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,16}"
}

pub(super) fn exposed() -> impl Strategy<Value = Exposed> {
    value().prop_map(Exposed::new)
}

/// Names that no message knows, or that may come more than once.
pub(super) fn parameters() -> impl Strategy<Value = Parameters> {
    let unknown = prop::collection::btree_map(value().prop_map(|name| format!("x{name}")), value(), 0..4);
    let repeatable = prop::collection::vec((Just("audience"), value()), 0..4);
    (unknown, repeatable).prop_map(|(unknown, repeatable)| {
        let repeatable = repeatable.into_iter().map(|(name, value)| (name.to_owned(), value));
        unknown.into_iter().chain(repeatable).collect()
    })
}

pub(super) fn credentials() -> impl Strategy<Value = Credentials> {
    let id = || "[ -~]{1,16}".prop_map(|id| ClientId::new(&id));
    prop_oneof![
        value().prop_map(|id| Credentials::None { client: ClientId::new(&id) }),
        (id(), "[ -~]{0,24}").prop_map(|(client, secret)| Credentials::Basic { client, secret: Exposed::new(secret) }),
        (value(), exposed()).prop_map(|(id, secret)| Credentials::Post { client: ClientId::new(&id), secret }),
    ]
}

pub(super) fn grants() -> impl Strategy<Value = TokenGrant> {
    prop_oneof![
        (of(exposed()), of(value()), of(exposed())).prop_map(|(code, redirect_uri, code_verifier)| {
            TokenGrant::AuthorizationCode { code, redirect_uri, code_verifier }
        }),
        of(exposed()).prop_map(|refresh_token| TokenGrant::RefreshToken { refresh_token }),
        Just(TokenGrant::ClientCredentials),
        value().prop_map(|name| TokenGrant::Unknown { grant_type: format!("urn:{name}") }),
        Just(TokenGrant::Missing),
    ]
}

pub(super) fn scopes() -> impl Strategy<Value = Scope> {
    "[!#-\\[\\]-~]{1,6}( [!#-\\[\\]-~]{1,6}){0,4}".prop_map(|text| Scope::parse(&text).unwrap())
}

pub(super) fn resources() -> impl Strategy<Value = Resource> {
    "[a-z]{1,8}://[a-z]{1,8}(:[1-9][0-9]{0,3})?(/[a-zA-Z0-9%~._-]{0,8}){0,3}(\\?[a-z=&]{0,8})?"
        .prop_filter_map("no absolute URI", |text| Resource::parse(&text).ok())
}

pub(super) fn times() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_unix)
}

pub(super) fn endpoint() -> Uri {
    Uri::from_static("https://as.example/token")
}
