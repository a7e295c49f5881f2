//! Messages: one file each, parsed and printed by pure functions that both sides of a connection share.

mod authorization_request;
mod authorization_response;
mod authorize_refusal;
mod bearer;
mod challenge;
mod credentials;
mod device;
mod exchange;
mod form;
mod introspection;
mod metadata;
mod push;
mod resource_metadata;
mod token;
mod token_query;
mod token_refusal;

pub use authorization_request::AuthorizationRequest;
pub use authorization_response::{AuthorizationMessage, AuthorizationOutcome, AuthorizationResponse, ResponseMode};
pub use authorize_refusal::{AuthorizeReason, AuthorizeRefusal, PageReason};
pub use bearer::BearerSource;
pub(crate) use bearer::{BearerFault, bearer_token};
pub use challenge::Challenge;
pub use credentials::{Credentials, CredentialsFault};
pub use device::{DeviceRequest, DeviceResponse};
pub use exchange::{ACCESS_TOKEN_TYPE, ExchangeParameters};
pub use form::{Limits, Malformed, Parameters};
pub use introspection::{Introspection, MayAct};
pub use metadata::ServerMetadata;
pub(crate) use push::pushed_id;
pub use push::{PushRequest, PushResponse};
pub use resource_metadata::ResourceMetadata;
pub use token::{ErrorResponse, TokenGrant, TokenRequest, TokenResponse};
pub(crate) use token::{json, no_store};
pub use token_query::TokenQuery;
pub use token_refusal::TokenRefusal;
