//! The authorization code grant [RFC 6749 §4.1].
//!
//! ```text
//! (approval) ──▶ CodeIssued ── redeemed ──▶ Live ── code replayed ──▶ Revoked
//!                     └─ not redeemed in time: forgotten
//! ```

use crate::proof::pkce;
use crate::record::{Confirmation, Exposed, GrantState, GrantType, Handle, HandleKind, IssuedCode};
use crate::snapshot::Snapshot;
use crate::wire::TokenRefusal;

use super::issue::{Decided, Requester};
use super::{ensure, replayed};

/// A code as presented for redemption.
#[derive(Clone, Debug)]
pub(crate) struct Redemption {
    /// The code, if it has the form of one of ours.
    handle: Option<Handle>,
    code_given: bool,
    redirect_uri: Option<String>,
    code_verifier: Option<Exposed>,
}

impl Redemption {
    pub(crate) fn new(
        brand: &str,
        code: Option<&Exposed>,
        redirect_uri: Option<String>,
        code_verifier: Option<Exposed>,
    ) -> Self {
        let handle = code.and_then(|code| Handle::parse(brand, HandleKind::Code, code.as_str()));
        Self { handle, code_given: code.is_some(), redirect_uri, code_verifier }
    }

    pub(crate) const fn handle(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    pub(crate) fn decide(&self, requester: &Requester<'_>, seen: &Snapshot) -> Decided {
        let Requester { config, client, env, .. } = requester;
        requester.may_use(GrantType::AuthorizationCode)?;
        ensure(self.code_given, TokenRefusal::ParameterMissing("code"))?;
        let verifier = self.code_verifier.as_ref().map(Exposed::as_str);
        ensure(verifier.is_none_or(pkce::is_verifier), TokenRefusal::VerifierMalformed)?;

        let handle = self.handle.as_ref().ok_or(TokenRefusal::CodeUnknown)?;
        let grant = seen.grant(handle.grant())?.ok_or(TokenRefusal::CodeUnknown)?;
        ensure(grant.value().client() == client.value().id(), TokenRefusal::CodeOfAnotherClient)?;
        let code = match &grant.value().state {
            GrantState::CodeIssued(code) => code,
            GrantState::Live(live) if live.code().is_some_and(|redeemed| redeemed.matches(handle.secret())) => {
                return Ok(replayed(&grant, config, env.now));
            }
            GrantState::Device(_) | GrantState::Live(_) | GrantState::Revoked => {
                return Err(TokenRefusal::CodeUnknown.into());
            }
        };
        ensure(code.digest.matches(handle.secret()), TokenRefusal::CodeUnknown)?;
        self.check_redirect_uri(code, requester)?;
        match (&code.challenge, verifier) {
            (Some(challenge), Some(verifier)) => ensure(challenge.fits(verifier), TokenRefusal::VerifierDiffers)?,
            (Some(_), None) => return Err(TokenRefusal::VerifierMissing.into()),
            // [RFC 9700 §4.8.2]: a downgrade by whoever took the challenge out of the request.
            (None, Some(_)) => return Err(TokenRefusal::VerifierUnexpected.into()),
            (None, None) => {}
        }
        // [RFC 9449 §10]
        let bound = code.dpop_jkt.is_none_or(|key| requester.meets(&Confirmation::Key(key)));
        ensure(bound, TokenRefusal::KeyDiffers)?;
        ensure(env.now < code.expires, TokenRefusal::CodeExpired)?;

        requester.redeem(GrantType::AuthorizationCode, &grant, code.digest)
    }

    /// The URI must be that of the authorization request [RFC 6749 §4.1.3]; a client with a single one may leave it out,
    /// as OAuth 2.1 clients do, since the code verifier proves the same. Without a verifier, nothing else does.
    fn check_redirect_uri(&self, code: &IssuedCode, requester: &Requester<'_>) -> Result<(), TokenRefusal> {
        match &self.redirect_uri {
            Some(uri) => ensure(**uri == *code.redirect_uri, TokenRefusal::RedirectUriDiffers),
            None => {
                let ambiguous = requester.client.value().redirect_uri_count() > 1;
                let needed = ambiguous && !requester.config.redirect_uri_optional_at_token();
                let required = code.redirect_uri_named && (needed || code.challenge.is_none());
                ensure(!required, TokenRefusal::ParameterMissing("redirect_uri"))
            }
        }
    }
}
