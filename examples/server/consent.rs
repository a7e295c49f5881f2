//! The consent page.

use std::sync::Arc;

use axum::extract::{self, State};
use axum::response;
use grantor::server::Session;
use grantor::wire::PageReason;
use grantor::{Clock as _, SystemClock};
use http::{HeaderMap, Response, StatusCode};

use crate::app::App;
use crate::authorize::refused;
use crate::consent_page::ConsentPage;
use crate::http_io::{Fields, html, send};
use crate::pages;
use crate::pending::Pending;
use crate::sessions::Cookie;

pub(crate) async fn show(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    let fields = Fields::of_query(&request);
    send(app.consent_page(request.headers(), &fields).await)
}

pub(crate) async fn decide(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(match app.read_form(request, "/consent").await {
        Ok((request, fields)) => app.decide(request.headers(), &fields).await,
        Err(response) => *response,
    })
}

impl App {
    async fn consent_page(&self, headers: &HeaderMap, fields: &Fields) -> Response<Vec<u8>> {
        let Some((browser, pending)) = self.waiting(headers, fields) else {
            return refused(PageReason::SessionNotFound);
        };
        let Some(person) = self.asked(&browser, &pending) else {
            return self.ask_again(headers, browser, fields).await;
        };
        let csrf = self.sessions.with(&browser, |browser| browser.csrf().to_owned()).unwrap_or_default();
        let person = self.users.display_name(&person.subject);
        let page = ConsentPage {
            csrf: &csrf,
            name: fields.value("request"),
            pending: &pending,
            person: &person,
            now: SystemClock.now(),
        };
        html(StatusCode::OK, page.render(), &pending.form_action())
    }

    async fn decide(&self, headers: &HeaderMap, fields: &Fields) -> Response<Vec<u8>> {
        let name = fields.value("request");
        let Some((browser, pending)) = self.waiting(headers, fields) else {
            return refused(PageReason::SessionNotFound);
        };
        let Some(person) = self.asked(&browser, &pending) else {
            return self.ask_again(headers, browser, fields).await;
        };
        let allowed = match fields.value("decision") {
            "allow" => true,
            "deny" => false,
            _ => {
                let page = pages::problem("Nothing was decided", "Please go back and choose allow or deny.", None);
                return html(StatusCode::BAD_REQUEST, page, "'none'");
            }
        };
        let prompt = match self.sessions.with(&browser, |browser| browser.take(name)).flatten() {
            Some(Pending::Authorization(prompt)) => *prompt,
            Some(Pending::Device(question)) => return self.answer_device(&browser, *question, person, allowed).await,
            None => return refused(PageReason::SessionNotFound),
        };
        if !allowed {
            return self.server.deny_async(prompt).await;
        }
        self.server.approve_async(prompt, person).await
    }

    /// The person who is asked, if it is they who are logged in.
    fn asked(&self, browser: &Cookie, pending: &Pending) -> Option<Session> {
        let person = self.sessions.with(browser, |browser| browser.person.clone()).flatten();
        person.filter(|person| pending.is_for(person))
    }

    /// Someone else has logged in since, so the request is decided again for them.
    async fn ask_again(&self, headers: &HeaderMap, browser: Cookie, fields: &Fields) -> Response<Vec<u8>> {
        match self.sessions.with(&browser, |browser| browser.take(fields.value("request"))).flatten() {
            Some(pending) => self.resume(headers, browser, pending).await,
            None => refused(PageReason::SessionNotFound),
        }
    }
}
