//! The authorization endpoint: the one that needs a person.

use axum::body::Bytes;
use grantor::Progress;
use grantor::server::{Asking, Place, Visitor};
use grantor::wire::{AuthorizationRequest, PageReason};
use http::{HeaderMap, Method, Request, Response};

use crate::app::App;
use crate::http_io::{html, see_other};
use crate::pages;
use crate::pending::Pending;
use crate::sessions::Cookie;

impl App {
    pub(crate) async fn authorize(&self, request: &Request<Bytes>) -> Response<Vec<u8>> {
        if let Some(refused) = Place::Authorization.refuse_method(request.method()) {
            return refused;
        }
        let asked = match AuthorizationRequest::parse(request, self.server.config().limits()) {
            Ok(asked) => asked,
            Err(malformed) => return refused(PageReason::Malformed(malformed)),
        };
        let browser = self.sessions.find(request.headers());
        let visitor = self.visitor(browser.as_ref());
        let again = (request.method() == Method::POST && browser.is_none()).then(|| self.as_get(&asked));
        match (self.server.authorize_async(asked, visitor).await, again.flatten()) {
            // A browser leaves the cookie out of a POST from another site, so it is asked to come back with it.
            (Progress::Ask(_), Some(again)) => see_other(&again),
            (progress, _) => self.go_on(request.headers(), browser, progress),
        }
    }

    /// Shows the person what they are asked, or sends the answer.
    pub(crate) fn go_on(&self, headers: &HeaderMap, browser: Option<Cookie>, progress: Progress) -> Response<Vec<u8>> {
        match progress {
            Progress::Ask(prompt) => {
                let browser = browser.unwrap_or_else(|| self.sessions.find_or_open(headers));
                self.ask(&browser, Pending::Authorization(prompt))
            }
            Progress::Respond(response) => response,
            Progress::Refuse(reason) => refused(reason),
        }
    }

    /// What is known of the person in front of a browser.
    pub(crate) fn visitor(&self, browser: Option<&Cookie>) -> Visitor {
        let person = browser.and_then(|browser| self.sessions.with(browser, |browser| browser.person.clone()));
        person.flatten().map_or_else(Visitor::anonymous, |person| Visitor::logged_in(person, None))
    }

    /// Decides again what waits, for whoever is logged in now.
    pub(crate) async fn resume(&self, headers: &HeaderMap, browser: Cookie, pending: Pending) -> Response<Vec<u8>> {
        match pending {
            Pending::Authorization(prompt) => {
                let visitor = self.visitor(Some(&browser));
                let progress = self.server.resume_async(*prompt, visitor).await;
                self.go_on(headers, Some(browser), progress)
            }
            Pending::Device(question) => self.verify(browser, &question.typed, &question.typist).await,
        }
    }

    /// Keeps a question, and sends the browser to the page for it.
    pub(crate) fn ask(&self, browser: &Cookie, pending: Pending) -> Response<Vec<u8>> {
        let page = if matches!(pending.asking(), Asking::Consent(_)) { "/consent" } else { "/login" };
        let name = self.sessions.with(browser, |browser| browser.ask(pending));
        let Some(name) = name else { return refused(PageReason::SessionNotFound) };
        self.sessions.keep(browser, see_other(&format!("{page}?request={}", name.as_str())))
    }

    /// The address that makes the same request with GET, if there is one.
    fn as_get(&self, asked: &AuthorizationRequest) -> Option<String> {
        let routes = self.server.routes();
        let path = routes.iter().find_map(|route| (route.place == Place::Authorization).then_some(&route.path))?;
        let query = asked.print();
        // A repetition would be lost, and a longer address might not be taken.
        (asked.repeated.is_empty() && query.len() < 4096).then(|| format!("{path}?{query}"))
    }
}

/// The page for a request that cannot be answered anywhere else.
pub(crate) fn refused(reason: PageReason) -> Response<Vec<u8>> {
    let page = pages::problem("This request was refused", reason.description(), Some(reason.error()));
    html(reason.status(), page, "'none'")
}
