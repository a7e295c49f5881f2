//! What the library leaves to its host: how often one may guess user codes, and which tokens may be exchanged.

use std::collections::HashMap;
use std::sync::Arc;

use grantor::drive::{AsyncHost, NoHost, NoKeys};
use grantor::record::{Client, ClientId, Resource};
use grantor::{Clock as _, ExchangeQuestion, Question, SigningInput, SystemClock, Unfetched, Verdict};
use url::Url;

use crate::guesses::Guesses;

/// The host that the library asks.
#[derive(Debug)]
pub(crate) struct DemoHost {
    /// Wrong user codes, by address.
    typed: Arc<Guesses>,
    /// What the confidential clients serve.
    served: HashMap<ClientId, Vec<Resource>>,
}

impl DemoHost {
    pub(crate) fn new(typed: Arc<Guesses>, clients: &[Client]) -> Self {
        let confidential = clients.iter().filter(|client| client.is_confidential());
        let served = confidential.map(|client| (client.id().clone(), client.resources().to_vec())).collect();
        Self { typed, served }
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

    async fn fetch(&self, url: &Url) -> Result<Result<Arc<[u8]>, Unfetched>, NoKeys> {
        AsyncHost::fetch(&NoHost, url).await
    }

    async fn judge(&self, question: &Question) -> Result<Verdict, NoKeys> {
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
        AsyncHost::sign(&NoHost, input).await
    }
}
