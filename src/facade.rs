//! Everything a host needs in one value: configuration, store, clock, randomness and audit log.

mod grants;

use std::fmt;
use std::sync::Arc;

use http::header::{HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};

use crate::ambient::{Clock, Randomness, SystemClock, SystemRandomness};
use crate::config::Config;
use crate::drive::{self, AsyncHost, Failure, Host, NoHost};
use crate::event::EventSink;
#[cfg(feature = "jose")]
use crate::jose::SigningHost;
use crate::resource::{Access, Demand, Permit};
use crate::server::{
    Approval, Authorization, Authorize, CrossOrigin, Denial, Exchange, Place, Prompt, Route, Session, Visitor,
};
use crate::step::{Done, Endpoint, Step};
use crate::store::{AsyncStore, Store};
use crate::wire::{AuthorizationRequest, AuthorizationResponse, AuthorizeRefusal, ErrorResponse, PageReason, json};

/// An authorization server over a store; blocking where the store is a [`Store`], async where it is an [`AsyncStore`].
#[derive(Clone, Debug)]
pub struct AuthorizationServer<S, H = NoHost, E = (), C = SystemClock, R = SystemRandomness> {
    config: Arc<Config>,
    store: S,
    host: H,
    sink: E,
    clock: C,
    randomness: R,
}

/// What becomes of a request: an answer of its endpoint, or a failure of what is around it.
pub type Outcome<E, S, H> =
    Result<Result<<E as Endpoint>::Reply, <E as Endpoint>::Refusal>, Failure<S, H, <E as Endpoint>::Refusal>>;

impl<S> AuthorizationServer<S> {
    /// A server that keeps its records in `store`.
    #[must_use]
    pub const fn new(config: Arc<Config>, store: S) -> Self {
        Self { config, store, host: NoHost, sink: (), clock: SystemClock, randomness: SystemRandomness }
    }
}

impl<S, H, E, C, R> AuthorizationServer<S, H, E, C, R> {
    /// Lets `host` fetch, judge and sign.
    pub fn with_host<H2>(self, host: H2) -> AuthorizationServer<S, H2, E, C, R> {
        let Self { config, store, sink, clock, randomness, .. } = self;
        AuthorizationServer { config, store, host, sink, clock, randomness }
    }

    /// Lets `signer` sign, and the host so far do everything else.
    #[cfg(feature = "jose")]
    pub fn with_signer<G>(self, signer: G) -> AuthorizationServer<S, SigningHost<H, G>, E, C, R> {
        let Self { config, store, host, sink, clock, randomness } = self;
        AuthorizationServer { config, store, host: SigningHost::new(host, signer), sink, clock, randomness }
    }

    /// Reports events to `sink`.
    pub fn with_sink<E2>(self, sink: E2) -> AuthorizationServer<S, H, E2, C, R> {
        let Self { config, store, host, clock, randomness, .. } = self;
        AuthorizationServer { config, store, host, sink, clock, randomness }
    }

    /// Takes the time from `clock`.
    pub fn with_clock<C2>(self, clock: C2) -> AuthorizationServer<S, H, E, C2, R> {
        let Self { config, store, host, sink, randomness, .. } = self;
        AuthorizationServer { config, store, host, sink, clock, randomness }
    }

    /// Takes seeds from `randomness`, such as `rand::rng`, which spares each request a system call; not where the process
    /// forks or is cloned after its first request, since its copies would make the same secrets.
    pub fn with_randomness<R2>(self, randomness: R2) -> AuthorizationServer<S, H, E, C, R2> {
        let Self { config, store, host, sink, clock, .. } = self;
        AuthorizationServer { config, store, host, sink, clock, randomness }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Every endpoint with its path, to be mounted in a loop.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        self.config.routes()
    }

    /// Reads an authorization request, so that the host knows which client asks.
    ///
    /// # Errors
    ///
    /// The page to show for a request that cannot be read, or whose method is not served.
    pub fn read_authorization<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
    ) -> Result<AuthorizationRequest, Box<Response<Vec<u8>>>> {
        if let Some(refused) = Place::Authorization.refuse_method(request.method()) {
            return Err(Box::new(refused));
        }
        AuthorizationRequest::parse(request, self.config.limits())
            .map_err(|malformed| Box::new(PageReason::Malformed(malformed).print()))
    }
}

impl<S, H, E, C, R> AuthorizationServer<S, H, E, C, R> {
    fn answered<X, Y>(&self, script: &CrossOrigin, outcome: Outcome<Exchange, X, Y>) -> Response<Vec<u8>> {
        match outcome {
            Ok(Ok(answer)) => answer.into_response(),
            Ok(Err(never)) => match never {},
            Err(_) => {
                let mut response = unavailable();
                script.mark(&self.config, None, &mut response);
                response
            }
        }
    }
}

impl<S, H, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    fn finish<P: Endpoint, X, Y>(&self, driven: Result<Done<P>, Failure<X, Y, P::Refusal>>) -> Outcome<P, X, Y>
    where
        X: std::error::Error + 'static,
        Y: std::error::Error + 'static,
    {
        match driven {
            Ok(done) => {
                done.events.iter().for_each(|event| self.sink.event(event));
                Ok(done.reply)
            }
            Err(failure) => {
                self.sink.failure(&failure.cause);
                Err(failure)
            }
        }
    }
}

/// Blocking.
impl<S: Store, H: Host, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    /// Decides any endpoint.
    ///
    /// # Errors
    ///
    /// The store or the host failed; the caller answers with the failure's refusal, or 503.
    pub fn run<P: Endpoint>(&self, endpoint: P) -> Outcome<P, S::Error, H::Error> {
        let step = Step::at(endpoint, self.clock.now());
        self.finish(drive::run(step, &self.store, &self.host, &self.randomness))
    }

    /// Answers a request to an endpoint that needs no person.
    pub fn answer<B: AsRef<[u8]>>(&self, place: Place, request: &Request<B>) -> Response<Vec<u8>> {
        let exchange = Exchange::parse(&self.config, place, request);
        let script = exchange.script().clone();
        self.answered(&script, self.run(exchange))
    }

    /// Decides an authorization request: a prompt for the host's pages, or a response to send.
    pub fn authorize(&self, request: AuthorizationRequest, visitor: Visitor) -> Progress {
        progressed(self.run(Authorize::new(Arc::clone(&self.config), request, visitor)))
    }

    /// Decides a prompt again, after the person has logged in.
    pub fn resume(&self, prompt: Prompt, visitor: Visitor) -> Progress {
        progressed(self.run(prompt.resume(Arc::clone(&self.config), visitor)))
    }

    /// Answers a prompt for consent that the person of `session` approved; other prompts go to `resume`.
    pub fn approve(&self, prompt: Prompt, session: Session) -> Response<Vec<u8>> {
        redirected(self.run(Approval::new(Arc::clone(&self.config), prompt, session)))
    }

    /// Answers a prompt that the person denied.
    pub fn deny(&self, prompt: Prompt) -> Response<Vec<u8>> {
        redirected(self.run(Denial::new(Arc::clone(&self.config), prompt)))
    }

    /// Decides whether a request may use a resource.
    ///
    /// # Errors
    ///
    /// The answer to a request that may not, or that could not be decided.
    pub fn access<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        demand: Demand,
    ) -> Result<Permit, Box<Response<Vec<u8>>>> {
        permitted(self.run(Access::new(&self.config, request, demand)))
    }
}

/// Async: the same, awaiting.
impl<S: AsyncStore, H: AsyncHost, E: EventSink, C: Clock, R: Randomness> AuthorizationServer<S, H, E, C, R> {
    /// Decides any endpoint.
    ///
    /// # Errors
    ///
    /// The store or the host failed; the caller answers with the failure's refusal, or 503.
    pub async fn run_async<P: Endpoint>(&self, endpoint: P) -> Outcome<P, S::Error, H::Error> {
        let step = Step::at(endpoint, self.clock.now());
        self.finish(drive::run_async(step, &self.store, &self.host, &self.randomness).await)
    }

    /// Answers a request to an endpoint that needs no person.
    pub async fn answer_async<B: AsRef<[u8]>>(&self, place: Place, request: &Request<B>) -> Response<Vec<u8>> {
        let exchange = Exchange::parse(&self.config, place, request);
        let script = exchange.script().clone();
        self.answered(&script, self.run_async(exchange).await)
    }

    /// Decides an authorization request: a prompt for the host's pages, or a response to send.
    pub async fn authorize_async(&self, request: AuthorizationRequest, visitor: Visitor) -> Progress {
        progressed(self.run_async(Authorize::new(Arc::clone(&self.config), request, visitor)).await)
    }

    /// Decides a prompt again, after the person has logged in.
    pub async fn resume_async(&self, prompt: Prompt, visitor: Visitor) -> Progress {
        progressed(self.run_async(prompt.resume(Arc::clone(&self.config), visitor)).await)
    }

    /// Answers a prompt for consent that the person of `session` approved; other prompts go to `resume`.
    pub async fn approve_async(&self, prompt: Prompt, session: Session) -> Response<Vec<u8>> {
        redirected(self.run_async(Approval::new(Arc::clone(&self.config), prompt, session)).await)
    }

    /// Answers a prompt that the person denied.
    pub async fn deny_async(&self, prompt: Prompt) -> Response<Vec<u8>> {
        redirected(self.run_async(Denial::new(Arc::clone(&self.config), prompt)).await)
    }

    /// Decides whether a request may use a resource.
    ///
    /// # Errors
    ///
    /// The answer to a request that may not, or that could not be decided.
    pub async fn access_async<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        demand: Demand,
    ) -> Result<Permit, Box<Response<Vec<u8>>>> {
        let access = Access::new(&self.config, request, demand);
        permitted(self.run_async(access).await)
    }
}

/// How an authorization request goes on.
#[derive(Clone)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a host must treat all three, and there is no fourth")]
pub enum Progress {
    /// Show the person a page, then `resume`, `approve` or `deny`.
    Ask(Box<Prompt>),
    /// Send this.
    Respond(Response<Vec<u8>>),
    /// Show the person that the request is refused; `reason.print()` is a plain page.
    Refuse(PageReason),
}

/// A response may carry a code, so only its status is shown.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(prompt) => f.debug_tuple("Ask").field(prompt).finish(),
            Self::Respond(response) => f.debug_tuple("Respond").field(&response.status()).finish(),
            Self::Refuse(reason) => f.debug_tuple("Refuse").field(reason).finish(),
        }
    }
}

fn progressed<X, Y>(outcome: Outcome<Authorize, X, Y>) -> Progress {
    let refusal = match outcome {
        Ok(Ok(Authorization::Ask(prompt))) => return Progress::Ask(prompt),
        Ok(Ok(Authorization::Answer(response))) => return Progress::Respond(response.print()),
        Ok(Err(refusal)) => Some(refusal),
        Err(failure) => failure.refusal,
    };
    match refusal {
        Some(AuthorizeRefusal::Page(reason)) => Progress::Refuse(reason),
        Some(AuthorizeRefusal::Redirect(response)) => Progress::Respond(response.print()),
        None => Progress::Respond(unavailable()),
    }
}

fn redirected<X, Y>(
    outcome: Result<Result<AuthorizationResponse, AuthorizeRefusal>, Failure<X, Y, AuthorizeRefusal>>,
) -> Response<Vec<u8>> {
    match outcome {
        Ok(Ok(response)) => response.print(),
        Ok(Err(refusal)) => refusal.print(),
        Err(failure) => failure.refusal.map_or_else(unavailable, |refusal| refusal.print()),
    }
}

fn permitted<X, Y>(outcome: Outcome<Access, X, Y>) -> Result<Permit, Box<Response<Vec<u8>>>> {
    match outcome {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(refusal)) => Err(Box::new(refusal.print())),
        Err(_) => Err(Box::new(unavailable())),
    }
}

/// The answer when nothing is known to have gone right: the client may try again.
fn unavailable() -> Response<Vec<u8>> {
    let body = ErrorResponse::new("temporarily_unavailable", "please try again");
    let mut response = json(StatusCode::SERVICE_UNAVAILABLE, &body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
