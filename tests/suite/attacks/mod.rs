//! One file per attack: what was tried, what held, and that the honest case beside it still works.

mod approvals;
mod codes;
mod exhaustion;
mod leaks;
mod ratchet;
mod redirects;
