//! The endpoints of an authorization server: client authentication, a grant, and its wire form.

mod admission;
mod approve;
mod authorize;
mod consent;
mod cross_origin;
mod device;
mod device_approval;
mod end_grant;
mod exchange;
mod granted;
mod inquiry;
mod introspect;
mod introspection_response;
mod keys;
mod manage;
mod metadata;
mod prompt;
mod push;
mod recall;
mod recipient;
mod register;
#[cfg(feature = "jose")]
mod request_object;
#[cfg(not(feature = "jose"))]
#[path = "no_request_object.rs"]
mod request_object;
mod revoke;
mod rotate_secret;
mod routes;
#[cfg(feature = "jose")]
mod signed_response;
#[cfg(not(feature = "jose"))]
#[path = "no_signed_response.rs"]
mod signed_response;
mod software_statement;
mod token;
mod verification;
mod verify;
mod verify_publisher;
mod visitor;

pub use approve::{Approval, Denial};
pub use authorize::{Authorization, Authorize};
pub(crate) use cross_origin::CrossOrigin;
pub use device::DeviceAuthorization;
pub use device_approval::{DeviceApproval, DeviceDenial};
pub use end_grant::{EndGrant, EndedBy, ForgetConsent};
pub use exchange::{Answer, Exchange};
pub use introspect::Introspect;
#[cfg(feature = "jose")]
pub use introspection_response::IntrospectionJwt;
pub use introspection_response::IntrospectionResponse;
pub use manage::{Manage, Managed};
pub use prompt::{Asking, Prompt, PromptClient};
pub use push::Push;
pub use register::Register;
pub use revoke::Revoke;
pub use rotate_secret::{RotateSecret, RotationRefusal};
pub use routes::{Place, Route};
pub use token::Token;
pub use verification::{DevicePrompt, Verification, VerificationRefusal};
pub use verify_publisher::{NoSuchClient, VerifyPublisher};
pub use visitor::{Session, Visitor};
