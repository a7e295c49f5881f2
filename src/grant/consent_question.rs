//! What a consent is about: what the person is shown, and what the host is asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::env::Timestamp;
use crate::record::{AuthorizationDetails, Client, ClientId, Resource, Scope, Standing, Subject};
use crate::snapshot::{Halt, Question, Snapshot, Verdict};

/// What the host is asked before a person is, before an approval without a question, and again before what the person
/// agreed to is given.
///
/// [`Verdict::Allowed`] lets the usual rules decide, [`Verdict::AskAgain`] has the person asked whatever they agreed to
/// before, and anything else refuses.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConsentQuestion {
    /// Who would get it.
    pub client: ClientId,
    /// What the server knows of it.
    pub standing: Standing,
    /// Where the answer would go; absent where a device waits for it.
    pub redirect_uri: Option<String>,
    /// What the person would agree to.
    pub consent: ProposedConsent,
}

/// What a person is asked to agree to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProposedConsent {
    /// Who is asked.
    pub subject: Subject,
    /// What the client would get.
    pub scope: Scope,
    /// Where it could use that, to be shown as well; at no resource in particular if empty [RFC 8707 §2].
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub audience: Arc<[Resource]>,
    /// What it would get beside the scope, to be shown as well [RFC 9396 §3.1].
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub details: AuthorizationDetails,
    /// What of the scope was not granted before for all of these resources.
    pub new: Scope,
    /// What of the details was not granted before, or is agreed to each time.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub new_details: AuthorizationDetails,
    /// What of the scope is sensitive.
    pub sensitive: Scope,
    /// What of the details is sensitive.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub sensitive_details: AuthorizationDetails,
    /// What the person had to do with the client before.
    pub acquaintance: Acquaintance,
}

/// Whether a person granted a client anything before.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Acquaintance {
    /// Nobody can tell: consents are not remembered, or nothing proves that this is the same client [RFC 8252 §8.6].
    #[default]
    Unknown,
    /// Nothing that is remembered: this would be their first grant to it.
    First,
    /// They did.
    #[non_exhaustive]
    Known {
        /// When for the first time, if that is remembered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
}

/// What the host thinks of a consent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Judged {
    /// The usual rules decide.
    Usual,
    /// The person is to be asked, whatever they agreed to before.
    Afresh,
    /// It is not to be.
    Refused,
}

impl ConsentQuestion {
    /// Whether `client` may be granted this, by an answer to `redirect_uri`, or to a device.
    pub(crate) fn new(
        consent: ProposedConsent,
        client: &Client,
        redirect_uri: Option<&str>,
        config: &Config,
        now: Timestamp,
    ) -> Self {
        let standing = config.standing(client, now);
        Self { client: client.id().clone(), standing, redirect_uri: redirect_uri.map(str::to_owned), consent }
    }

    /// Asks the host.
    pub(crate) fn judge<F>(&self, seen: &Snapshot) -> Result<Judged, Halt<F>> {
        let verdict = seen.verdict(Question::Consent(Box::new(self.clone())))?;
        let afresh = if verdict == Verdict::AskAgain { Judged::Afresh } else { Judged::Refused };
        Ok(if verdict == Verdict::Allowed { Judged::Usual } else { afresh })
    }
}

impl ProposedConsent {
    /// What the host forbids of it, now that a person agreed to this part; nothing where it allows that, or is not asked.
    pub(crate) fn forbidden<F>(
        &self,
        config: &Config,
        client: &Client,
        redirect_uri: Option<&str>,
        (scope, details): (&Scope, &AuthorizationDetails),
        seen: &Snapshot,
    ) -> Result<Option<ConsentQuestion>, Halt<F>> {
        if !config.caution().ask_host {
            return Ok(None);
        }
        let agreed = self.clone().about(scope, details, config);
        let question = ConsentQuestion::new(agreed, client, redirect_uri, config, seen.now());
        Ok((question.judge(seen)? == Judged::Refused).then_some(question))
    }

    /// The same about a part of it.
    fn about(self, scope: &Scope, details: &AuthorizationDetails, config: &Config) -> Self {
        Self {
            new: scope.filtered(|word| self.new.contains(word)),
            new_details: details.filtered(|detail| config.covers_detail(&self.new_details, detail)),
            sensitive: config.sensitive_scope(scope),
            sensitive_details: config.sensitive_details(details),
            scope: scope.clone(),
            details: details.clone(),
            ..self
        }
    }
}
