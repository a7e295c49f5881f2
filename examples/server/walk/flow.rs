//! The flows that can be walked.

use grantor::record::{GrantType, ResponseType};
use grantor::server::Place;
use grantor::{Practice, Stance};

use crate::app::App;
use crate::login_link::LOGIN_LINK;

/// A flow that can be walked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Flow {
    Code,
    Pushed,
    Resources,
    Details,
    StepUp,
    Dpop,
    Agreement,
    Device,
    LoginLink,
    Service,
    Exchange,
    Metadata,
    Registration,
    Assistant,
    Implicit,
    Password,
}

/// The flows as the start page shows them.
pub(super) const GROUPS: [(&str, &[Flow]); 4] = [
    (
        "A person lets an application in",
        &[
            Flow::Code,
            Flow::Pushed,
            Flow::Resources,
            Flow::Details,
            Flow::StepUp,
            Flow::Dpop,
            Flow::Agreement,
            Flow::Device,
            Flow::LoginLink,
        ],
    ),
    ("A service acts", &[Flow::Service, Flow::Exchange]),
    ("A client finds the server and introduces itself", &[Flow::Metadata, Flow::Registration, Flow::Assistant]),
    ("What was done before, and should not be done any more", &[Flow::Implicit, Flow::Password]),
];

impl Flow {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        GROUPS.into_iter().flat_map(|(_, flows)| flows).copied()
    }

    pub(super) const fn path(self) -> &'static str {
        self.words().0
    }

    pub(super) const fn title(self) -> &'static str {
        self.words().1
    }

    pub(super) const fn summary(self) -> &'static str {
        self.words().2
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Code => (
                "/walk/code",
                "Authorization code with PKCE",
                "A person lets an application act for them; then it calls, refreshes, introspects and revokes.",
            ),
            Self::Pushed => (
                "/walk/pushed",
                "Pushed authorization request",
                "The same, but the browser carries only the name of a request that the server already has.",
            ),
            Self::Resources => (
                "/walk/resources",
                "Resource indicators",
                "One person's yes, two resources, and a token for each that is worth nothing at the other.",
            ),
            Self::Details => (
                "/walk/details",
                "Rich authorization request",
                "Not a scope but the very thing: which actions, in the words of the resource.",
            ),
            Self::StepUp => (
                "/walk/step-up",
                "Step-up authentication",
                "A token that is good, but a login that is not good enough: the resource asks for a stronger one.",
            ),
            Self::Dpop => (
                "/walk/dpop",
                "Sender-constrained tokens",
                "DPoP: each request proves that its sender has a key, and without that the token is worth nothing.",
            ),
            Self::Agreement => {
                ("/walk/agreement", "Agreement alone", "`response_type=none`: a person agrees, and nothing is issued.")
            }
            Self::Device => (
                "/walk/device",
                "Device authorization",
                "A television without a keyboard; its person answers on another screen.",
            ),
            Self::LoginLink => (
                "/walk/login-link",
                "A grant type of one's own",
                "A link in a mail that logs in once: an extension grant, with a URI for its name.",
            ),
            Self::Service => ("/walk/service", "Client credentials", "A service acts for itself, without a person."),
            Self::Exchange => (
                "/walk/exchange",
                "Token exchange",
                "A service that was called for a person calls another one for them.",
            ),
            Self::Metadata => {
                ("/walk/metadata", "Metadata", "Where everything is and what is supported: what a client reads first.")
            }
            Self::Registration => (
                "/walk/registration",
                "Dynamic client registration",
                "A client registers itself, is used, changes what it said, and takes itself away again.",
            ),
            Self::Assistant => (
                "/walk/assistant",
                "Model Context Protocol",
                "An assistant knows a resource and nothing else: it discovers the server, says who it is, and asks a person.",
            ),
            Self::Implicit => {
                ("/walk/implicit", "Implicit", "The token comes back in the address bar, after a #, bound to nothing.")
            }
            Self::Password => (
                "/walk/password",
                "Resource owner password credentials",
                "A person tells an application their password, and it tells the server.",
            ),
        }
    }

    /// Whether it begins in the browser.
    pub(super) const fn begins_with_person(self) -> bool {
        matches!(
            self,
            Self::Code
                | Self::Resources
                | Self::Details
                | Self::StepUp
                | Self::Dpop
                | Self::Agreement
                | Self::Exchange
                | Self::Implicit
        )
    }

    /// What it asks the authorization endpoint for.
    pub(super) fn response_type(self) -> ResponseType {
        if self == Self::Implicit {
            ResponseType::Token
        } else if self == Self::Agreement {
            ResponseType::None
        } else {
            ResponseType::Code
        }
    }

    /// Why it cannot be walked at a server with demo clients, and what to do; what is typed stands between backticks.
    pub(super) fn obstacle(self, app: &App) -> Option<&'static str> {
        let config = app.server.config();
        let registration = || app.server.routes().iter().any(|route| route.place == Place::Registration);
        if self != Self::Metadata && config.posture().stance(Practice::ClientAuthenticationByKey) == Stance::Required {
            Some("The demo clients have no keys, and this profile takes no others: bring your own with `--clients`.")
        } else if self == Self::StepUp && config.acr_values().is_empty() {
            Some("Only the demo users have a second factor.")
        } else if self == Self::LoginLink && !config.serves(GrantType::Extension(LOGIN_LINK)) {
            Some("Only the demo users get their mail here, where everyone can read it.")
        } else if self == Self::Dpop && !cfg!(feature = "jose") {
            Some("Needs signatures: start the server with `cargo run --features jose --example server`.")
        } else if self == Self::Agreement && !config.answers_with(ResponseType::None) {
            Some("Not served: this profile knows no answer but a code.")
        } else if self == Self::Registration && !registration() {
            Some(
                "Closed here. Start the server with `--open-registration` or `--initial-access-token`; or let clients be known \
                 by a document, as the assistant is.",
            )
        } else if self == Self::Implicit && !config.answers_with(ResponseType::Token) {
            Some(
                "Not served: whoever sees the address bar, its history or a log has the token. Use the authorization code \
                 with PKCE. Only `--profile oauth20_legacy` still serves it.",
            )
        } else if self == Self::Password && !config.serves(GrantType::Password) {
            Some(
                "Not served: it teaches people to give their password away, and knows no second factor. Use the \
                 authorization code, the device grant, or client credentials. Only `--profile oauth20_legacy` still serves it.",
            )
        } else if self == Self::Password && !app.demo_users {
            Some("Only the passwords of the demo users are known here.")
        } else {
            None
        }
    }
}
