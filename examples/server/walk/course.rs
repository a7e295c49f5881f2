//! How far a browser has come in each flow, and what it can do next.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::record::{Exposed, Scope};
use grantor::wire::{AuthorizationMessage, AuthorizationOutcome, DeviceResponse, PushResponse, TokenResponse};
use http::Response;
use sha2::{Digest as _, Sha256};

use super::action::Action;
use super::discovery::{Discovery, Strength};
use super::flow::Flow;
use super::page;
use super::prover::Prover;
use super::registered::Registered;
use crate::sessions::Token;

/// How many messages a course shows; older ones are dropped.
const SHOWN: usize = 24;

const ARRIVAL: &str = "The browser brings the authorization response";

/// What a browser tried so far.
#[derive(Debug, Default)]
pub(crate) struct Walk(BTreeMap<Flow, Course>);

/// How far one flow has come.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) shown: VecDeque<Shown>,
    pub(super) verifier: Token,
    pub(super) state: Token,
    /// The name of the pushed request.
    pub(super) pushed: Option<Exposed>,
    /// The codes of the device.
    pub(super) codes: Option<DeviceResponse>,
    /// Whether the browser came back with what was asked for.
    pub(super) answered: bool,
    pub(super) code: Option<Exposed>,
    pub(super) tokens: Option<TokenResponse>,
    /// The token of the service itself.
    pub(super) own: Option<TokenResponse>,
    /// What the service got for the person's token.
    pub(super) exchanged: Option<TokenResponse>,
    /// What the assistant found out.
    pub(super) found: Discovery,
    /// The refresh token before the current one.
    pub(super) spent: Option<Exposed>,
    /// What the client is that registered itself.
    pub(super) registered: Option<Registered>,
    /// What the client proves its requests with.
    pub(super) prover: Option<Prover>,
    /// What the login link carries.
    pub(super) link: Option<Exposed>,
    /// How sure a login the resource asked for.
    pub(super) strength: Option<Strength>,
}

/// One request and its answer, as texts.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    pub(super) request: String,
    /// Nothing where only the browser sees it.
    pub(super) response: Option<String>,
}

impl Walk {
    pub(super) fn course(&mut self, flow: Flow) -> &mut Course {
        self.0.entry(flow).or_insert_with(|| Course::new(flow))
    }

    /// The flow whose request had this state.
    pub(super) fn expecting(&self, state: &str) -> Option<Flow> {
        self.0.iter().find_map(|(flow, course)| course.state.is(state).then_some(*flow))
    }
}

impl Default for Course {
    fn default() -> Self {
        let (verifier, state) = (Token::random(), Token::random());
        Self {
            shown: VecDeque::new(),
            verifier,
            state,
            pushed: None,
            codes: None,
            answered: false,
            code: None,
            tokens: None,
            own: None,
            exchanged: None,
            found: Discovery::default(),
            spent: None,
            registered: None,
            prover: None,
            link: None,
            strength: None,
        }
    }
}

impl Course {
    pub(super) fn new(flow: Flow) -> Self {
        let prover = (flow == Flow::Dpop).then(Prover::generate).flatten();
        Self { prover, ..Self::default() }
    }

    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_str()))
    }

    pub(super) fn access_token(&self) -> Option<Exposed> {
        self.exchanged.as_ref().or(self.tokens.as_ref()).map(|tokens| tokens.access_token.clone())
    }

    pub(super) fn refresh_token(&self) -> Option<Exposed> {
        self.tokens.as_ref().and_then(|tokens| tokens.refresh_token.clone())
    }

    /// Takes the authorization response that the browser, which was sent to `asked`, brought to `place`.
    pub(super) fn arrive(&mut self, message: AuthorizationMessage, asked: &str, place: &str) {
        let (title, note) = (page::SEND, "What the person did there, the client does not see.");
        self.show(Shown { title, note, request: page::in_lines(asked), response: None });
        self.answered = !matches!(message.outcome, AuthorizationOutcome::Error { .. });
        let response = match message.outcome {
            AuthorizationOutcome::Code(code) => {
                self.code = Some(code);
                "There is a code to redeem.".to_owned()
            }
            AuthorizationOutcome::Token { access_token, expires_in, scope, .. } => {
                let scope = scope.unwrap_or_else(Scope::empty);
                self.tokens = Some(TokenResponse::bearer(access_token, expires_in.unwrap_or_default(), scope, None));
                "There is the token itself. What follows the # is not sent to any server: a script of the client reads it."
                    .to_owned()
            }
            AuthorizationOutcome::Nothing => "The person agreed. There is nothing to redeem.".to_owned(),
            AuthorizationOutcome::Error { error, .. } => format!("The request was refused: {error}."),
            _ => String::new(),
        };
        self.show(Shown {
            title: ARRIVAL,
            note: "The client checked that state and iss are those of its request.",
            request: page::in_lines(place),
            response: Some(response),
        });
    }

    /// Whether the next step is to ask a person.
    pub(super) fn may_ask_person(&self, flow: Flow) -> bool {
        let registered = || self.registered.as_ref().is_some_and(|registered| !registered.gone);
        let now = flow.begins_with_person()
            || flow == Flow::Assistant && self.found.client.is_some()
            || flow == Flow::Pushed && self.pushed.is_some()
            || flow == Flow::Registration && registered();
        now && !self.answered
    }

    /// Whether an action was tried since the browser came back.
    pub(super) fn tried(&self, action: Action) -> bool {
        let since = self.shown.iter().rev().take_while(|shown| shown.title != ARRIVAL);
        since.into_iter().any(|shown| shown.title == action.title())
    }

    /// Begins again with what a resource asks for that was not content with the login.
    pub(super) fn step_up(&mut self, strength: Strength) {
        *self = Self { shown: std::mem::take(&mut self.shown), strength: Some(strength), ..Self::default() };
    }

    /// Takes what an answer brought, and shows it.
    pub(super) fn finish(
        &mut self,
        flow: Flow,
        action: Action,
        (request, resource): (String, &str),
        response: &Response<Vec<u8>>,
    ) {
        self.found.learn(action, response, resource);
        if let Some(prover) = &mut self.prover {
            prover.learn(response);
        }
        if action == Action::Push {
            self.pushed = PushResponse::parse(response.body()).map(|pushed| pushed.request_uri);
        }
        if action == Action::Register {
            self.registered = Registered::parse(response);
        } else if let Some(registered) = &mut self.registered {
            registered.learn(action, response);
        }
        if action == Action::Codes {
            self.codes = DeviceResponse::parse(response.body());
        }
        if let Ok(tokens) = TokenResponse::parse(response) {
            self.take(flow, action, tokens);
        }
        self.show(Shown {
            title: action.title(),
            note: action.note(),
            request,
            response: Some(page::print_response(response)),
        });
    }

    fn take(&mut self, flow: Flow, action: Action, tokens: TokenResponse) {
        match (action, flow) {
            (Action::Authenticate, Flow::Exchange) => self.own = Some(tokens),
            (Action::Exchange, _) => self.exchanged = Some(tokens),
            (Action::Refresh | Action::Elsewhere, _) => {
                self.spent = self.refresh_token();
                self.tokens = Some(tokens);
            }
            (
                Action::Redeem | Action::Authenticate | Action::Confess | Action::Open | Action::Poll | Action::Reuse,
                _,
            ) => self.tokens = Some(tokens),
            _ => {}
        }
    }

    pub(super) fn show(&mut self, shown: Shown) {
        if self.shown.len() >= SHOWN {
            self.shown.pop_front();
        }
        self.shown.push_back(shown);
    }
}
