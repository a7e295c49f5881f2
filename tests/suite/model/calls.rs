//! The vocabulary that the rules and the crate share: plain data, and no word of how either works.

pub(super) const START: u64 = 1_000_000;

/// Every scope that is asked for; the last is unknown to the server.
pub(super) const WORDS: [&str; 6] = ["read", "write", "admin", "openid", "offline_access", "unheard"];

/// A set of [`WORDS`]; none asks for nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Words(pub(super) u8);

impl Words {
    pub(super) const NONE: Self = Self(0);
    pub(super) const READ: Self = Self(1);
    pub(super) const READ_WRITE: Self = Self(3);
    pub(super) const OPENID: Self = Self(8);
    pub(super) const OFFLINE: Self = Self(16);
    pub(super) const KNOWN: Self = Self(31);

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn text(self) -> String {
        let own = |place: &usize| self.0 >> place & 1 == 1;
        (0..WORDS.len()).filter(own).map(|place| WORDS[place]).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn read(text: &str) -> Self {
        let bit = |word| 1 << WORDS.iter().position(|own| *own == word).expect("a known word");
        Self(text.split(' ').filter(|word| !word.is_empty()).map(bit).sum())
    }
}

/// A client, or someone who is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Party {
    /// Public, two redirect URIs.
    Spa,
    /// Confidential, one redirect URI, every grant type, and may not have everything.
    Web,
    /// Public, one redirect URI, never refreshes.
    Kiosk,
    /// A resource server.
    Api,
    /// Not registered.
    Nobody,
}

impl Party {
    pub(super) const ALL: [Self; 5] = [Self::Spa, Self::Web, Self::Kiosk, Self::Api, Self::Nobody];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Spa => "spa",
            Self::Web => "web",
            Self::Kiosk => "kiosk",
            Self::Api => "api",
            Self::Nobody => "nobody",
        }
    }

    pub(super) const fn is_confidential(self) -> bool {
        matches!(self, Self::Web | Self::Api)
    }

    pub(super) const fn redirect_uris(self) -> &'static [&'static str] {
        match self {
            Self::Spa => &["https://spa.example/cb", "https://spa.example/other"],
            Self::Web => &["https://web.example/cb?tenant=1"],
            Self::Kiosk => &["https://kiosk.example/cb"],
            Self::Api | Self::Nobody => &[],
        }
    }

    /// How it authenticates when nothing is wrong.
    pub(super) const fn proof(self) -> Proof {
        if self.is_confidential() { Proof::Basic { right: true } } else { Proof::Bare }
    }
}

pub(super) const FOREIGN: &str = "https://evil.example/cb";

/// How a caller says who it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    Basic { right: bool },
    Post { right: bool },
    Bare,
}

/// Who calls, in relation to whom the artefact belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    Owner,
    OwnerPosting,
    OwnerUnproven,
    Impostor,
    Other(Party),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Code,
    Access,
    Refresh,
}

/// An artefact counted back from the latest of its kind; `forged` is its grant with another secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub(super) kind: Kind,
    pub(super) back: usize,
    pub(super) forged: bool,
}

/// The artefact that a request shows; without a place it is nothing that was ever issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shown {
    pub(super) kind: Kind,
    pub(super) place: Option<usize>,
    pub(super) forged: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Uri {
    First,
    Second,
    Omitted,
    Foreign,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verifier {
    Right,
    Wrong,
    Malformed,
    Missing,
}

/// What the person says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    All,
    Only(Words),
    Nothing,
}

/// Moments at which something ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    Code,
    Access,
    Retry,
    Idle,
    Absolute,
}

#[derive(Clone, Debug)]
pub(super) struct Authorization {
    pub(super) party: Party,
    pub(super) uri: Uri,
    pub(super) scope: Words,
    pub(super) consent: bool,
    pub(super) pkce: bool,
    pub(super) verdict: Verdict,
}

/// What a client or an attacker does next; it means something in every state, so that sequences shrink.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Authorize(Authorization),
    Redeem {
        code: Pick,
        by: Caller,
        uri: Option<Uri>,
        verifier: Verifier,
    },
    Refresh {
        token: Pick,
        by: Caller,
        scope: Words,
    },
    /// Refreshes the latest token again and again.
    Spin(usize),
    ActForItself {
        by: Party,
        proof: Proof,
        scope: Words,
    },
    Revoke {
        token: Pick,
        by: Caller,
    },
    Introspect {
        token: Pick,
        by: Caller,
    },
    Use {
        token: Pick,
        scope: Words,
        elsewhere: bool,
    },
    Wait(u64),
    /// Waits until so many seconds around the moment at which the latest of something ends.
    WaitFor(Bound, i64),
}

/// One request with everything decided, or the passing of time.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Authorize(Authorization),
    Redeem { party: Party, proof: Proof, code: Shown, uri: Option<&'static str>, verifier: Verifier },
    Refresh { party: Party, proof: Proof, token: Shown, scope: Words },
    ActForItself { party: Party, proof: Proof, scope: Words },
    Revoke { party: Party, proof: Proof, token: Shown },
    Introspect { party: Party, proof: Proof, token: Shown },
    Use { token: Shown, scope: Words, elsewhere: bool },
    Wait(u64),
}

/// What an answer says; artefacts by their place among all of their kind.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) error: Option<String>,
    /// What was granted, or which words are at fault.
    pub(super) scope: Option<Words>,
    /// Whether it asks for authentication in a header.
    pub(super) challenges: bool,
    pub(super) code: Option<usize>,
    pub(super) access: Option<usize>,
    pub(super) refresh: Option<usize>,
    pub(super) expires_in: Option<u64>,
    pub(super) seen: Option<Seen>,
    /// How many grants were revoked by it.
    pub(super) revoked: usize,
}

/// What an introspection tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    pub(super) party: String,
    pub(super) person: bool,
    pub(super) scope: Words,
    pub(super) exp: u64,
    pub(super) iat: u64,
    pub(super) bearer: bool,
}

/// The lifetimes and options under which a sequence runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) code: u64,
    pub(super) access: u64,
    pub(super) retry: u64,
    pub(super) idle: u64,
    pub(super) absolute: u64,
    pub(super) pkce_optional: bool,
    pub(super) uri_optional: bool,
    /// Whether the store forgets what expires; one that keeps it must make no difference to what can be used.
    pub(super) forgets: bool,
}
