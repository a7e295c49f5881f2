//! Without the feature `jose` no response is signed.

use crate::config::Config;
use crate::record::Client;
use crate::snapshot::{Halt, Snapshot};
use crate::wire::{AuthorizationMessage, AuthorizeRefusal, PageReason, ResponseToken, ServerMetadata};

pub(super) const fn serves(_: &Config, _: &Client, _: &Snapshot) -> bool {
    false
}

pub(super) const fn encrypts(_: &Client) -> bool {
    false
}

pub(super) const fn token(
    _: &Config,
    _: &Client,
    _: &AuthorizationMessage,
    _: &Snapshot,
) -> Result<ResponseToken, Halt<AuthorizeRefusal>> {
    Err(Halt::Refused(AuthorizeRefusal::Page(PageReason::ResponseKeyMissing)))
}

pub(super) const fn describe(_: &Config, _: &mut ServerMetadata) {}
