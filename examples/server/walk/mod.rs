//! A walk through the flows: this server acts as the client, step by step, and shows every message.

mod action;
mod course;
mod discovery;
mod flow;
mod page;
mod request;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, Path, State};
use axum::response;
use grantor::wire::AuthorizationMessage;
use http::{HeaderMap, Request, Response, StatusCode};

pub(crate) use course::Walk;

use self::action::Action;
use self::course::Course;
use self::flow::Flow;
use crate::app::{App, lost};
use crate::clients::{DEMO_ASSISTANT, assistant};
use crate::http_io::{Fields, html, see_other, send};
use crate::pages;

pub(crate) async fn start(State(app): State<Arc<App>>, request: extract::Request) -> response::Response {
    let browser = app.sessions.find_or_open(request.headers());
    let known = app.sessions.with(&browser, |browser| {
        let person = browser.person.as_ref().map(|person| app.users.display_name(&person.subject));
        (browser.csrf().to_owned(), person)
    });
    let (csrf, person) = known.unwrap_or_default();
    let page = html(StatusCode::OK, page::start(&app, &csrf, person.as_deref()), "'self'");
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
    let query = request.uri().query().unwrap_or_default();
    let message = AuthorizationMessage::parse(query.as_bytes(), app.server.config().limits()).ok().flatten();
    let browser = app.sessions.find(request.headers());
    let taken = message.zip(browser).and_then(|(message, browser)| {
        // Whose answer it is, and whether it is one to our own request [RFC 6749 §10.12, RFC 9207 §2.4].
        let genuine = message.iss.as_deref() == Some(app.server.config().issuer());
        let taken = app.sessions.with(&browser, |browser| {
            let flow = browser.walk.expecting(message.state.as_deref()?).filter(|_| genuine)?;
            browser.walk.course(flow).arrive(message, app.callback_uri(), query);
            Some(flow)
        });
        taken.flatten()
    });
    if let Some(flow) = taken {
        return send(see_other(flow.path()));
    }
    let description = "It has another state or issuer than this browser's request, or is no authorization response.";
    send(html(StatusCode::BAD_REQUEST, pages::problem("This response was not expected", description, None), "'none'"))
}

impl App {
    /// The flow of this name, if it can be walked with the clients that there are.
    fn flow(&self, name: &str) -> Option<Flow> {
        let flow = Flow::ALL.into_iter().find(|flow| flow.path().strip_prefix("/walk/") == Some(name))?;
        (self.demo_clients || flow == Flow::Metadata).then_some(flow)
    }

    async fn step(&self, flow: Flow, headers: &HeaderMap, fields: &Fields) -> Response<Vec<u8>> {
        let Some(browser) = self.sessions.find(headers) else { return see_other(flow.path()) };
        let wanted = fields.value("action");
        if wanted == "restart" {
            self.sessions.with(&browser, |browser| *browser.walk.course(flow) = Course::default());
            return see_other(flow.path());
        }
        let planned = self.sessions.with(&browser, |browser| {
            let course = browser.walk.course(flow);
            let action = Action::ALL.into_iter().find(|action| action.name() == wanted)?;
            let possible = course.actions(flow).contains(&action);
            Some((action, self.request(flow, course, action).filter(|_| possible)?))
        });
        let Some((action, request)) = planned.flatten() else { return see_other(flow.path()) };
        let shown = page::print_request(&request);
        let response = self.perform(request.map(Bytes::from)).await;
        let shown = (shown, self.resource.as_str());
        self.sessions.with(&browser, |browser| browser.walk.course(flow).finish(flow, action, shown, &response));
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
