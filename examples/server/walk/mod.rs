//! A walk through the flows: this server acts as the client, step by step, and shows every message.

mod page;

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, Path, State};
use axum::response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::record::{ClientId, Exposed};
use grantor::server::Place;
use grantor::wire::{
    AuthorizationMessage, AuthorizationOutcome, AuthorizationRequest, Credentials, TokenGrant, TokenQuery,
    TokenRequest, TokenResponse,
};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::app::App;
use crate::clients::{DEMO_APP, DEMO_SERVICE, WALK_CALLBACK};
use crate::http_io::{Fields, html, see_other, send};
use crate::pages;
use crate::sessions::Token;

/// How many messages a course shows; older ones are dropped.
const SHOWN: usize = 24;

/// What a browser tried so far.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    code: Course,
    service: Course,
    metadata: Course,
}

/// A flow that can be walked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flow {
    Code,
    Service,
    Metadata,
}

/// How far one flow has come.
#[derive(Debug)]
pub(crate) struct Course {
    shown: VecDeque<Shown>,
    verifier: Token,
    state: Token,
    code: Option<Exposed>,
    tokens: Option<TokenResponse>,
    /// The refresh token before the current one.
    spent: Option<Exposed>,
}

/// One request and its answer, as texts.
#[derive(Debug)]
pub(crate) struct Shown {
    title: &'static str,
    request: String,
    response: String,
}

/// What the client can do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    Metadata,
    Redeem,
    Authenticate,
    Read,
    Write,
    Introspect,
    Refresh,
    Revoke,
    Replay,
    Reuse,
}

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
    let Some(flow) = app.flow(&flow) else { return crate::app::lost().await };
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
    let Some(flow) = app.flow(&flow) else { return crate::app::lost().await };
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
        app.sessions.with(&browser, |browser| {
            let course = browser.walk.course(Flow::Code);
            let ours = genuine && message.state.as_deref().is_some_and(|state| course.state.is(state));
            if ours {
                course.arrive(message, app.callback_uri(), query);
            }
            ours
        })
    });
    if taken == Some(true) {
        return send(see_other(Flow::Code.path()));
    }
    let description = "It has another state or issuer than this browser's request, or is no authorization response.";
    send(html(StatusCode::BAD_REQUEST, pages::problem("This response was not expected", description, None), "'none'"))
}

impl Flow {
    pub(crate) const ALL: [Self; 3] = [Self::Code, Self::Service, Self::Metadata];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Code => "/walk/code",
            Self::Service => "/walk/service",
            Self::Metadata => "/walk/metadata",
        }
    }
}

impl Walk {
    fn course(&mut self, flow: Flow) -> &mut Course {
        match flow {
            Flow::Code => &mut self.code,
            Flow::Service => &mut self.service,
            Flow::Metadata => &mut self.metadata,
        }
    }
}

impl Default for Course {
    fn default() -> Self {
        let (verifier, state) = (Token::random(), Token::random());
        Self { shown: VecDeque::new(), verifier, state, code: None, tokens: None, spent: None }
    }
}

impl Course {
    /// What can be done now, in the order to try it.
    fn actions(&self, flow: Flow) -> Vec<Action> {
        use Action::{Authenticate, Introspect, Metadata, Read, Redeem, Refresh, Replay, Reuse, Revoke, Write};
        let (redeemed, refreshable) = (self.tokens.is_some(), self.refresh_token().is_some());
        let all: &[(Action, bool)] = match flow {
            Flow::Metadata => &[(Metadata, true)],
            Flow::Service => {
                &[(Authenticate, true), (Read, redeemed), (Write, redeemed), (Introspect, redeemed), (Revoke, redeemed)]
            }
            Flow::Code => &[
                (Redeem, self.code.is_some() && !redeemed),
                (Read, redeemed),
                (Write, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
                (Reuse, self.spent.is_some()),
                (Replay, redeemed),
            ],
        };
        all.iter().filter_map(|(action, possible)| possible.then_some(*action)).collect()
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_str()))
    }

    fn access_token(&self) -> Option<Exposed> {
        self.tokens.as_ref().map(|tokens| tokens.access_token.clone())
    }

    fn refresh_token(&self) -> Option<Exposed> {
        self.tokens.as_ref().and_then(|tokens| tokens.refresh_token.clone())
    }

    fn arrive(&mut self, message: AuthorizationMessage, to: String, query: &str) {
        let request = format!("GET {to}?{}", query.replace('&', "\n&"));
        let response = if let AuthorizationOutcome::Code(code) = message.outcome {
            self.code = Some(code);
            "state and iss are those of the request, so the code is worth redeeming."
        } else {
            "state and iss are those of the request, but it was refused."
        };
        self.show(Shown {
            title: "The browser brings the authorization response",
            request,
            response: response.to_owned(),
        });
    }

    /// Takes what an answer brought, and shows it.
    fn finish(&mut self, action: Action, request: String, response: &Response<Vec<u8>>) {
        if let Some(tokens) = action.asks_for_tokens().then(|| TokenResponse::parse(response).ok()).flatten() {
            if action == Action::Refresh {
                self.spent = self.refresh_token();
            }
            self.tokens = Some(tokens);
        }
        self.show(Shown { title: action.title(), request, response: page::print_response(response) });
    }

    fn show(&mut self, shown: Shown) {
        if self.shown.len() >= SHOWN {
            self.shown.pop_front();
        }
        self.shown.push_back(shown);
    }
}

impl Action {
    const ALL: [Self; 10] = [
        Self::Metadata,
        Self::Redeem,
        Self::Authenticate,
        Self::Read,
        Self::Write,
        Self::Introspect,
        Self::Refresh,
        Self::Revoke,
        Self::Replay,
        Self::Reuse,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Redeem => "redeem",
            Self::Authenticate => "authenticate",
            Self::Read => "read",
            Self::Write => "write",
            Self::Introspect => "introspect",
            Self::Refresh => "refresh",
            Self::Revoke => "revoke",
            Self::Replay => "replay",
            Self::Reuse => "reuse",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Metadata => "Read the metadata",
            Self::Redeem => "Redeem the code",
            Self::Authenticate => "Ask for a token",
            Self::Read => "Call the resource (needs read)",
            Self::Write => "Call the resource with POST (needs write)",
            Self::Introspect => "Introspect the access token",
            Self::Refresh => "Refresh",
            Self::Revoke => "Revoke the grant",
            Self::Replay => "Redeem the same code again",
            Self::Reuse => "Refresh with the spent token",
        }
    }

    const fn asks_for_tokens(self) -> bool {
        matches!(self, Self::Redeem | Self::Authenticate | Self::Refresh | Self::Reuse)
    }
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
        self.sessions.with(&browser, |browser| browser.walk.course(flow).finish(action, shown, &response));
        see_other(&format!("{}#latest", flow.path()))
    }

    /// Sends a request to this very server: without a network, and past nothing that the network would pass.
    async fn perform(&self, request: Request<Bytes>) -> Response<Vec<u8>> {
        let path = request.uri().path();
        match self.server.routes().into_iter().find(|route| route.path == path) {
            Some(route) => self.answer(route.place, &request).await,
            None => self.whoami(&request).await,
        }
    }

    /// The request that an action sends.
    fn request(&self, flow: Flow, course: &Course, action: Action) -> Option<Request<Vec<u8>>> {
        let credentials = flow.credentials();
        let token = |grant| Some(TokenRequest::new(flow.credentials(), grant).print(&self.uri(Place::Token)?));
        let query = |place, token| Some(TokenQuery::new(credentials.clone(), token).print(&self.uri(place)?));
        match action {
            Action::Metadata => Some(empty(Method::GET, self.uri(Place::Metadata)?)),
            Action::Redeem | Action::Replay => token(TokenGrant::AuthorizationCode {
                code: course.code.clone(),
                redirect_uri: Some(self.callback_uri()),
                code_verifier: Some(Exposed::new(course.verifier.as_str())),
            }),
            Action::Authenticate => {
                let mut request = TokenRequest::new(credentials, TokenGrant::ClientCredentials);
                request.scope = Some("read".to_owned());
                Some(request.print(&self.uri(Place::Token)?))
            }
            Action::Refresh => token(TokenGrant::RefreshToken { refresh_token: course.refresh_token() }),
            Action::Reuse => token(TokenGrant::RefreshToken { refresh_token: course.spent.clone() }),
            Action::Introspect => query(Place::Introspection, course.access_token()?),
            Action::Revoke => query(Place::Revocation, course.refresh_token().or_else(|| course.access_token())?),
            Action::Read => self.call(Method::GET, &course.access_token()?),
            Action::Write => self.call(Method::POST, &course.access_token()?),
        }
    }

    fn call(&self, method: Method, token: &Exposed) -> Option<Request<Vec<u8>>> {
        let mut request = empty(method, self.resource.as_str().parse().ok()?);
        let value = HeaderValue::from_str(&format!("Bearer {}", token.as_str())).ok()?;
        request.headers_mut().insert(AUTHORIZATION, value);
        Some(request)
    }

    /// The authorization request of a course, as a link.
    fn authorization_uri(&self, course: &Course) -> Option<String> {
        let mut request = AuthorizationRequest::default();
        request.client_id = Some(DEMO_APP.to_owned());
        request.redirect_uri = Some(self.callback_uri());
        request.response_type = Some("code".to_owned());
        request.scope = Some("read".to_owned());
        request.state = Some(course.state.as_str().to_owned());
        request.code_challenge = Some(course.challenge());
        request.code_challenge_method = Some("S256".to_owned());
        Some(format!("{}?{}", self.uri(Place::Authorization)?, request.print()))
    }

    fn uri(&self, place: Place) -> Option<Uri> {
        let path = self.server.routes().into_iter().find(|route| route.place == place)?.path;
        format!("{}{path}", self.origin()).parse().ok()
    }

    fn callback_uri(&self) -> String {
        format!("{}{WALK_CALLBACK}", self.origin())
    }

    /// The issuer without its path.
    fn origin(&self) -> String {
        let issuer = self.server.config().issuer();
        Url::parse(issuer).map_or_else(|_| issuer.to_owned(), |url| url.origin().ascii_serialization())
    }
}

impl Flow {
    fn credentials(self) -> Credentials {
        match self {
            Self::Code | Self::Metadata => Credentials::None { client: ClientId::new(DEMO_APP) },
            Self::Service => {
                let (client, secret) = DEMO_SERVICE;
                Credentials::Basic { client: ClientId::new(client), secret: Exposed::new(secret) }
            }
        }
    }
}

fn empty(method: Method, uri: Uri) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}
