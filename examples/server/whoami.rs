//! The demo resource: tells whoever calls who they are.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{self, State};
use axum::response;
use grantor::resource::{Access, CrossOrigin, Demand, Permit};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::app::App;
use crate::http_io::{read, send};
use crate::users::ACR;

/// The part of the resource that is for whoever showed a second factor lately, where there is one.
pub(crate) const PRIVATE: &str = "/private";

/// How long ago that may be.
const LATELY: Duration = Duration::from_secs(300);

/// `GET` needs the scope `read`, `POST` needs `write`, a preflight nothing; any other method is refused before it comes here.
pub(crate) async fn whoami(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    let limit = app.server.config().limits().body;
    send(match read(request, limit).await {
        Ok(request) => app.whoami(&request).await,
        Err(_) => status(StatusCode::PAYLOAD_TOO_LARGE),
    })
}

/// What the resource says of itself.
pub(crate) async fn describe(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(app.description.answer(&request))
}

impl App {
    pub(crate) async fn whoami(&self, request: &Request<Bytes>) -> Response<Vec<u8>> {
        let scripts = CrossOrigin::any(&[Method::GET, Method::POST]);
        if let Some(preflight) = scripts.preflight(request) {
            return preflight;
        }
        let mut response = self.permitted(request).await;
        scripts.mark(request, &mut response);
        response
    }

    async fn permitted(&self, request: &Request<Bytes>) -> Response<Vec<u8>> {
        let needed = if request.method() == Method::POST { "write" } else { "read" };
        let scope = self.server.config().scopes().filtered(|word| word == needed);
        let demand = Demand::new(scope).of(&self.description);
        let demand = if request.uri().path().ends_with(PRIVATE) {
            let [_, strong] = ACR;
            let known = self.server.config().acr_values().iter().filter(|known| *known == strong);
            demand.with_acr(known).authenticated_within(LATELY)
        } else {
            demand
        };
        match self.server.run_async(Access::new(self.server.config(), request, demand)).await {
            Ok(Ok(permit)) => described(&permit),
            Ok(Err(refusal)) => refusal.print(),
            Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

fn described(permit: &Permit) -> Response<Vec<u8>> {
    let body = json!({
        "sub": permit.subject.as_ref().map(|subject| subject.as_str()),
        "client_id": permit.client.as_str(),
        "scope": permit.scope.as_str(),
    });
    let mut response = Response::new(body.to_string().into_bytes());
    let headers = response.headers_mut();
    headers.extend(permit.dpop_nonce.clone().map(|nonce| (HeaderName::from_static("dpop-nonce"), nonce)));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}
