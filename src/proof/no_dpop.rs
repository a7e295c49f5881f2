//! Without the feature `jose` there are no proofs: a request has none, whatever it shows.

use http::Request;
use http::header::HeaderValue;

use super::Possession;
use crate::config::Config;
use crate::env::Timestamp;
use crate::snapshot::{Halt, Snapshot};
use crate::store::{Change, Key};
use crate::wire::{DpopHeader, ProofFault};

/// Nothing.
#[derive(Clone, Debug)]
pub(crate) struct PresentedProof;

impl PresentedProof {
    pub(crate) const fn none() -> Self {
        Self
    }

    pub(crate) const fn at_endpoint(_: &Config, _: &str, _: Option<&DpopHeader>) -> Self {
        Self
    }

    pub(crate) const fn at_resource<B>(_: &Config, _: &Request<B>, _: &str, _: &str) -> Self {
        Self
    }

    pub(crate) const fn record(&self) -> Option<Key> {
        None
    }

    pub(crate) const fn accept<F>(&self, _: &Config, _: &Snapshot) -> Result<Option<(Possession, Change)>, Halt<F>> {
        Ok(None)
    }

    pub(crate) const fn accept_again(&self, _: &Config, _: Timestamp) -> Result<Option<Possession>, ProofFault> {
        Ok(None)
    }

    pub(crate) const fn next_nonce(&self, _: &Config, _: Timestamp) -> Option<HeaderValue> {
        None
    }
}
