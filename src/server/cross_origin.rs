//! Which answers the script that asked for them may read.

use http::header::HeaderValue;
use http::{HeaderMap, Method, Response};

use crate::config::Config;
use crate::record::Client;
use crate::wire::{Reader, asking_origin, preflight, readable};

use super::routes::Place;

/// Where a request comes from, as far as a browser says so.
#[derive(Clone, Debug)]
pub(crate) struct CrossOrigin {
    place: Place,
    origin: Option<HeaderValue>,
}

impl CrossOrigin {
    pub(super) fn new(config: &Config, place: Place, headers: &HeaderMap) -> Self {
        let origin = if config.answers_scripts(place) { asking_origin(headers).cloned() } else { None };
        Self { place, origin }
    }

    /// Whether the answer depends on whose scripts ask.
    pub(super) const fn asks(&self) -> bool {
        self.origin.is_some()
    }

    /// Whether a script of another origin might ask for the same.
    pub(super) fn may_ask(&self, config: &Config) -> bool {
        config.answers_scripts(self.place)
    }

    /// Answers a preflight. It does not say which client will ask, so every origin may ask that might be a client's.
    pub(super) fn preflight(&self, config: &Config) -> Response<Vec<u8>> {
        let methods: Vec<_> =
            self.place.methods().iter().filter(|method| **method != Method::OPTIONS).cloned().collect();
        preflight(self.reader(config, None), &methods, crate::wire::SENT)
    }

    /// Lets the script read the answer to `client`, if it may; what no client was found for is the same for everyone.
    pub(crate) fn mark(&self, config: &Config, client: Option<&Client>, response: &mut Response<Vec<u8>>) {
        if self.may_ask(config) {
            readable(response.headers_mut(), self.reader(config, client), crate::wire::READ);
        }
    }

    fn reader(&self, config: &Config, client: Option<&Client>) -> Reader {
        if matches!(self.place, Place::Metadata | Place::JwkSet) {
            return Reader::Anyone;
        }
        let cors = config.cors();
        let may_read = |origin: &&HeaderValue| {
            let text = origin.to_str().unwrap_or_default();
            let of_client = || cors.clients && client.is_none_or(|client| client.lives_at(text));
            cors.origins.iter().any(|listed| listed == text) || of_client()
        };
        self.origin.as_ref().filter(may_read).map_or(Reader::SameOrigin, |origin| Reader::Origin(origin.clone()))
    }
}
