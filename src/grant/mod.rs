//! Grant types: the life of each as pure decisions over its record.

pub(crate) mod asserted;
pub(crate) mod authorization_code;
pub(crate) mod client_credentials;
pub(crate) mod consent_question;
pub(crate) mod device;
pub(crate) mod extension;
pub(crate) mod holders;
#[cfg(feature = "jose")]
pub(crate) mod id_jag;
pub(crate) mod implicit;
mod issue;
#[cfg(feature = "jose")]
mod jwt;
#[cfg(not(feature = "jose"))]
#[path = "no_jwt.rs"]
mod jwt;
#[cfg(feature = "jose")]
pub(crate) mod jwt_bearer;
pub(crate) mod on_behalf_of;
pub(crate) mod password;
mod presented_access;
pub(crate) mod refresh;
mod revoke;
pub(crate) mod saml2_bearer;
pub(crate) mod token_exchange;

pub(crate) use issue::{Allowance, Requester};
pub(crate) use presented_access::{FoundAccess, PresentedAccess};
pub(crate) use revoke::{replayed, revoked};

use crate::ensure::ensure;
