//! One file per attack: what was tried, what held, and that the honest case beside it still works.

mod approvals;
mod codes;
mod deputies;
mod exhaustion;
mod failures;
mod leaks;
#[cfg(feature = "jose")]
mod purposes;
mod ratchet;
mod redirects;
mod smuggling;
mod strangers;
