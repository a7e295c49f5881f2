//! One file per attack: what was tried, what held, and that the honest case beside it still works.

mod approvals;
mod codes;
mod deputies;
mod exhaustion;
mod failures;
#[cfg(feature = "jose")]
mod fapi;
mod leaks;
#[cfg(feature = "jose")]
mod purposes;
mod ratchet;
mod redirects;
mod smuggling;
mod strangers;
