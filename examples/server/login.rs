//! The login page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, State};
use axum::response;
use grantor::server::{Asking, Session};
use grantor::wire::PageReason;
use grantor::{Clock as _, SystemClock};
use http::{HeaderMap, Request, Response, StatusCode};

use crate::app::App;
use crate::authorize::refused;
use crate::http_io::{Fields, html, see_other, send};
use crate::pages::{self, LoginPage};
use crate::pending::Pending;
use crate::sessions::Cookie;
use crate::users::{ACR, DEMO_CODE};

pub(crate) async fn show(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    let fields = Fields::of_query(&request);
    let waiting = app.waiting(request.headers(), &fields);
    send(match waiting {
        Some((browser, pending)) => app.login_page(&browser, &fields, &pending, None),
        None => refused(PageReason::SessionNotFound),
    })
}

pub(crate) async fn log_in(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(match app.read_form(request, "/login").await {
        Ok((request, fields)) => app.log_in(request.headers(), &fields).await,
        Err(response) => *response,
    })
}

/// Forgets the browser.
pub(crate) async fn log_out(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    send(match app.read_form(request, "/").await {
        Ok((request, _)) => {
            if let Some(browser) = app.sessions.find(request.headers()) {
                app.sessions.close(&browser);
            }
            see_other("/")
        }
        Err(response) => *response,
    })
}

impl App {
    async fn log_in(&self, headers: &HeaderMap, fields: &Fields) -> Response<Vec<u8>> {
        let name = fields.value("request");
        let Some((browser, pending)) = self.waiting(headers, fields) else {
            return refused(PageReason::SessionNotFound);
        };
        let person = if *pending.asking() == Asking::SelectAccount && fields.value("account") == "current" {
            self.select_account(&browser)
        } else {
            self.authenticate(fields)
        };
        let person = match person {
            Ok(person) => person,
            Err(failed) => return self.login_page(&browser, fields, &pending, Some(failed)),
        };
        let browser = self.sessions.log_in(&browser, person);
        let Some(pending) = self.sessions.with(&browser, |browser| browser.take(name)).flatten() else {
            return refused(PageReason::SessionNotFound);
        };
        let response = self.resume(headers, browser.clone(), pending).await;
        self.sessions.keep(&browser, response)
    }

    /// Who the person is, by user name and password.
    fn authenticate(&self, fields: &Fields) -> Result<Session, Failed> {
        let (username, now) = (fields.value("username"), SystemClock.now());
        if !self.guesses.may_try(username, now) {
            return Err(Failed::TooMany);
        }
        let user = self.users.log_in(username, fields.value("password")).ok_or(Failed::Wrong)?;
        let session = Session::new(user.subject.clone(), now);
        let [password, second] = ACR;
        let session = match fields.value("code") {
            _ if !self.demo_users => session,
            "" => session.with_acr(password).with_amr(["pwd"]),
            DEMO_CODE => session.with_acr(second).with_amr(["pwd", "otp", "mfa"]),
            _ => return Err(Failed::WrongCode),
        };
        self.guesses.right(username);
        Ok(session)
    }

    /// The account that the browser is logged in with, chosen among others.
    fn select_account(&self, browser: &Cookie) -> Result<Session, Failed> {
        let person = self.sessions.with(browser, |browser| browser.person.clone()).flatten();
        let mut person = person.ok_or(Failed::Wrong)?;
        person.selected = Some(SystemClock.now());
        Ok(person)
    }

    fn login_page(
        &self,
        browser: &Cookie,
        fields: &Fields,
        pending: &Pending,
        failed: Option<Failed>,
    ) -> Response<Vec<u8>> {
        let known = self.sessions.with(browser, |browser| {
            let current = browser.person.as_ref().filter(|_| *pending.asking() == Asking::SelectAccount);
            (browser.csrf().to_owned(), current.map(|person| self.users.display_name(&person.subject)))
        });
        let (csrf, current) = known.unwrap_or_default();
        let page = LoginPage {
            csrf: &csrf,
            name: fields.value("request"),
            pending,
            username: if failed.is_some() { fields.value("username") } else { pending.login_hint() },
            current: current.as_deref(),
            failed,
            demo: self.demo_users,
        };
        let status = if failed == Some(Failed::TooMany) { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
        html(status, page.render(), &pending.form_action())
    }

    /// The browser that a request comes from and the question that it names, if that waits there.
    pub(crate) fn waiting(&self, headers: &HeaderMap, fields: &Fields) -> Option<(Cookie, Pending)> {
        let browser = self.sessions.find(headers)?;
        let pending = self.sessions.with(&browser, |browser| browser.pending(fields.value("request")).cloned());
        Some((browser, pending.flatten()?))
    }

    /// Reads a form of one of our own pages; one that was not made for this browser changes nothing.
    pub(crate) async fn read_form(
        &self,
        request: extract::Request,
        page: &str,
    ) -> Result<(Request<Bytes>, Fields), Box<Response<Vec<u8>>>> {
        let limit = self.server.config().limits().body;
        let Ok(request) = crate::http_io::read(request, limit).await else {
            let page = pages::problem("This form is too large", "Please go back and try again.", None);
            return Err(Box::new(html(StatusCode::PAYLOAD_TOO_LARGE, page, "'none'")));
        };
        let (_, fields) = self.check_form(&request, page)?;
        Ok((request, fields))
    }

    /// The browser that sent a form of ours, and what is in it, if it was made for that browser.
    pub(crate) fn check_form(
        &self,
        request: &Request<Bytes>,
        page: &str,
    ) -> Result<(Cookie, Fields), Box<Response<Vec<u8>>>> {
        let fields = Fields::parse(request.body());
        let Some(browser) = self.sessions.find(request.headers()) else {
            return Err(Box::new(refused(PageReason::SessionNotFound)));
        };
        let made = self.sessions.with(&browser, |browser| browser.made(fields.value("csrf"))) == Some(true);
        if made { Ok((browser, fields)) } else { Err(Box::new(outdated(page, &fields))) }
    }
}

/// Why a person is not logged in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failed {
    Wrong,
    WrongCode,
    TooMany,
}

/// The page for a form that was not made for this browser, or not since it logged in; it leads to a fresh one.
fn outdated(page: &str, fields: &Fields) -> Response<Vec<u8>> {
    let name: String = url::form_urlencoded::byte_serialize(fields.value("request").as_bytes()).collect();
    let to = if name.is_empty() { page.to_owned() } else { format!("{page}?request={name}") };
    html(StatusCode::FORBIDDEN, pages::outdated(&to), "'none'")
}
