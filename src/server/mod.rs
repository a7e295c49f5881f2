//! The endpoints of an authorization server: client authentication, a grant, and its wire form.

mod admission;
mod approve;
mod authorize;
mod consent;
mod cross_origin;
mod device;
mod device_approval;
mod exchange;
mod inquiry;
mod introspect;
mod manage;
mod metadata;
mod push;
mod register;
mod revoke;
mod rotate_secret;
mod routes;
mod token;
mod verification;
mod verify;

pub use approve::{Approval, Denial};
pub use authorize::{Asking, Authorization, Authorize, Prompt, PromptClient, Session, Visitor};
pub(crate) use cross_origin::CrossOrigin;
pub use device::DeviceAuthorization;
pub use device_approval::{DeviceApproval, DeviceDenial};
pub use exchange::{Answer, Exchange};
pub use introspect::Introspect;
pub use manage::{Manage, Managed};
pub use push::Push;
pub use register::Register;
pub use revoke::Revoke;
pub use rotate_secret::{RotateSecret, RotationRefusal};
pub use routes::{Place, Route};
pub use token::Token;
pub use verification::{DevicePrompt, Verification, VerificationRefusal};
