//! The implicit grant [RFC 6749 §4.2]: the authorization response is the token itself.
//!
//! ```text
//! (approval) ──▶ Live ── revoked ──▶ Revoked
//! ```
//!
//! Nothing shows that who reads the response is the client that asked, and nothing binds the token to it: serve this only
//! until its clients have moved to the authorization code grant with PKCE [RFC 9700 §2.1.2].

use crate::record::{Grant, GrantType};
use crate::snapshot::Halt;
use crate::step::Plan;
use crate::store::Change;
use crate::wire::TokenResponse;

use super::issue::{Allowance, Requester};

/// Issues the access token of a new `grant`, without a refresh token [RFC 6749 §4.2.2].
pub(crate) fn issue<F>(
    requester: &Requester<'_>,
    grant: &Grant,
    allowance: Allowance,
) -> Result<Plan<Box<TokenResponse>, F>, Halt<F>> {
    let expires = grant.forgettable(requester.env.now, requester.keeps());
    let kept = Change::new_grant(grant.clone(), expires);
    requester.tokens(GrantType::Implicit, grant, kept, allowance, None)
}
