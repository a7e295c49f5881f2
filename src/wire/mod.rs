//! Messages: one file each, parsed and printed by pure functions that both sides of a connection share.

#[cfg(feature = "jose")]
mod access_token;
mod assertion_fault;
mod authorization_request;
mod authorization_response;
mod authorize_refusal;
mod bearer;
mod certificate;
mod challenge;
mod client_document;
mod cors;
mod credentials;
mod device;
mod dpop;
mod exchange;
mod extension_refusal;
mod form;
mod introspection;
mod introspection_claims;
mod members;
mod metadata;
mod object;
mod push;
mod registration;
mod registration_refusal;
mod request_headers;
mod request_object;
mod resource_metadata;
mod token;
mod token_query;
mod token_refusal;
mod unkept;

#[cfg(feature = "jose")]
pub use access_token::AccessTokenClaims;
pub use assertion_fault::AssertionFault;
pub use authorization_request::AuthorizationRequest;
pub(crate) use authorization_response::ResponseToken;
pub use authorization_response::{AuthorizationMessage, AuthorizationOutcome, AuthorizationResponse, ResponseMode};
pub use authorize_refusal::{AuthorizeReason, AuthorizeRefusal, PageReason};
pub(crate) use bearer::{BearerFault, presented_token};
pub use bearer::{BearerSource, TokenScheme};
pub use certificate::ClientCertificate;
pub use challenge::Challenge;
pub use client_document::{ClientDocument, ClientDocumentFault};
pub(crate) use cors::{READ, Reader, SENT, asking_origin, is_origin, preflight, readable};
#[cfg(feature = "jose")]
pub(crate) use credentials::Hint;
pub use credentials::{Credentials, CredentialsFault};
pub use device::{DeviceRequest, DeviceResponse};
pub(crate) use dpop::DPOP_NONCE;
pub use dpop::{DpopHeader, ProofFault};
pub use exchange::{ACCESS_TOKEN_TYPE, ExchangeParameters, ID_JAG_TYPE, REFRESH_TOKEN_TYPE};
pub use extension_refusal::ExtensionRefusal;
pub use form::{Limits, Malformed, Parameters};
pub(crate) use introspection::Description;
pub use introspection::{Introspection, MayAct};
pub use introspection_claims::IntrospectionClaims;
pub use metadata::{EndpointAliases, ServerMetadata};
pub use object::ObjectFault;
pub(crate) use push::pushed_id;
pub use push::{PushRequest, PushResponse};
pub(crate) use registration::registration_client_uri;
#[cfg(feature = "jose")]
pub(crate) use registration::stated;
pub use registration::{ClientInformation, ClientUpdate, RegistrationAction, RegistrationRequest};
pub use registration_refusal::RegistrationRefusal;
pub use request_object::RequestObjectFault;
pub use resource_metadata::ResourceMetadata;
pub use token::{ErrorResponse, TokenGrant, TokenRequest, TokenResponse};
pub use token_query::TokenQuery;
pub use token_refusal::TokenRefusal;
pub(crate) use unkept::{json, json_at_home, json_text, no_store};
