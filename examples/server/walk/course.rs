//! How far a browser has come in each flow, and what it can do next.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::record::Exposed;
use grantor::wire::{AuthorizationMessage, AuthorizationOutcome, DeviceResponse, PushResponse, TokenResponse};
use http::Response;
use sha2::{Digest as _, Sha256};

use super::action::Action;
use super::discovery::Discovery;
use super::flow::Flow;
use super::page;
use crate::sessions::Token;

/// How many messages a course shows; older ones are dropped.
const SHOWN: usize = 24;

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
}

/// One request and its answer, as texts.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    pub(super) request: String,
    pub(super) response: String,
}

impl Walk {
    pub(super) fn course(&mut self, flow: Flow) -> &mut Course {
        self.0.entry(flow).or_default()
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
            code: None,
            tokens: None,
            own: None,
            exchanged: None,
            found: Discovery::default(),
            spent: None,
        }
    }
}

impl Course {
    /// What can be done now, in the order to try it.
    pub(super) fn actions(&self, flow: Flow) -> Vec<Action> {
        use Action::{
            Authenticate, Codes, Describe, Elsewhere, Exchange, Introspect, Knock, Metadata, Poll, Publish, Push, Read,
            Redeem, Refresh, Register, Replay, Reuse, Revoke, Stray, Write,
        };
        let (redeemed, refreshable) = (self.tokens.is_some(), self.refresh_token().is_some());
        let found = &self.found;
        let redeemable = self.code.is_some() && !redeemed;
        let all: &[(Action, bool)] = match flow {
            Flow::Metadata => &[(Metadata, true)],
            Flow::Assistant => &[
                (Knock, found.description.is_none()),
                (Describe, found.description.is_some() && found.issuer.is_none()),
                (Metadata, found.issuer.is_some() && found.server.is_none()),
                (Publish, found.may_publish()),
                (Register, found.registration().is_some()),
                (Redeem, redeemable),
                (Read, redeemed),
                (Write, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
            ],
            Flow::Service => {
                &[(Authenticate, true), (Read, redeemed), (Write, redeemed), (Introspect, redeemed), (Revoke, redeemed)]
            }
            Flow::Code => &[
                (Redeem, redeemable),
                (Read, redeemed),
                (Write, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
                (Reuse, self.spent.is_some()),
                (Replay, redeemed),
            ],
            Flow::Pushed => &[
                (Push, self.pushed.is_none()),
                (Redeem, redeemable),
                (Read, redeemed),
                (Introspect, redeemed),
                (Revoke, redeemed),
            ],
            Flow::Resources => &[
                (Redeem, redeemable),
                (Introspect, redeemed),
                (Read, redeemed),
                (Elsewhere, refreshable),
                (Stray, refreshable),
                (Revoke, redeemed),
            ],
            Flow::Details => {
                &[(Redeem, redeemable), (Introspect, redeemed), (Refresh, refreshable), (Revoke, redeemed)]
            }
            Flow::Device => &[
                (Codes, self.codes.is_none()),
                (Poll, self.codes.is_some() && !redeemed),
                (Read, redeemed),
                (Introspect, redeemed),
                (Revoke, redeemed),
            ],
            Flow::Exchange => &[
                (Redeem, redeemable),
                (Authenticate, redeemed && self.own.is_none()),
                (Exchange, self.own.is_some()),
                (Introspect, self.exchanged.is_some()),
                (Revoke, self.exchanged.is_some()),
            ],
        };
        all.iter().filter_map(|(action, possible)| possible.then_some(*action)).collect()
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

    pub(super) fn arrive(&mut self, message: AuthorizationMessage, to: String, query: &str) {
        let request = format!("GET {to}?{}", query.replace('&', "\n&"));
        let response = if let AuthorizationOutcome::Code(code) = message.outcome {
            self.code = Some(code);
            "There is a code to redeem."
        } else {
            "The request was refused."
        };
        self.show(Shown {
            title: "The browser brings the authorization response",
            note: "The client checked that state and iss are those of its request.",
            request,
            response: response.to_owned(),
        });
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
        if action == Action::Push {
            self.pushed = PushResponse::parse(response.body()).map(|pushed| pushed.request_uri);
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
            response: page::print_response(response),
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
            (Action::Redeem | Action::Authenticate | Action::Poll | Action::Reuse, _) => self.tokens = Some(tokens),
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
