//! A client that registered itself, and how it manages that [RFC 7592].

use grantor::record::Exposed;
use grantor::wire::ClientInformation;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response};
use serde_json::Value;

use super::action::Action;

/// A client that registered itself.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) own: ClientInformation,
    /// The registration access token before the current one.
    before: Option<Exposed>,
    /// Whether it took itself away.
    pub(super) gone: bool,
}

impl Registered {
    pub(super) fn parse(response: &Response<Vec<u8>>) -> Option<Self> {
        Some(Self { own: ClientInformation::parse(response.body())?, before: None, gone: false })
    }

    /// Takes what an answer tells of the client.
    pub(super) fn learn(&mut self, action: Action, response: &Response<Vec<u8>>) {
        let told = ClientInformation::parse(response.body()).filter(|_| response.status().is_success());
        if action == Action::Unregister {
            self.gone = response.status().is_success();
        } else if let Some(mut told) = told.filter(|_| action == Action::Rename) {
            self.before = self.own.registration_access_token.take();
            // A secret is told once.
            told.client_secret = told.client_secret.or_else(|| self.own.client_secret.take());
            self.own = told;
        }
    }

    pub(super) const fn may_show_outdated(&self) -> bool {
        self.before.is_some() && !self.gone
    }

    /// A request to the client configuration endpoint.
    pub(super) fn request(&self, action: Action) -> Option<Request<Vec<u8>>> {
        let current = self.own.registration_access_token.as_ref();
        let (method, token, body) = if action == Action::Rename {
            (Method::PUT, current, Some(self.renamed()?))
        } else if action == Action::Unregister {
            (Method::DELETE, current, None)
        } else {
            let token = if action == Action::Outdated { self.before.as_ref() } else { current };
            (Method::GET, token, None)
        };
        let mut request = Request::new(body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes());
        *request.method_mut() = method;
        *request.uri_mut() = self.own.registration_client_uri.as_deref()?.parse().ok()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token?.as_str())).ok()?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        if body.is_some() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Some(request)
    }

    /// All metadata again, since what is missing is removed [RFC 7592 §2.2].
    fn renamed(&self) -> Option<Value> {
        let mut all = serde_json::to_value(&self.own.metadata).ok()?;
        let members = all.as_object_mut()?;
        members.insert("client_id".to_owned(), self.own.client_id.as_str().into());
        members.insert("client_name".to_owned(), "A better name".into());
        Some(all)
    }
}
