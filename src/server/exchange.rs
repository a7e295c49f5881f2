//! Any endpoint without a person, from one HTTP message to another.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use http::header::HeaderValue;
use http::{Method, Request, Response, StatusCode};

use crate::client_auth::find;
use crate::config::Config;
use crate::ensure::ensure;
use crate::proof::dpop::PresentedProof;
use crate::record::{Client, ClientId};
use crate::snapshot::{Halt, Snapshot};
use crate::step::{Decision, Endpoint, Plan};
use crate::store::Key;
use crate::wire::{
    DPOP_NONCE, DeviceRequest, PushRequest, RegistrationAction, RegistrationRefusal, RegistrationRequest, TokenRefusal,
    TokenRequest, json, json_at_home, json_text,
};

use super::cross_origin::CrossOrigin;
use super::device::DeviceAuthorization;
use super::introspect::Introspect;
use super::introspection_response::Told;
use super::keys;
use super::manage::{Manage, Managed};
use super::push::Push;
use super::register::Register;
use super::revoke::Revoke;
use super::routes::Place;
use super::token::Token;

/// A parsed request to one of the endpoints that clients call.
#[derive(Clone, Debug)]
pub struct Exchange {
    script: CrossOrigin,
    call: Call,
}

/// What is called.
#[derive(Clone, Debug)]
enum Call {
    /// For tokens.
    Token(Box<Token>),
    /// To look up a token.
    Introspect(Box<Introspect>),
    /// To revoke a token.
    Revoke(Box<Revoke>),
    /// To push an authorization request.
    Push(Push),
    /// For a device's codes.
    Device(DeviceAuthorization),
    /// To register a client.
    Register(Register),
    /// To manage a registration.
    Manage(Box<Manage>),
    /// For the server's public keys.
    Keys {
        config: Arc<Config>,
        /// Without the body.
        head: bool,
    },
    /// Answered already: not well formed, or the same for everyone.
    Answered { config: Arc<Config>, answer: Answer },
}

/// The message that answers an exchange; it may carry tokens, so `Debug` shows only its status.
#[derive(Clone)]
pub struct Answer(Message);

/// Moved often on its way, and so small: it becomes a response when it is sent, or is one in a box.
#[derive(Clone)]
enum Message {
    /// What no script of another origin asked for; whether one might is for caches to know.
    Json {
        text: Vec<u8>,
        scripts_may_ask: bool,
    },
    Other(Box<Response<Vec<u8>>>),
}

impl Answer {
    fn new(response: Response<Vec<u8>>) -> Self {
        Self(Message::Other(Box::new(response)))
    }

    /// The message to send.
    #[must_use]
    pub fn into_response(self) -> Response<Vec<u8>> {
        match self.0 {
            Message::Json { text, scripts_may_ask } => json_at_home(text, scripts_may_ask),
            Message::Other(response) => *response,
        }
    }

    fn status(&self) -> StatusCode {
        match &self.0 {
            Message::Json { .. } => StatusCode::OK,
            Message::Other(response) => response.status(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answer").field(&self.status()).finish()
    }
}

impl Exchange {
    /// Reads a request to `place`.
    #[must_use]
    pub fn parse<B: AsRef<[u8]>>(config: &Arc<Config>, place: Place, request: &Request<B>) -> Self {
        let script = CrossOrigin::new(config, place, request.headers());
        let answer = |response| Call::Answered { config: Arc::clone(config), answer: Answer::new(response) };
        let answered = |mut response| {
            script.mark(config, None, &mut response);
            answer(response)
        };
        let call = if let Some(refused) = config.refuse_method(place, request.method()) {
            answered(refused)
        } else if request.method() == Method::OPTIONS {
            answer(script.preflight(config))
        } else {
            Call::parse(config, place, request).unwrap_or_else(|response| answered(*response))
        };
        Self { script, call }
    }

    /// Where the request comes from, as far as a browser says so.
    pub(crate) const fn script(&self) -> &CrossOrigin {
        &self.script
    }
}

impl Call {
    /// Reads a request, or gives what is answered already: it is not well formed, or the same for everyone.
    fn parse<B: AsRef<[u8]>>(
        config: &Arc<Config>,
        place: Place,
        request: &Request<B>,
    ) -> Result<Self, Box<Response<Vec<u8>>>> {
        let (own, limits) = (|| Arc::clone(config), config.limits());
        let refused = |refusal: TokenRefusal| Box::new(refusal.print(&config.realm()));
        Ok(match place {
            Place::Token => {
                Self::Token(Box::new(Token::new(own(), TokenRequest::parse(request, limits).map_err(refused)?)))
            }
            Place::Introspection => Self::Introspect(Box::new(Introspect::read(own(), request).map_err(refused)?)),
            Place::Revocation => Self::Revoke(Box::new(Revoke::read(own(), request).map_err(refused)?)),
            Place::PushedAuthorizationRequest => {
                Self::Push(Push::new(own(), PushRequest::parse(request, limits).map_err(refused)?))
            }
            Place::DeviceAuthorization => {
                Self::Device(DeviceAuthorization::new(own(), DeviceRequest::parse(request, limits).map_err(refused)?))
            }
            Place::Registration => {
                Self::registration(config, request).map_err(|refusal| Box::new(refusal.print(&config.realm())))?
            }
            Place::JwkSet => Self::Keys { config: own(), head: request.method() == Method::HEAD },
            Place::Metadata => {
                let mut response = config.metadata().print();
                if request.method() == Method::HEAD {
                    response.body_mut().clear();
                }
                return Err(Box::new(response));
            }
            // A host that sends these here gets what it would get for a request of no known client.
            Place::Authorization | Place::Verification => {
                return Err(Box::new(crate::wire::PageReason::ClientIdMissing.print()));
            }
        })
    }

    /// The one that the endpoint has: a second would be one more counter that all threads write to.
    fn config(&self) -> &Config {
        match self {
            Self::Token(token) => &token.config,
            Self::Introspect(introspect) => &introspect.config,
            Self::Revoke(revoke) => &revoke.config,
            Self::Push(push) => &push.config,
            Self::Device(device) => &device.config,
            Self::Register(register) => &register.config,
            Self::Manage(manage) => &manage.config,
            Self::Keys { config, .. } | Self::Answered { config, .. } => config,
        }
    }

    /// Which client calls, as far as it says so.
    const fn client(&self) -> Option<&ClientId> {
        match self {
            Self::Token(token) => Some(token.client()),
            Self::Introspect(introspect) => Some(introspect.client()),
            Self::Revoke(revoke) => Some(revoke.client()),
            Self::Push(push) => Some(push.client()),
            Self::Device(device) => Some(device.client()),
            Self::Manage(manage) => Some(manage.client()),
            Self::Register(_) | Self::Keys { .. } | Self::Answered { .. } => None,
        }
    }

    /// What the request shows of a key.
    const fn proof(&self) -> Option<&PresentedProof> {
        match self {
            Self::Token(token) => Some(token.proof()),
            Self::Push(push) => Some(push.proof()),
            Self::Introspect(_)
            | Self::Revoke(_)
            | Self::Device(_)
            | Self::Register(_)
            | Self::Manage(_)
            | Self::Keys { .. }
            | Self::Answered { .. } => None,
        }
    }

    fn registration<B: AsRef<[u8]>>(config: &Arc<Config>, request: &Request<B>) -> Result<Self, RegistrationRefusal> {
        ensure(config.registration().is_some(), RegistrationRefusal::NotServed)?;
        let RegistrationRequest { access_token, client, action } =
            RegistrationRequest::parse(request, config.limits())?;
        if let RegistrationAction::Register(metadata) = action {
            return Ok(Self::Register(Register::new(Arc::clone(config), access_token, metadata)));
        }
        let managed = client.and_then(|client| Manage::new(Arc::clone(config), client, access_token, action));
        managed.map(|managed| Self::Manage(Box::new(managed))).ok_or(RegistrationRefusal::ClientIdMissing)
    }
}

impl Endpoint for Exchange {
    type Reply = Answer;
    /// A refusal is printed like any other answer.
    type Refusal = Infallible;

    fn keys(&self) -> Vec<Key> {
        match &self.call {
            Call::Token(token) => token.keys(),
            Call::Introspect(introspect) => introspect.keys(),
            Call::Revoke(revoke) => revoke.keys(),
            Call::Push(push) => push.keys(),
            Call::Device(device) => device.keys(),
            Call::Register(register) => register.keys(),
            Call::Manage(manage) => manage.keys(),
            Call::Keys { .. } | Call::Answered { .. } => Vec::new(),
        }
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        match &self.call {
            Call::Token(token) => self.answered(seen, token.decide(seen), |response| self.json(seen, response.json())),
            Call::Introspect(introspect) => {
                let told = introspect.tell(seen, |told| match told {
                    Told::Json(description) => self.json(seen, description.json()),
                    #[cfg(feature = "jose")]
                    Told::Jwt(jwt) => self.marked(seen, jwt.print()),
                });
                self.answered(seen, told, |answer| answer)
            }
            Call::Revoke(revoke) => self.printed(seen, revoke.decide(seen), |()| empty()),
            Call::Push(push) => self.printed(seen, push.decide(seen), |response| response.print()),
            Call::Device(device) => self.printed(seen, device.decide(seen), |response| response.print()),
            Call::Register(register) => {
                self.printed(seen, register.decide(seen), |information| information.print(StatusCode::CREATED))
            }
            Call::Manage(manage) => self.printed(seen, manage.decide(seen), |managed| match managed {
                Managed::Told(information) => information.print(StatusCode::OK),
                Managed::Deleted => gone(),
            }),
            Call::Keys { config, head } => {
                let mut response = keys::print(config, seen.now());
                if *head {
                    response.body_mut().clear();
                }
                self.script.mark(config, None, &mut response);
                Ok(Plan::grant(Vec::new(), Answer::new(response)))
            }
            Call::Answered { answer, .. } => Ok(Plan::grant(Vec::new(), answer.clone())),
        }
    }
}

impl Exchange {
    fn printed<R, F: Refused>(
        &self,
        seen: &Snapshot,
        decided: Result<Plan<R, F>, Halt<F>>,
        print: impl FnOnce(R) -> Response<Vec<u8>>,
    ) -> Decision<Self> {
        self.answered(seen, decided, |reply| self.marked(seen, print(reply)))
    }

    fn answered<R, F: Refused>(
        &self,
        seen: &Snapshot,
        decided: Result<Plan<R, F>, Halt<F>>,
        answer: impl FnOnce(R) -> Answer,
    ) -> Decision<Self> {
        let refused = |refusal: F| self.marked(seen, refusal.print(&self.call.config().realm()));
        match decided {
            Ok(plan) => Ok(plan.answered(answer, refused)),
            Err(Halt::Refused(refusal)) => Ok(Plan::grant(Vec::new(), refused(refusal))),
            Err(Halt::Missing(need)) => Err(Halt::Missing(need)),
        }
    }

    /// Answers in JSON, seldom to a script or with a nonce.
    fn json(&self, seen: &Snapshot, text: Vec<u8>) -> Answer {
        let nonce = self.nonce(seen);
        if self.script.asks() || nonce.is_some() {
            return self.marked_with(nonce, seen, json_text(StatusCode::OK, text));
        }
        Answer(Message::Json { text, scripts_may_ask: self.script.may_ask(self.call.config()) })
    }

    fn marked(&self, seen: &Snapshot, response: Response<Vec<u8>>) -> Answer {
        self.marked_with(self.nonce(seen), seen, response)
    }

    fn marked_with(&self, nonce: Option<HeaderValue>, seen: &Snapshot, mut response: Response<Vec<u8>>) -> Answer {
        if let Some(nonce) = nonce {
            response.headers_mut().append(DPOP_NONCE, nonce);
        }
        self.script.mark(self.call.config(), self.client(seen), &mut response);
        Answer::new(response)
    }

    fn nonce(&self, seen: &Snapshot) -> Option<HeaderValue> {
        self.call.proof().and_then(|proof| proof.next_nonce(self.call.config(), seen.now()))
    }

    /// The client that calls, where that matters and it is registered.
    fn client<'s>(&self, seen: &'s Snapshot) -> Option<&'s Client> {
        let id = self.call.client().filter(|_| self.script.asks())?;
        find::<TokenRefusal>(self.call.config(), id, seen).ok().flatten().map(|client| client.value())
    }
}

/// A refusal that has a wire form.
trait Refused {
    fn print(&self, realm: &str) -> Response<Vec<u8>>;
}

impl Refused for TokenRefusal {
    fn print(&self, realm: &str) -> Response<Vec<u8>> {
        self.print(realm)
    }
}

impl Refused for RegistrationRefusal {
    fn print(&self, realm: &str) -> Response<Vec<u8>> {
        self.print(realm)
    }
}

/// [RFC 7009 §2.2]: the status says it all.
fn empty() -> Response<Vec<u8>> {
    let mut response = json(StatusCode::OK, &());
    response.body_mut().clear();
    response.headers_mut().remove(http::header::CONTENT_TYPE);
    response
}

/// [RFC 7592 §2.3]
fn gone() -> Response<Vec<u8>> {
    let mut response = empty();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
