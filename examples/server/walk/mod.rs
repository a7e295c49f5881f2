//! A walk through the flows: this server acts as the client, step by step, and shows every message.

mod action;
mod authorization;
mod course;
mod discovery;
mod flow;
mod fragment;
mod page;
#[cfg(not(feature = "jose"))]
#[path = "no_prover.rs"]
mod prover;
#[cfg(feature = "jose")]
mod prover;
mod registered;
mod request;
mod start;
mod steps;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, Path, State};
use axum::response;
use grantor::record::{ClientId, Subject};
use grantor::wire::AuthorizationMessage;
use http::{HeaderMap, Request, Response, StatusCode};

pub(crate) use course::Walk;
pub(crate) use fragment::take as take_fragment;

use self::action::Action;
use self::course::{Course, Shown};
use self::discovery::Strength;
use self::flow::Flow;
use crate::app::{App, lost};
use crate::clients::{DEMO_APP, DEMO_ASSISTANT, assistant};
use crate::http_io::{Fields, html, see_other, send};
use crate::login_link::IssueLink;
use crate::sessions::Cookie;
use crate::{pages, users};

pub(crate) async fn start(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    let browser = app.sessions.find_or_open(request.headers());
    let known = app.sessions.with(&browser, |browser| {
        let person = browser.person.as_ref().map(|person| app.users.display_name(&person.subject));
        (browser.csrf().to_owned(), person)
    });
    let (csrf, person) = known.unwrap_or_default();
    let page = html(StatusCode::OK, start::page(&app, &csrf, person.as_deref()), "'self'");
    send(app.sessions.keep(&browser, page))
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(flow): Path<String>,
    request: extract::Request,
) -> response::Response {
    let Some(flow) = app.flow(&flow) else { return lost().await };
    let browser = app.sessions.find_or_open(request.headers());
    let page = app.sessions.with(&browser, |browser| {
        let csrf = browser.csrf().to_owned();
        page::course(&app, flow, browser.walk.course(flow), &csrf)
    });
    send(app.sessions.keep(&browser, html(StatusCode::OK, page.unwrap_or_default(), "'self'")))
}

/// Takes one step and shows the course again.
pub(crate) async fn step(
    State(app): State<Arc<App>>,
    Path(flow): Path<String>,
    request: extract::Request,
) -> response::Response {
    let Some(flow) = app.flow(&flow) else { return lost().await };
    send(match app.read_form(request, flow.path()).await {
        Ok((request, fields)) => app.step(flow, request.headers(), &fields).await,
        Err(response) => *response,
    })
}

/// Where the authorization response arrives: here this server is the client.
pub(crate) async fn callback(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    let browser = app.sessions.find(request.headers());
    send(match (request.uri().query(), browser) {
        (Some(query), Some(browser)) => app.arrive(&browser, '?', query),
        // What follows a # stays in the browser.
        (None, Some(browser)) if app.flow("implicit").is_some() => app.ask_for_fragment(&browser),
        _ => unexpected(),
    })
}

fn unexpected() -> Response<Vec<u8>> {
    let description = "It has another state or issuer than this browser's request, or is no authorization response.";
    html(StatusCode::BAD_REQUEST, pages::problem("This response was not expected", description, None), "'none'")
}

impl App {
    /// The flow of this name, if it can be walked with the clients that there are.
    fn flow(&self, name: &str) -> Option<Flow> {
        let flow = Flow::all().find(|flow| flow.path().strip_prefix("/walk/") == Some(name))?;
        let there = flow == Flow::Metadata || self.demo_clients && flow.obstacle(self).is_none();
        there.then_some(flow)
    }

    /// Takes the parameters that the browser brought behind a mark.
    fn arrive(&self, browser: &Cookie, mark: char, parameters: &str) -> Response<Vec<u8>> {
        let config = self.server.config();
        let message = AuthorizationMessage::parse(parameters.as_bytes(), config.limits()).ok().flatten();
        let taken = message.and_then(|message| {
            // Whose answer it is, and whether it is one to our own request [RFC 6749 §10.12, RFC 9207 §2.4].
            let genuine = message.iss.as_deref() == Some(config.issuer());
            let taken = self.sessions.with(browser, |browser| {
                let flow = browser.walk.expecting(message.state.as_deref()?).filter(|_| genuine)?;
                let place = format!("{}{mark}{parameters}", self.callback_uri());
                let course = browser.walk.course(flow);
                course.arrive(message, &self.authorization_uri(flow, course).unwrap_or_default(), &place);
                Some(flow)
            });
            taken.flatten()
        });
        taken.map_or_else(unexpected, |flow| see_other(&format!("{}#latest", flow.path())))
    }

    async fn step(&self, flow: Flow, headers: &HeaderMap, fields: &Fields) -> Response<Vec<u8>> {
        let Some(browser) = self.sessions.find(headers) else { return see_other(flow.path()) };
        let wanted = fields.value("action");
        if wanted == "restart" {
            self.sessions.with(&browser, |browser| *browser.walk.course(flow) = Course::new(flow));
            return see_other(flow.path());
        }
        if wanted == Action::Mail.name() {
            return self.mail(flow, &browser).await;
        }
        let initial = fields.value("initial_access_token");
        let planned = self.sessions.with(&browser, |browser| {
            let course = browser.walk.course(flow);
            let action = Action::ALL.into_iter().find(|action| action.name() == wanted)?;
            let possible = course.actions(flow).contains(&action);
            Some((action, self.request(flow, course, action, initial).filter(|_| possible)?))
        });
        let Some((action, request)) = planned.flatten() else { return see_other(flow.path()) };
        let shown = page::print_request(&request);
        let response = self.perform(request.map(Bytes::from)).await;
        let shown = (shown, self.resource.as_str());
        self.sessions.with(&browser, |browser| {
            let course = browser.walk.course(flow);
            course.finish(flow, action, shown, &response);
            if let Some(strength) = Strength::demanded(&response).filter(|_| action == Action::Enter) {
                course.step_up(strength);
            }
        });
        see_other(&format!("{}#latest", flow.path()))
    }

    /// Mails a login link to the first of the demo users, and shows the mail.
    async fn mail(&self, flow: Flow, browser: &Cookie) -> Response<Vec<u8>> {
        let possible = self.sessions.with(browser, |browser| browser.walk.course(flow).actions(flow));
        if possible.is_some_and(|possible| possible.contains(&Action::Mail)) {
            let [(username, _, subject, name), _] = users::DEMO;
            let link = IssueLink { subject: Subject::new(subject), client: ClientId::new(DEMO_APP) };
            if let Ok(Ok(link)) = self.server.run_async(link).await {
                let shown = Shown {
                    title: Action::Mail.title(),
                    note: Action::Mail.note(),
                    request: format!("User name: {username}"),
                    response: Some(format!(
                        "To: {name}\nSubject: Sign in to Demo app\n\nOpen this within ten minutes, once:\n\
                         https://app.example/login#link_token={}",
                        link.as_str()
                    )),
                };
                self.sessions.with(browser, |browser| {
                    let course = browser.walk.course(flow);
                    course.link = Some(link);
                    course.show(shown);
                });
            }
        }
        see_other(&format!("{}#latest", flow.path()))
    }

    /// Sends a request to this very server: without a network, and past nothing that the network would pass.
    async fn perform(&self, request: Request<Bytes>) -> Response<Vec<u8>> {
        let path = request.uri().path();
        match self.server.routes().into_iter().find(|route| route.path == path) {
            Some(route) => self.server.answer_async(route.place, &request).await,
            None if request.uri() == DEMO_ASSISTANT => assistant(self.server.config().issuer()).unwrap_or_default(),
            None if path == self.description.path() => self.description.answer(&request),
            None => self.whoami(&request).await,
        }
    }
}
