//! Without the feature `jose` no request is signed.

use crate::config::Config;
use crate::env::Timestamp;
use crate::record::{Client, Exposed};
use crate::snapshot::{Halt, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{AuthorizationRequest, RequestObjectFault, ServerMetadata};

/// There is none.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) request: Box<AuthorizationRequest>,
    pub(super) expires: Option<Timestamp>,
    pub(super) used: Option<Box<Change>>,
}

/// There is nothing to open.
#[derive(Debug)]
pub(super) struct Unopened {
    pub(super) fault: RequestObjectFault,
    pub(super) request: Option<Box<AuthorizationRequest>>,
}

pub(super) const fn of<'r>(_: &Config, _: &'r AuthorizationRequest) -> Option<&'r Exposed> {
    None
}

pub(super) const fn key(_: &Config, _: &AuthorizationRequest) -> Option<Key> {
    None
}

pub(super) fn open(_: &Config, _: &Exposed, _: &Client, _: Timestamp, _: &Snapshot) -> Result<Opened, Halt<Unopened>> {
    let fault = RequestObjectFault::Malformed;
    Err(Halt::Refused(Unopened { fault, request: None }))
}

pub(super) const fn describe(_: &Config, _: &mut ServerMetadata) {}
