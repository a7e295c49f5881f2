//! What the client of a walk can do.

/// What the client can do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Knock,
    Describe,
    Metadata,
    Publish,
    Register,
    Lookup,
    Rename,
    Outdated,
    Unregister,
    Push,
    Codes,
    Poll,
    Redeem,
    Authenticate,
    Confess,
    Mail,
    Open,
    Exchange,
    Read,
    Write,
    Enter,
    Steal,
    Introspect,
    Refresh,
    Elsewhere,
    Stray,
    Revoke,
    Replay,
    Reuse,
    Reopen,
}

impl Action {
    pub(super) const ALL: [Self; 30] = [
        Self::Knock,
        Self::Describe,
        Self::Metadata,
        Self::Publish,
        Self::Register,
        Self::Lookup,
        Self::Rename,
        Self::Outdated,
        Self::Unregister,
        Self::Push,
        Self::Codes,
        Self::Poll,
        Self::Redeem,
        Self::Authenticate,
        Self::Confess,
        Self::Mail,
        Self::Open,
        Self::Exchange,
        Self::Read,
        Self::Write,
        Self::Enter,
        Self::Steal,
        Self::Introspect,
        Self::Refresh,
        Self::Elsewhere,
        Self::Stray,
        Self::Revoke,
        Self::Replay,
        Self::Reuse,
        Self::Reopen,
    ];

    pub(super) const fn name(self) -> &'static str {
        self.words().0
    }

    pub(super) const fn title(self) -> &'static str {
        self.words().1
    }

    pub(super) const fn note(self) -> &'static str {
        self.words().2
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Knock => (
                "knock",
                "Call the resource without a token",
                "All that the assistant knows is the resource. The challenge says where to read on.",
            ),
            Self::Describe => (
                "describe",
                "Read what the resource says of itself",
                "The resource says which server's tokens it takes. The assistant checks that it speaks of the resource \
                 that was called.",
            ),
            Self::Metadata => ("metadata", "Read the metadata", "A client finds all endpoints through this document."),
            Self::Publish => (
                "publish",
                "Be known by a document",
                "The identifier of the assistant is the address of this document, so it needs no registration: the \
                 server fetches it when the browser arrives. The address is made up; this server answers for it itself.",
            ),
            Self::Register => (
                "register",
                "Register",
                "The client says what it is, and the server gives it an identifier of its own.",
            ),
            Self::Lookup => (
                "lookup",
                "Read the registration",
                "The client was given a token with which it manages itself, and nobody else.",
            ),
            Self::Rename => (
                "rename",
                "Change the name",
                "All is said again, since what is missing is removed. The answer brings the next token for this; the \
                 one before is good until that was used, so that a lost answer locks nobody out.",
            ),
            Self::Outdated => (
                "outdated",
                "Read it with the token before",
                "It still works if the new one was not used yet; afterwards it is worth nothing.",
            ),
            Self::Unregister => ("unregister", "Remove the client", "Everything that it was ever given ends with it."),
            Self::Push => (
                "push",
                "Push the request",
                "The request goes straight to the server; the browser will only carry its name. What could not be \
                 answered is refused here already.",
            ),
            Self::Codes => (
                "codes",
                "Ask for codes",
                "The device gets one code to poll with, and a short one for its person to type.",
            ),
            Self::Poll => (
                "poll",
                "Poll",
                "The device asks again and again whether its person has answered; if it asks too often it is told to \
                 slow down.",
            ),
            Self::Redeem => {
                ("redeem", "Redeem the code", "The code is worth nothing without the verifier behind the challenge.")
            }
            Self::Authenticate => {
                ("authenticate", "Ask for a token", "The client shows its secret and acts for itself.")
            }
            Self::Confess => (
                "confess",
                "Ask for a token with the password",
                "The application sees the password, and so would whoever broke into it. There is no consent, and no \
                 second factor.",
            ),
            Self::Mail => (
                "mail",
                "Mail a link",
                "The person types a user name; only who reads their mail sees the link. How a link is asked for is the \
                 host's affair.",
            ),
            Self::Open => (
                "open",
                "Redeem the link",
                "The grant type is a URI and its parameters are the host's; what follows is like any other token \
                 response.",
            ),
            Self::Exchange => (
                "exchange",
                "Exchange the token",
                "The service was sent the person's token. It turns it into one of its own for another resource, and \
                 says with its own token that it is the one who acts.",
            ),
            Self::Read => {
                ("read", "Call the resource (needs read)", "The resource asks for a token with the scope read.")
            }
            Self::Write => (
                "write",
                "Call the resource with POST (needs write)",
                "The scope write was never asked for, so the resource says what is missing.",
            ),
            Self::Enter => (
                "enter",
                "Call the private part",
                "This part wants a second factor, shown within five minutes. To a token whose login had none, the challenge \
                 says what is missing.",
            ),
            Self::Steal => (
                "steal",
                "Call the resource with the stolen token",
                "A thief who has the token but not the key shows it as a bearer token, and gets nowhere.",
            ),
            Self::Introspect => (
                "introspect",
                "Introspect the access token",
                "What the server knows of the token, for resources that cannot look it up themselves.",
            ),
            Self::Refresh => ("refresh", "Refresh", "Each refresh token is used once and replaced."),
            Self::Elsewhere => (
                "elsewhere",
                "Refresh for the other resource",
                "The person allowed both resources, so each can have a token of its own.",
            ),
            Self::Stray => (
                "stray",
                "Refresh for a resource that was not asked for",
                "The demo resource was not in the authorization request, so the person never allowed it.",
            ),
            Self::Revoke => ("revoke", "Revoke the grant", "One write, and every token of the grant is dead."),
            Self::Replay => (
                "replay",
                "Redeem the same code again",
                "A code that is shown twice has leaked, so everything that it gave is revoked.",
            ),
            Self::Reuse => (
                "reuse",
                "Refresh with the spent token",
                "Within half a minute this counts as an answer that was lost, and the same successor is given again. \
                 Later, or once the successor was used, the token has leaked and the grant is revoked.",
            ),
            Self::Reopen => ("reopen", "Redeem it again", "The link ended in the commit that issued the tokens."),
        }
    }
}
