//! The example servers as they run: started as processes, used over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has failed"
)]

mod blocking;
mod browser;
mod client_documents;
mod connections;
mod consent;
mod device;
mod endpoints;
mod files;
mod login;
mod login_link;
mod pki;
mod process;
mod registration;
mod tls;
mod walk;
mod walk_dpop;
mod walk_old;
mod walk_register;
mod walk_step_up;
