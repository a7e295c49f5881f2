//! What the library leaves to its host: how often one may guess user codes, which tokens may be exchanged, whose a password
//! is, and documents from elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use grantor::drive::{AsyncHost, NoHost, NoKeys};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
#[cfg(feature = "jose")]
use grantor::jose::{AsyncSigner, LocalSigner};
use grantor::record::{Client, ClientId, Resource};
use grantor::{Clock as _, ExchangeQuestion, PasswordQuestion, Question, SigningInput, SystemClock, Verdict};
use http::Response;

use crate::clients::DEMO_ASSISTANT;
use crate::fetcher::Fetcher;
use crate::guesses::Guesses;
#[cfg(feature = "jose")]
use crate::keys::Keys;
use crate::users::Users;

/// The host that the library asks.
#[derive(Debug)]
pub(crate) struct DemoHost {
    users: Arc<Users>,
    /// Guessed passwords, by user name.
    guesses: Arc<Guesses>,
    /// Guessed user codes, by address.
    typed: Arc<Guesses>,
    /// What the confidential clients serve.
    served: HashMap<ClientId, Vec<Resource>>,
    fetcher: Fetcher,
    /// What the assistant of the walk publishes; its address is made up, so nobody could fetch it.
    published: Option<Response<Vec<u8>>>,
    #[cfg(feature = "jose")]
    signer: LocalSigner,
}

impl DemoHost {
    pub(crate) fn new(
        users: Arc<Users>,
        guesses: Arc<Guesses>,
        typed: Arc<Guesses>,
        clients: &[Client],
        fetcher: Fetcher,
    ) -> Self {
        let confidential = clients.iter().filter(|client| client.is_confidential());
        let served = confidential.map(|client| (client.id().clone(), client.resources().to_vec())).collect();
        Self {
            users,
            guesses,
            typed,
            served,
            fetcher,
            published: None,
            #[cfg(feature = "jose")]
            signer: LocalSigner::default(),
        }
    }

    /// Signs with these.
    #[cfg(feature = "jose")]
    pub(crate) fn signing(self, keys: Keys) -> Self {
        Self { signer: keys.into_signer(), ..self }
    }

    /// Answers for the address of the walk's assistant itself.
    pub(crate) fn publishing(mut self, document: Response<Vec<u8>>) -> Self {
        self.published = Some(document);
        self
    }

    /// As at the login page: the same people, and the same limit.
    fn log_in(&self, question: &PasswordQuestion) -> Option<Verdict> {
        let (username, now) = (question.username.as_str(), SystemClock.now());
        if !self.guesses.may_try(username, now) {
            return None;
        }
        let user = self.users.log_in(username, question.password.as_str())?;
        self.guesses.right(username);
        Some(Verdict::Subject { subject: user.subject.clone(), authenticated: now })
    }

    /// A confidential client that is registered for token exchange (which the library checks) may exchange tokens that
    /// were sent to a resource that it serves, and its own.
    fn may_exchange(&self, question: &ExchangeQuestion) -> bool {
        self.served.get(&question.client).is_some_and(|served| {
            let sent_here = question.subject_audience.iter().any(|resource| served.contains(resource));
            sent_here || question.subject_client == question.client
        })
    }
}

impl AsyncHost for DemoHost {
    type Error = NoKeys;

    async fn fetch(&self, request: &FetchRequest) -> Result<Result<Fetched, Unfetched>, NoKeys> {
        let own = self.published.as_ref().filter(|_| request.url.as_str() == DEMO_ASSISTANT);
        match own {
            Some(document) => Ok(Ok(document.into())),
            None => Ok(self.fetcher.fetch(request).await),
        }
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
        if let Question::Password(question) = question {
            return Ok(self.log_in(question).unwrap_or(Verdict::Denied));
        }
        let allowed = if let Question::UserCodeAttempt { typist, .. } = question {
            self.typed.may_try(typist, SystemClock.now())
        } else if let Question::TokenExchange(question) = question {
            self.may_exchange(question)
        } else {
            false
        };
        Ok(if allowed { Verdict::Allowed } else { Verdict::Denied })
    }

    async fn sign(&self, input: &SigningInput) -> Result<Arc<[u8]>, NoKeys> {
        #[cfg(feature = "jose")]
        if let Ok(signature) = AsyncSigner::sign(&self.signer, input).await {
            return Ok(signature);
        }
        AsyncHost::sign(&NoHost, input).await
    }
}
