//! How far a browser has come in each flow, and what it can do next.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor::record::Exposed;
use grantor::wire::{AuthorizationMessage, AuthorizationOutcome, TokenResponse};
use http::Response;
use sha2::{Digest as _, Sha256};

use super::page;
use crate::sessions::Token;

/// How many messages a course shows; older ones are dropped.
const SHOWN: usize = 24;

/// What a browser tried so far.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub(super) code: Course,
    service: Course,
    metadata: Course,
}

/// A flow that can be walked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flow {
    Code,
    Service,
    Metadata,
}

/// How far one flow has come.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) shown: VecDeque<Shown>,
    pub(super) verifier: Token,
    pub(super) state: Token,
    pub(super) code: Option<Exposed>,
    pub(super) tokens: Option<TokenResponse>,
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

/// What the client can do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
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

impl Flow {
    pub(super) const ALL: [Self; 3] = [Self::Code, Self::Service, Self::Metadata];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Code => "/walk/code",
            Self::Service => "/walk/service",
            Self::Metadata => "/walk/metadata",
        }
    }
}

impl Walk {
    pub(super) fn course(&mut self, flow: Flow) -> &mut Course {
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
    pub(super) fn actions(&self, flow: Flow) -> Vec<Action> {
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

    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_str()))
    }

    pub(super) fn access_token(&self) -> Option<Exposed> {
        self.tokens.as_ref().map(|tokens| tokens.access_token.clone())
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
    pub(super) fn finish(&mut self, action: Action, request: String, response: &Response<Vec<u8>>) {
        if let Some(tokens) = action.asks_for_tokens().then(|| TokenResponse::parse(response).ok()).flatten() {
            if action == Action::Refresh {
                self.spent = self.refresh_token();
            }
            self.tokens = Some(tokens);
        }
        self.show(Shown {
            title: action.title(),
            note: action.note(),
            request,
            response: page::print_response(response),
        });
    }

    pub(super) fn show(&mut self, shown: Shown) {
        if self.shown.len() >= SHOWN {
            self.shown.pop_front();
        }
        self.shown.push_back(shown);
    }
}

impl Action {
    pub(super) const ALL: [Self; 10] = [
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

    pub(super) const fn name(self) -> &'static str {
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

    pub(super) const fn title(self) -> &'static str {
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

    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Metadata => "A client finds all endpoints through this document.",
            Self::Redeem => "The code is worth nothing without the verifier behind the challenge.",
            Self::Authenticate => "The client shows its secret and acts for itself.",
            Self::Read => "The resource asks for a token with the scope read.",
            Self::Write => "The scope write was never asked for, so the resource says what is missing.",
            Self::Introspect => "What the server knows of the token, for resources that cannot look it up themselves.",
            Self::Refresh => "Each refresh token is used once and replaced.",
            Self::Revoke => "One write, and every token of the grant is dead.",
            Self::Replay => "A code that is shown twice has leaked, so everything that it gave is revoked.",
            Self::Reuse => {
                "Within half a minute this counts as an answer that was lost, and the same successor is given again. \
                 Later, or once the successor was used, the token has leaked and the grant is revoked."
            }
        }
    }

    pub(super) const fn asks_for_tokens(self) -> bool {
        matches!(self, Self::Redeem | Self::Authenticate | Self::Refresh | Self::Reuse)
    }
}
