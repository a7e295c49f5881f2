//! What a person is being asked, until they answer.

use grantor::record::Standing;
use grantor::server::{Asking, DevicePrompt, Prompt, PromptClient, Session};
use grantor::{ProposedConsent, Timestamp};

use crate::pages::form_action;
use crate::users::ACR;

/// A question that waits in a browser.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    /// Of an authorization request.
    Authorization(Box<Prompt>),
    /// Of a device.
    Device(Box<DeviceQuestion>),
}

/// What a device asks, and how it was found.
#[derive(Clone, Debug)]
pub(crate) struct DeviceQuestion {
    pub(crate) prompt: DevicePrompt,
    /// The code, as it was typed.
    pub(crate) typed: String,
    /// The address it was typed at.
    pub(crate) typist: String,
}

impl Pending {
    pub(crate) fn client(&self) -> &PromptClient {
        match self {
            Self::Authorization(prompt) => &prompt.client,
            Self::Device(question) => &question.prompt.client,
        }
    }

    pub(crate) fn standing(&self) -> &Standing {
        match self {
            Self::Authorization(prompt) => &prompt.standing,
            Self::Device(question) => &question.prompt.standing,
        }
    }

    /// What to call the client on a page.
    pub(crate) fn client_name(&self) -> &str {
        let client = self.client();
        client.name.as_deref().unwrap_or(client.id.as_str())
    }

    pub(crate) fn asking(&self) -> &Asking {
        match self {
            Self::Authorization(prompt) => &prompt.asking,
            Self::Device(question) => &question.prompt.asking,
        }
    }

    pub(crate) fn asked(&self) -> Timestamp {
        match self {
            Self::Authorization(prompt) => prompt.asked,
            Self::Device(question) => question.prompt.asked,
        }
    }

    /// Whether it asks this person, and no one else who has logged in since.
    pub(crate) fn is_for(&self, person: &Session) -> bool {
        matches!(self.asking(), Asking::Consent(ProposedConsent { subject, .. }) if *subject == person.subject)
    }

    /// Whether a password alone is not enough.
    pub(crate) fn needs_second_factor(&self) -> bool {
        let [password, second] = ACR.map(str::to_owned);
        match self {
            Self::Authorization(prompt) => {
                prompt.acr_values.contains(&second) && !prompt.acr_values.contains(&password)
            }
            Self::Device(_) => false,
        }
    }

    pub(crate) fn login_hint(&self) -> &str {
        match self {
            Self::Authorization(prompt) => prompt.request.login_hint.as_deref().unwrap_or_default(),
            Self::Device(_) => "",
        }
    }

    /// Where its forms may lead.
    pub(crate) fn form_action(&self) -> String {
        form_action(&self.client().redirect_uri)
    }
}
