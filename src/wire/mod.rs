//! Messages: one file each, parsed and printed by pure functions that both sides of a connection share.

mod authorization_request;
mod authorization_response;
mod authorize_refusal;
mod bearer;
mod credentials;
mod device;
mod exchange;
mod form;
mod introspection;
mod metadata;
mod push;
mod token;
mod token_query;
mod token_refusal;

pub use authorization_request::AuthorizationRequest;
pub use authorization_response::{AuthorizationMessage, AuthorizationOutcome, AuthorizationResponse, ResponseMode};
pub use authorize_refusal::{AuthorizeReason, AuthorizeRefusal, PageReason};
pub(crate) use bearer::bearer_token;
pub use bearer::{BearerSource, ResourceRefusal};
pub use credentials::{Credentials, CredentialsFault};
pub use device::{DeviceRequest, DeviceResponse};
pub use exchange::{ACCESS_TOKEN_TYPE, ExchangeParameters};
pub use form::{Limits, Malformed, Parameters};
pub use introspection::{Introspection, MayAct};
pub use metadata::ServerMetadata;
pub(crate) use push::pushed_id;
pub use push::{PushRequest, PushResponse};
pub(crate) use token::json;
pub use token::{ErrorResponse, TokenGrant, TokenRequest, TokenResponse};
pub use token_query::TokenQuery;
pub use token_refusal::TokenRefusal;
