//! The flows that can be walked.

/// A flow that can be walked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Flow {
    Code,
    Pushed,
    Resources,
    Details,
    Device,
    Service,
    Exchange,
    Assistant,
    Metadata,
}

impl Flow {
    pub(super) const ALL: [Self; 9] = [
        Self::Code,
        Self::Pushed,
        Self::Resources,
        Self::Details,
        Self::Device,
        Self::Service,
        Self::Exchange,
        Self::Assistant,
        Self::Metadata,
    ];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Code => "/walk/code",
            Self::Pushed => "/walk/pushed",
            Self::Resources => "/walk/resources",
            Self::Details => "/walk/details",
            Self::Device => "/walk/device",
            Self::Service => "/walk/service",
            Self::Exchange => "/walk/exchange",
            Self::Assistant => "/walk/assistant",
            Self::Metadata => "/walk/metadata",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Code => "Authorization code with PKCE",
            Self::Pushed => "Pushed authorization request",
            Self::Resources => "Resource indicators",
            Self::Details => "Rich authorization request",
            Self::Device => "Device authorization",
            Self::Service => "Client credentials",
            Self::Exchange => "Token exchange",
            Self::Assistant => "Model Context Protocol",
            Self::Metadata => "Metadata",
        }
    }

    pub(super) const fn summary(self) -> &'static str {
        match self {
            Self::Code => {
                "A person lets an application act for them; then it calls, refreshes, introspects and revokes."
            }
            Self::Pushed => "The same, but the browser carries only the name of a request that the server already has.",
            Self::Resources => {
                "One person's yes, two resources, and a token for each that is worth nothing at the other."
            }
            Self::Details => "Not a scope but the very thing: which actions, in the words of the resource.",
            Self::Device => "A television without a keyboard; its person answers on another screen.",
            Self::Service => "A service acts for itself, without a person.",
            Self::Exchange => "A service that was called for a person calls another one for them.",
            Self::Assistant => {
                "An assistant knows a resource and nothing else: it discovers the server, says who it is, and asks a person."
            }
            Self::Metadata => "Where everything is and what is supported: what a client reads first.",
        }
    }

    /// Whether it begins in the browser.
    pub(super) const fn begins_with_person(self) -> bool {
        matches!(self, Self::Code | Self::Resources | Self::Details | Self::Exchange)
    }
}
