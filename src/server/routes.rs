//! Which endpoint is where, so that a host can mount all of them in a loop.

use http::Method;
use http::header::{ALLOW, HeaderValue};
use http::{Response, StatusCode};

use crate::config::Config;

/// An endpoint.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// The authorization endpoint: it needs a person, and so the host's own pages.
    Authorization,
    /// The token endpoint.
    Token,
    /// The revocation endpoint.
    Revocation,
    /// The introspection endpoint.
    Introspection,
    /// The pushed authorization request endpoint.
    PushedAuthorizationRequest,
    /// The client registration endpoint, which with `client_id` in its query is the client configuration endpoint.
    Registration,
    /// The device authorization endpoint.
    DeviceAuthorization,
    /// The page on which people type user codes: the host's own.
    Verification,
    /// The server's public keys.
    JwkSet,
    /// The metadata document.
    Metadata,
}

impl Place {
    const ALL: [Self; 10] = [
        Self::Authorization,
        Self::Token,
        Self::Revocation,
        Self::Introspection,
        Self::PushedAuthorizationRequest,
        Self::Registration,
        Self::DeviceAuthorization,
        Self::Verification,
        Self::JwkSet,
        Self::Metadata,
    ];

    /// Whether a person takes part, so that the host shows its own pages instead of calling `answer`.
    #[must_use]
    pub const fn needs_person(self) -> bool {
        matches!(self, Self::Authorization | Self::Verification)
    }

    /// The methods that are served; `OPTIONS` only where [`Cors`](crate::Cors) lets scripts call.
    #[must_use]
    pub const fn methods(self) -> &'static [Method] {
        match self {
            Self::Authorization | Self::Verification => &[Method::GET, Method::POST],
            Self::Token
            | Self::Revocation
            | Self::Introspection
            | Self::PushedAuthorizationRequest
            | Self::DeviceAuthorization => &[Method::POST, Method::OPTIONS],
            Self::Registration => &[Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS],
            Self::JwkSet | Self::Metadata => &[Method::GET, Method::HEAD, Method::OPTIONS],
        }
    }

    /// The answer to a method that is not served, or nothing if it is.
    #[must_use]
    pub fn refuse_method(self, method: &Method) -> Option<Response<Vec<u8>>> {
        refuse_method(self.methods().iter(), method)
    }
}

fn refuse_method<'m>(
    mut served: impl Iterator<Item = &'m Method> + Clone,
    method: &Method,
) -> Option<Response<Vec<u8>>> {
    let all = served.clone();
    if served.any(|own| own == method) {
        return None;
    }
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let served = all.map(Method::as_str).collect::<Vec<_>>().join(", ");
    response.headers_mut().extend(HeaderValue::from_str(&served).ok().map(|served| (ALLOW, served)));
    Some(response)
}

/// Where an endpoint is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Route {
    /// The path on the issuer's host. Mount it for every method: the endpoint refuses those that it does not serve.
    pub path: String,
    /// The endpoint.
    pub place: Place,
}

impl Config {
    /// Every endpoint, with its path on the issuer's host.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        Place::ALL
            .into_iter()
            .filter(|place| self.has(*place))
            .map(|place| Route { path: self.path(place), place })
            .collect()
    }

    /// Whether scripts of other origins may call: never where a person is, or a browser brings cookies
    /// [OAuth 2.1 §3.1].
    pub(crate) fn answers_scripts(&self, place: Place) -> bool {
        let kind = match place {
            Place::Authorization | Place::Verification => false,
            Place::Introspection => self.cors().introspection,
            Place::Token
            | Place::Revocation
            | Place::PushedAuthorizationRequest
            | Place::Registration
            | Place::DeviceAuthorization
            | Place::JwkSet
            | Place::Metadata => true,
        };
        kind && self.cors().is_on()
    }

    /// The answer to a method that is not served here, or nothing if it is.
    pub(crate) fn refuse_method(&self, place: Place, method: &Method) -> Option<Response<Vec<u8>>> {
        let scripts = self.answers_scripts(place);
        refuse_method(place.methods().iter().filter(|own| scripts || **own != Method::OPTIONS), method)
    }

    fn has(&self, place: Place) -> bool {
        match place {
            Place::DeviceAuthorization | Place::Verification => self.device_flow().is_some(),
            Place::Registration => self.registration().is_some(),
            Place::JwkSet => self.publishes_keys(),
            Place::Authorization
            | Place::Token
            | Place::Revocation
            | Place::Introspection
            | Place::PushedAuthorizationRequest
            | Place::Metadata => true,
        }
    }

    fn path(&self, place: Place) -> String {
        let (issuer, paths) = (self.issuer_path(), self.paths());
        match place {
            Place::Authorization => format!("{issuer}{}", paths.authorization),
            Place::Token => format!("{issuer}{}", paths.token),
            Place::Revocation => format!("{issuer}{}", paths.revocation),
            Place::Introspection => format!("{issuer}{}", paths.introspection),
            Place::PushedAuthorizationRequest => format!("{issuer}{}", paths.pushed_authorization_request),
            Place::Registration => format!("{issuer}{}", paths.registration),
            Place::DeviceAuthorization => format!("{issuer}{}", paths.device_authorization),
            Place::Verification => format!("{issuer}{}", paths.verification),
            Place::JwkSet => format!("{issuer}{}", paths.jwks),
            // [RFC 8414 §3.1]: before the issuer's path, not after it.
            Place::Metadata => format!("/.well-known/oauth-authorization-server{issuer}"),
        }
    }
}
