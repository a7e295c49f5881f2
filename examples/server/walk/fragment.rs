//! Where a token arrives that the browser keeps from servers: behind the # of the address [RFC 6749 §4.2.2].

use std::sync::Arc;

use axum::extract::{self, State};
use axum::response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use http::{Response, StatusCode};
use maud::{PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::unexpected;
use crate::app::App;
use crate::clients::WALK_CALLBACK;
use crate::http_io::{self, send};
use crate::pages::layout;
use crate::sessions::Cookie;

/// What a client of this kind does: it reads the address, and takes it out of the bar and the history.
const SCRIPT: &str = "if(location.hash){document.getElementById('response').value=location.href;\
                      history.replaceState(null,'',location.pathname)}";

/// Takes what the person's browser made of the address.
pub(crate) async fn take(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(match app.read_form(request, WALK_CALLBACK).await {
        Ok((request, fields)) => {
            let carried = fields.value("response").split_once('#').map(|(_, fragment)| fragment.to_owned());
            let browser = app.sessions.find(request.headers());
            browser.zip(carried).map_or_else(unexpected, |(browser, fragment)| app.arrive(&browser, '#', &fragment))
        }
        Err(response) => *response,
    })
}

impl App {
    /// The page on which only the browser knows the response.
    pub(super) fn ask_for_fragment(&self, browser: &Cookie) -> Response<Vec<u8>> {
        let csrf = self.sessions.with(browser, |browser| browser.csrf().to_owned()).unwrap_or_default();
        let content = html! {
            div.card {
                h1 { "Back at the application" }
                p {
                    "The response stands behind the # in the address bar, which the browser sends to no server. A script \
                     of the application reads it there; without one, copy the address into the field."
                }
                form id="fragment" method="post" action=(WALK_CALLBACK) {
                    input type="hidden" name="csrf" value=(csrf);
                    label for="response" { "Address of this page" }
                    input id="response" name="response" autocomplete="off" spellcheck="false" required;
                    button { "Continue" }
                }
            }
            script { (PreEscaped(SCRIPT)) }
        };
        let mut response = http_io::html(StatusCode::OK, layout("Back at the application", &content), "'self'");
        let policy = response.headers().get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
        let script = STANDARD.encode(Sha256::digest(SCRIPT));
        let policy = format!("{}; script-src 'sha256-{script}'", policy.unwrap_or_default());
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
