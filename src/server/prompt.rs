//! What a person is asked, and what the host keeps meanwhile.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::authorize::Authorize;
use super::visitor::Visitor;
use crate::config::Config;
use crate::env::Timestamp;
use crate::grant::consent_question::ProposedConsent;
use crate::record::{Client, ClientId, Standing};
use crate::wire::AuthorizationRequest;

/// A question for the person: a plain value that the host keeps until it is answered.
///
/// After a login, decide again with [`Prompt::resume`]; after a consent, answer with an `Approval` or a `Denial`. Both
/// verify the request again, but must believe the prompt when and what the person was asked.
///
/// So keep it where the browser cannot change it, under an unguessable name of its own that the form of the consent page
/// sends back, together with the browser's session, and forget it once it is answered: otherwise another site can
/// answer it, or put another prompt in its place while the person looks at this one [RFC 6749 §10.12].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prompt {
    /// The request that counts.
    pub request: AuthorizationRequest,
    /// When the person was first asked.
    pub asked: Timestamp,
    /// What to ask.
    pub asking: Asking,
    /// How surely the person must prove who they are: one of these, the best first; anything will do if empty. A login that
    /// reaches none of them ends the request [RFC 9470 §5].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// Who wants to know: to be shown.
    pub client: PromptClient,
    /// What the server itself knows of that client: to be warned by.
    pub standing: Standing,
}

/// What a person is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Asking {
    /// To prove who they are; also if they are logged in already.
    Login,
    /// To choose one of their accounts.
    SelectAccount,
    /// To consent.
    Consent(ProposedConsent),
}

/// What to show of a client. All of it is the client's own word.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PromptClient {
    /// Its identifier.
    pub id: ClientId,
    /// Its name; a blank one is none.
    pub name: Option<String>,
    /// A page about it.
    pub uri: Option<String>,
    /// Its picture.
    pub logo_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    pub policy_uri: Option<String>,
    /// Where the answer will go.
    pub redirect_uri: String,
}

impl Prompt {
    /// Decides again, now that the host knows more of the person.
    #[must_use]
    pub fn resume(self, config: Arc<Config>, visitor: Visitor) -> Authorize {
        Authorize::again(config, self.request, visitor, self.asked)
    }
}

impl PromptClient {
    pub(super) fn of(client: &Client, redirect_uri: &str) -> Self {
        let metadata = client.metadata();
        Self {
            id: client.id().clone(),
            name: metadata.client_name.clone().filter(|name| !name.trim().is_empty()),
            uri: metadata.client_uri.clone(),
            logo_uri: metadata.logo_uri.clone(),
            tos_uri: metadata.tos_uri.clone(),
            policy_uri: metadata.policy_uri.clone(),
            redirect_uri: redirect_uri.to_owned(),
        }
    }
}
