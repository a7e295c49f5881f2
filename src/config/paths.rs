//! Where the endpoints are.

use super::fault::{ConfigFault, ensure};

/// Where the endpoints are, below the issuer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Paths {
    /// `/authorize`
    pub authorization: String,
    /// `/token`
    pub token: String,
    /// `/revoke`
    pub revocation: String,
    /// `/introspect`
    pub introspection: String,
    /// `/par`
    pub pushed_authorization_request: String,
    /// `/register`
    pub registration: String,
    /// `/device_authorization`
    pub device_authorization: String,
    /// `/jwks`
    pub jwks: String,
    /// `/device`: the host's page on which people type user codes.
    pub verification: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            authorization: "/authorize".to_owned(),
            token: "/token".to_owned(),
            revocation: "/revoke".to_owned(),
            introspection: "/introspect".to_owned(),
            pushed_authorization_request: "/par".to_owned(),
            registration: "/register".to_owned(),
            device_authorization: "/device_authorization".to_owned(),
            jwks: "/jwks".to_owned(),
            verification: "/device".to_owned(),
        }
    }
}

impl Paths {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        let paths = self;
        let all = [
            &paths.authorization,
            &paths.token,
            &paths.revocation,
            &paths.introspection,
            &paths.pushed_authorization_request,
            &paths.registration,
            &paths.device_authorization,
            &paths.jwks,
            &paths.verification,
        ];
        for (place, path) in all.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~');
            let good = path.len() > 1 && path.starts_with('/') && path.bytes().all(plain);
            ensure(good && !path.contains("/."), || ConfigFault::Path((*path).clone()))?;
            ensure(!all.iter().take(place).any(|other| other == path), || ConfigFault::PathTwice((*path).clone()))?;
        }
        Ok(())
    }
}
