//! Without the feature `jose` every access token is a reference.

use crate::config::Config;
use crate::env::{Env, Timestamp};
use crate::record::{AccessToken, Exposed, Grant, Handle, Resource, TokenId};
use crate::snapshot::{Halt, Snapshot};

/// There is none.
pub(super) enum NewJwt {}

impl NewJwt {
    pub(super) const fn of(_: &Handle, _: &[Resource], _: &Config, _: &Env) -> Option<Self> {
        None
    }

    pub(super) const fn id(&self) -> TokenId {
        match *self {}
    }

    pub(super) const fn sign<F>(
        self,
        _: &Grant,
        _: &AccessToken,
        _: &Config,
        _: &Snapshot,
    ) -> Result<Exposed, Halt<F>> {
        match self {}
    }
}

/// There is none.
#[derive(Clone, Debug)]
pub(super) enum PresentedJwt {}

impl PresentedJwt {
    pub(super) const fn parse(_: &Config, _: &str) -> Option<(TokenId, Self)> {
        None
    }

    pub(super) const fn is_ours(&self, _: &Config, _: Timestamp) -> bool {
        match *self {}
    }
}
