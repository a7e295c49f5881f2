//! What happened, for an audit log: names, never a secret.

use std::sync::Arc;

use crate::record::{AccessToken, AuthorizationDetails, ClientId, GrantId, GrantType, Scope, Subject};
use crate::wire::{AssertionFault, ClientDocumentFault};

/// Something worth recording, reported only after it is durable.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A request named a client and did not prove to be it.
    #[non_exhaustive]
    ClientAuthenticationFailed {
        /// The client it claimed to be.
        client: ClientId,
    },
    /// A request named a client by a document that could not be used.
    #[non_exhaustive]
    ClientDocumentRefused {
        /// The client it named: where the document is.
        client: ClientId,
        /// Why.
        fault: ClientDocumentFault,
    },
    /// An authorization request named a redirect URI that its client has not registered.
    #[non_exhaustive]
    RedirectUriRefused {
        /// The client it named.
        client: ClientId,
    },
    /// A person, or a policy on their behalf, approved an authorization request.
    #[non_exhaustive]
    AuthorizationGranted {
        /// The new grant.
        grant: GrantId,
        /// To whom.
        client: ClientId,
        /// By whom.
        subject: Subject,
        /// What.
        scope: Scope,
        /// What beside the scope.
        details: AuthorizationDetails,
    },
    /// A person denied an authorization request.
    #[non_exhaustive]
    AuthorizationDenied {
        /// Who had asked.
        client: ClientId,
    },
    /// The host did not let a client be granted what it asked for.
    #[non_exhaustive]
    ConsentForbidden {
        /// Who had asked.
        client: ClientId,
        /// Whom.
        subject: Subject,
    },
    /// The operator vouched for a client, or took that back.
    #[non_exhaustive]
    PublisherVerified {
        /// The client.
        client: ClientId,
        /// Who publishes it; nobody is known to if absent.
        publisher: Option<String>,
    },
    /// A person, or a policy on their behalf, consented to a request that issues nothing.
    #[non_exhaustive]
    ConsentGiven {
        /// To whom.
        client: ClientId,
        /// By whom.
        subject: Subject,
        /// To what.
        scope: Scope,
        /// What beside the scope.
        details: AuthorizationDetails,
    },
    /// A client showed a name and a password that are nobody's: limit how often it may.
    #[non_exhaustive]
    PasswordRefused {
        /// The client.
        client: ClientId,
    },
    /// Someone typed a user code that leads nowhere: limit how often one person may.
    UserCodeUnknown,
    /// A client registered itself.
    #[non_exhaustive]
    ClientRegistered {
        /// The new client.
        client: ClientId,
    },
    /// A client changed its registration.
    #[non_exhaustive]
    ClientUpdated {
        /// The client.
        client: ClientId,
    },
    /// A client removed itself, and with it all that it was given.
    #[non_exhaustive]
    ClientDeleted {
        /// The client that was.
        client: ClientId,
    },
    /// A client's registration access token was shown for another client, and is now void.
    #[non_exhaustive]
    RegistrationTokenMisused {
        /// The client whose token it was.
        client: ClientId,
    },
    /// The operator gave a client another secret.
    #[non_exhaustive]
    ClientSecretRotated {
        /// The client.
        client: ClientId,
    },
    /// Tokens were issued.
    #[non_exhaustive]
    TokenIssued {
        /// How they were asked for.
        grant_type: GrantType,
        /// For whom; absent where the client acts for itself.
        subject: Option<Subject>,
        /// The access token: to whom, and what it allows; its grant is `token.id().grant`.
        token: Arc<AccessToken>,
    },
    /// The server spoke for a person to another server.
    #[non_exhaustive]
    IdentityAssertionIssued {
        /// The grant that the client showed.
        grant: GrantId,
        /// To whom the assertion was given.
        client: ClientId,
        /// Whom it is about, as they are called here.
        subject: Option<Subject>,
        /// The server that it is for.
        audience: String,
        /// What it allows there.
        scope: Scope,
    },
    /// A refresh token was shown again within its window and gave the same successor.
    #[non_exhaustive]
    RefreshRetried {
        /// The grant.
        grant: GrantId,
        /// By whom.
        client: ClientId,
    },
    /// An authorization code was shown again after its redemption.
    #[non_exhaustive]
    CodeReplayed {
        /// The grant, which is now revoked.
        grant: GrantId,
        /// By whom.
        client: ClientId,
    },
    /// A proof was shown again [RFC 9449 §11.1]: by whoever saw it, or by a client that does not make a new one.
    #[non_exhaustive]
    ProofReplayed {
        /// By whom.
        client: ClientId,
    },
    /// A client showed an assertion that gives nothing.
    #[non_exhaustive]
    AssertionRefused {
        /// By whom.
        client: ClientId,
        /// Why.
        fault: AssertionFault,
    },
    /// A spent refresh token was shown again.
    #[non_exhaustive]
    RefreshReused {
        /// The grant, which is now revoked.
        grant: GrantId,
        /// By whom.
        client: ClientId,
    },
    /// What a person had agreed to was forgotten; they are asked again.
    #[non_exhaustive]
    ConsentForgotten {
        /// To whom they had given it.
        client: ClientId,
        /// Who had agreed.
        subject: Subject,
        /// Why.
        cause: RevocationCause,
    },
    /// A grant was revoked, and with it all its tokens.
    #[non_exhaustive]
    GrantRevoked {
        /// The grant.
        grant: GrantId,
        /// Whose it was.
        client: ClientId,
        /// Why.
        cause: RevocationCause,
    },
}

/// Why a grant was revoked, or a consent forgotten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RevocationCause {
    /// Its client asked for it [RFC 7009].
    Request,
    /// Its authorization code was replayed [RFC 6749 §4.1.2].
    CodeReplayed,
    /// A spent refresh token of it was shown [RFC 9700 §4.14.2].
    RefreshReused,
    /// The person who gave it took it back.
    Person,
    /// An operator ended it.
    Operator,
    /// An operator ended it after an incident.
    Incident,
}

/// Takes events, such as an audit log.
pub trait EventSink {
    /// Takes one event; it is durable already.
    fn event(&self, event: &Event);

    /// Takes an error of the store or the host, after which the caller was told to try again.
    fn failure(&self, error: &(dyn std::error::Error + 'static)) {
        let _ = error;
    }
}

/// Forgets every event.
impl EventSink for () {
    fn event(&self, _: &Event) {}
}

impl<F: Fn(&Event)> EventSink for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}

/// Writes events to `tracing`: one target, `grantor`; anything suspicious as a warning.
#[cfg(feature = "tracing")]
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingSink;

#[cfg(feature = "tracing")]
impl TracingSink {
    /// The sink.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[cfg(feature = "tracing")]
impl EventSink for TracingSink {
    fn event(&self, event: &Event) {
        match event {
            Event::ClientAuthenticationFailed { .. }
            | Event::RedirectUriRefused { .. }
            | Event::ClientDocumentRefused { .. }
            | Event::CodeReplayed { .. }
            | Event::ProofReplayed { .. }
            | Event::AssertionRefused { .. }
            | Event::UserCodeUnknown
            | Event::ConsentForbidden { .. }
            | Event::PasswordRefused { .. }
            | Event::RegistrationTokenMisused { .. }
            | Event::RefreshReused { .. } => tracing::warn!(target: "grantor", ?event),
            Event::AuthorizationGranted { .. }
            | Event::AuthorizationDenied { .. }
            | Event::ConsentGiven { .. }
            | Event::PublisherVerified { .. }
            | Event::ClientRegistered { .. }
            | Event::ClientUpdated { .. }
            | Event::ClientDeleted { .. }
            | Event::ClientSecretRotated { .. }
            | Event::ConsentForgotten { .. }
            | Event::TokenIssued { .. }
            | Event::IdentityAssertionIssued { .. }
            | Event::RefreshRetried { .. }
            | Event::GrantRevoked { .. } => tracing::info!(target: "grantor", ?event),
        }
    }

    fn failure(&self, error: &(dyn std::error::Error + 'static)) {
        let source = error.source().map(ToString::to_string);
        tracing::error!(target: "grantor", %error, source);
    }
}
