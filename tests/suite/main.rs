//! The crate seen from outside: HTTP messages in, HTTP messages out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::type_complexity,
    reason = "tests are tables, and one that meets the unexpected has failed"
)]

mod attacks;
mod authorization_code;
mod authorization_details;
mod authorize;
mod busy;
mod call;
mod certificate_bound;
#[cfg(feature = "jose")]
mod client_assertions;
#[cfg(feature = "jose")]
mod client_attestations;
mod client_authentication;
mod client_documents;
mod configuration;
mod connected;
mod consent_phishing;
mod counts;
mod cross_origin;
mod device;
#[cfg(feature = "jose")]
mod dpop;
mod extension_grant;
#[cfg(feature = "jose")]
mod fapi;
mod fault_cases;
mod faults;
mod faulty;
mod flows;
mod forbidden_addresses;
mod grant_index;
mod grant_secrets;
#[cfg(feature = "jose")]
mod id_jag;
mod implicit;
mod incremental_consent;
mod interleavings;
#[cfg(feature = "jose")]
mod jwt_access_tokens;
#[cfg(feature = "jose")]
mod jwt_bearer;
#[cfg(feature = "jose")]
mod jwt_resource;
mod machine;
mod memory;
mod model;
#[cfg(feature = "mtls")]
mod mtls;
mod on_behalf_of;
mod password;
mod profiles;
mod properties;
mod protected_resource;
mod pushed_requests;
mod records;
mod refresh;
mod registration;
mod remembered_consent;
#[cfg(feature = "jose")]
mod request_objects;
mod resource_indicators;
mod saml2_bearer;
mod schedule;
mod secrets;
#[cfg(feature = "jose")]
mod signed_introspection;
#[cfg(feature = "jose")]
mod signed_responses;
#[cfg(feature = "jose")]
mod software_statements;
mod step_up;
mod subject_active;
mod support;
mod table;
mod token_exchange;
mod token_queries;
mod watch;
#[cfg(feature = "mtls")]
mod x509;
