//! JWT access tokens [RFC 9068]: printed to be signed, and recognised when they come back.
//!
//! The record of one is that of a reference token, and decides like it; what the token says is for those who do not ask.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::config::Config;
use crate::env::{Env, Timestamp};
use crate::jose::{Jws, KeyState, Purpose, SigningKey};
use crate::record::{AccessToken, Exposed, Grant, Handle, JwtId, Resource, Subject, TokenId};
use crate::snapshot::{Halt, Snapshot};
use crate::wire::{AccessTokenClaims, Hint};

/// The name of a token that is to be a JWT, and the key that signs it.
pub(super) struct NewJwt<'c> {
    id: JwtId,
    key: &'c SigningKey,
}

impl<'c> NewJwt<'c> {
    /// Nothing if a token for `audience` is a reference, such as `handle`.
    pub(super) fn of(handle: &Handle, audience: &[Resource], config: &'c Config, env: &Env) -> Option<Self> {
        config.jwt_key(audience, env.now).map(|key| Self { id: JwtId::of(handle), key })
    }

    pub(super) fn id(&self) -> TokenId {
        self.id.token()
    }

    /// The token of `grant` whose record is `token`.
    pub(super) fn sign<F>(
        self,
        grant: &Grant,
        token: &AccessToken,
        config: &Config,
        seen: &Snapshot,
    ) -> Result<Exposed, Halt<F>> {
        let claims = AccessTokenClaims {
            iss: Arc::clone(config.shared_issuer()),
            exp: token.expires,
            aud: token.terms.audience.to_vec(),
            sub: grant.subject().cloned().unwrap_or_else(|| Subject::new(grant.client().as_str())),
            client_id: token.terms.client.clone(),
            iat: token.issued,
            jti: self.id.print(),
            scope: token.terms.scope.clone(),
            auth_time: grant.mandate.authenticated,
            acr: grant.mandate.acr().cloned(),
            amr: grant.mandate.shared_amr(),
            // A resource learns what concerns it [RFC 9396 §9.1].
            authorization_details: config.details_at(&token.terms.details, &token.terms.audience),
            act: token.act.clone(),
            cnf: token.cnf.as_deref().copied(),
        };
        self.key.print(&Purpose::ACCESS_TOKEN, &claims.print()).signed_in(seen).map(Exposed::new)
    }
}

/// A JWT as presented, of which nothing is proven.
#[derive(Clone)]
pub(super) struct PresentedJwt {
    text: Exposed,
    /// The name of the key that signed it for this issuer, found out once.
    signer: OnceLock<Option<String>>,
}

impl PresentedJwt {
    /// Reads a JWT access token as far as that takes no key, and where its record would be.
    pub(super) fn parse(config: &Config, text: &str) -> Option<(TokenId, Self)> {
        read(config, text)?;
        let id = JwtId::parse(&Hint::read(text)?.jti?)?;
        Some((id.token(), Self { text: Exposed::new(text), signer: OnceLock::new() }))
    }

    /// Whether the server signed it, with a key of which it still says so.
    pub(super) fn is_ours(&self, config: &Config, now: Timestamp) -> bool {
        let signer = self.signer.get_or_init(|| signer(config, self.text.as_str()));
        let state = |kid: &String| Some(config.keys()?.state(kid, now));
        signer.as_ref().and_then(state).is_some_and(|state| state != KeyState::Gone)
    }
}

impl fmt::Debug for PresentedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedJwt").finish_non_exhaustive()
    }
}

fn read<'t>(config: &Config, text: &'t str) -> Option<Jws<'t>> {
    Jws::parse(text, &Purpose::ACCESS_TOKEN.with(config.keys()?.algorithms())).ok()
}

fn signer(config: &Config, text: &str) -> Option<String> {
    let jws = read(config, text)?;
    let key = config.keys()?.named(jws.header().kid.as_deref()?)?;
    let claims = jws.verify(key.public()).ok()?.claims().ok()?;
    claims.require_issuer(config.issuer()).ok()?;
    Some(key.kid().to_owned())
}
