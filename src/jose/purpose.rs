//! What a token is for.

use super::algorithm::{Algorithm, Algorithms};

/// What a token is for, in printing and in reading alike: which algorithms it may have, which `typ`, and where its key
/// is. Purposes exclude one another where their types do [RFC 8725 §3.11, §3.12].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Purpose {
    name: &'static str,
    /// The `typ` that is printed, and what else is read.
    typ: &'static str,
    also: &'static [&'static str],
    /// Whether a token without `typ` is read.
    untyped: bool,
    algorithms: Algorithms,
    embedded: bool,
}

impl Purpose {
    /// A JWT access token [RFC 9068 §2.1].
    pub const ACCESS_TOKEN: Self = Self::typed("access token", "at+jwt");
    /// A DPoP proof: its key is in its header [RFC 9449 §4.2].
    pub const DPOP_PROOF: Self = Self { embedded: true, ..Self::typed("DPoP proof", "dpop+jwt") };
    /// A client assertion for `private_key_jwt` [RFC 7523 §3].
    pub const CLIENT_ASSERTION: Self = Self { also: &["client-authentication+jwt"], ..Self::plain("client assertion") };
    /// A client assertion for `client_secret_jwt`: HS256 [RFC 7523 §3].
    pub const CLIENT_SECRET_ASSERTION: Self = Self { algorithms: Algorithms::MAC, ..Self::CLIENT_ASSERTION };
    /// An attestation of an instance of a client [Attestation-Based Client Authentication §4].
    pub const CLIENT_ATTESTATION: Self = Self::typed("client attestation", "oauth-client-attestation+jwt");
    /// The proof of an instance that it holds the key of its attestation [Attestation-Based Client Authentication §5.1].
    pub const CLIENT_ATTESTATION_POP: Self =
        Self::typed("proof of a client attestation", "oauth-client-attestation-pop+jwt");
    /// An assertion as an authorization grant [RFC 7523 §2.1].
    pub const ASSERTION_GRANT: Self = Self::plain("assertion");
    /// An identity assertion authorization grant.
    pub const ID_JAG: Self = Self::typed("identity assertion", "oauth-id-jag+jwt");
    /// An authorization request, which says its type [RFC 9101 §10.8].
    pub const REQUEST_OBJECT: Self = Self::typed("request object", "oauth-authz-req+jwt");
    /// The same as older clients make it, who do not say the type.
    pub const UNTYPED_REQUEST_OBJECT: Self = Self { also: &["JWT"], untyped: true, ..Self::REQUEST_OBJECT };
    /// An authorization response [JARM §2.1].
    pub const AUTHORIZATION_RESPONSE: Self = Self::plain("authorization response");
    /// An introspection response [RFC 9701 §5].
    pub const INTROSPECTION_RESPONSE: Self = Self::typed("introspection response", "token-introspection+jwt");
    /// A software statement [RFC 7591 §2.3].
    pub const SOFTWARE_STATEMENT: Self = Self::plain("software statement");
    /// An ID token [OpenID Connect Core §2].
    pub const ID_TOKEN: Self = Self::plain("ID token");

    /// A purpose whose tokens must say this type.
    #[must_use]
    pub const fn typed(name: &'static str, typ: &'static str) -> Self {
        Self { name, typ, also: &[], untyped: false, algorithms: Algorithms::ASYMMETRIC, embedded: false }
    }

    /// A purpose older than types: `JWT`, or nothing.
    #[must_use]
    pub const fn plain(name: &'static str) -> Self {
        Self { untyped: true, ..Self::typed(name, "JWT") }
    }

    /// The same purpose with fewer algorithms.
    #[must_use]
    pub const fn with(self, algorithms: Algorithms) -> Self {
        Self { algorithms: self.algorithms.within(algorithms), ..self }
    }

    /// Its name, for people.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The algorithms that it may have.
    #[must_use]
    pub const fn algorithms(&self) -> Algorithms {
        self.algorithms
    }

    /// The type that is printed.
    #[must_use]
    pub const fn typ(&self) -> &'static str {
        self.typ
    }

    pub(super) const fn embeds_key(&self) -> bool {
        self.embedded
    }

    pub(super) const fn takes(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contain(algorithm)
    }

    /// Media types ignore case, and `application/` may be left out [RFC 7515 §4.1.9].
    pub(super) fn takes_type(&self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else { return self.untyped };
        let (head, rest) = typ.split_at_checked("application/".len()).unwrap_or((typ, ""));
        let typ = if head.eq_ignore_ascii_case("application/") { rest } else { typ };
        std::iter::once(&self.typ).chain(self.also).any(|own| own.eq_ignore_ascii_case(typ))
    }
}
