//! What the client of a walk can do.

/// What the client can do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Knock,
    Describe,
    Metadata,
    Publish,
    Register,
    Push,
    Codes,
    Poll,
    Redeem,
    Authenticate,
    Exchange,
    Read,
    Write,
    Introspect,
    Refresh,
    Elsewhere,
    Stray,
    Revoke,
    Replay,
    Reuse,
}

impl Action {
    pub(super) const ALL: [Self; 20] = [
        Self::Knock,
        Self::Describe,
        Self::Metadata,
        Self::Publish,
        Self::Register,
        Self::Push,
        Self::Codes,
        Self::Poll,
        Self::Redeem,
        Self::Authenticate,
        Self::Exchange,
        Self::Read,
        Self::Write,
        Self::Introspect,
        Self::Refresh,
        Self::Elsewhere,
        Self::Stray,
        Self::Revoke,
        Self::Replay,
        Self::Reuse,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Knock => "knock",
            Self::Describe => "describe",
            Self::Metadata => "metadata",
            Self::Publish => "publish",
            Self::Register => "register",
            Self::Push => "push",
            Self::Codes => "codes",
            Self::Poll => "poll",
            Self::Redeem => "redeem",
            Self::Authenticate => "authenticate",
            Self::Exchange => "exchange",
            Self::Read => "read",
            Self::Write => "write",
            Self::Introspect => "introspect",
            Self::Refresh => "refresh",
            Self::Elsewhere => "elsewhere",
            Self::Stray => "stray",
            Self::Revoke => "revoke",
            Self::Replay => "replay",
            Self::Reuse => "reuse",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Knock => "Call the resource without a token",
            Self::Describe => "Read what the resource says of itself",
            Self::Metadata => "Read the metadata",
            Self::Publish => "Be known by a document",
            Self::Register => "Register",
            Self::Push => "Push the request",
            Self::Codes => "Ask for codes",
            Self::Poll => "Poll",
            Self::Redeem => "Redeem the code",
            Self::Authenticate => "Ask for a token",
            Self::Exchange => "Exchange the token",
            Self::Read => "Call the resource (needs read)",
            Self::Write => "Call the resource with POST (needs write)",
            Self::Introspect => "Introspect the access token",
            Self::Refresh => "Refresh",
            Self::Elsewhere => "Refresh for the other resource",
            Self::Stray => "Refresh for a resource that was not asked for",
            Self::Revoke => "Revoke the grant",
            Self::Replay => "Redeem the same code again",
            Self::Reuse => "Refresh with the spent token",
        }
    }

    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Knock => "All that the assistant knows is the resource. The challenge says where to read on.",
            Self::Describe => {
                "The resource says which server's tokens it takes. The assistant checks that it speaks of the resource that \
                 was called."
            }
            Self::Publish => {
                "The identifier of the assistant is the address of this document, so it needs no registration: the server \
                 fetches it when the browser arrives. The address is made up; this server answers for it itself."
            }
            Self::Register => "The other way: the server gives the assistant an identifier of its own.",
            Self::Metadata => "A client finds all endpoints through this document.",
            Self::Push => {
                "The request goes straight to the server; the browser will only carry its name. What could not be \
                 answered is refused here already."
            }
            Self::Codes => "The device gets one code to poll with, and a short one for its person to type.",
            Self::Poll => {
                "The device asks again and again whether its person has answered; if it asks too often it is told to slow \
                 down."
            }
            Self::Redeem => "The code is worth nothing without the verifier behind the challenge.",
            Self::Authenticate => "The client shows its secret and acts for itself.",
            Self::Exchange => {
                "The service was sent the person's token. It turns it into one of its own for another resource, and says \
                 with its own token that it is the one who acts."
            }
            Self::Read => "The resource asks for a token with the scope read.",
            Self::Write => "The scope write was never asked for, so the resource says what is missing.",
            Self::Introspect => "What the server knows of the token, for resources that cannot look it up themselves.",
            Self::Refresh => "Each refresh token is used once and replaced.",
            Self::Elsewhere => "The person allowed both resources, so each can have a token of its own.",
            Self::Stray => "The demo resource was not in the authorization request, so the person never allowed it.",
            Self::Revoke => "One write, and every token of the grant is dead.",
            Self::Replay => "A code that is shown twice has leaked, so everything that it gave is revoked.",
            Self::Reuse => {
                "Within half a minute this counts as an answer that was lost, and the same successor is given again. \
                 Later, or once the successor was used, the token has leaked and the grant is revoked."
            }
        }
    }
}
