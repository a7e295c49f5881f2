//! A host that says yes, and a grant type of its own.

use std::convert::Infallible;
use std::sync::Arc;

use grantor::drive::Host;
use grantor::extension::{
    ExtensionDecision, ExtensionGrant, ExtensionGranted, ExtensionId, ExtensionRefusal, ExtensionRequest,
};
use grantor::fetch::{FetchRequest, Fetched, Unfetched};
use grantor::record::Subject;
use grantor::step::Plan;
use grantor::store::Key;
use grantor::wire::Parameters;
use grantor::{Asserted, Env, Question, Saml2Assertion, SigningInput, Snapshot, Timestamp, Verdict};

use crate::NOW;

/// Allows everything, and knows `alice` by any password.
#[derive(Clone, Copy, Debug)]
pub struct Willing;

impl Host for Willing {
    type Error = Infallible;

    fn fetch(&self, _: &FetchRequest) -> Result<Result<Fetched, Unfetched>, Infallible> {
        Ok(Err(Unfetched::NotServed))
    }

    fn judge(&self, question: &Question) -> Result<Verdict, Infallible> {
        Ok(match question {
            Question::Password(asked) if asked.username.as_str() == "alice" => {
                Verdict::Subject { subject: Subject::new("alice"), authenticated: Timestamp::from_unix(NOW) }
            }
            Question::Password(_) => Verdict::Denied,
            Question::Assertion(_) => Verdict::Asserted(Box::new(Asserted::new(Subject::new("alice")))),
            Question::Saml2Assertion(asked) => {
                let (ends, id) = (Timestamp::from_unix(NOW + 60), asked.assertion.as_str());
                let asserted = Asserted::new(Subject::new("alice"));
                let mut found = Saml2Assertion::new("https://idp.example", id, ends, asserted);
                found.audience = vec!["https://as.example".to_owned()];
                Verdict::Saml2(Box::new(found))
            }
            _ => Verdict::Allowed,
        })
    }

    fn sign(&self, _: &SigningInput) -> Result<Arc<[u8]>, Infallible> {
        unreachable!("nothing is signed")
    }
}

/// The host's own grant type.
pub const TICKET: &str = "https://as.example/ticket";

/// A record of the host that is good for once.
#[derive(Debug)]
pub(crate) struct Tickets;

impl ExtensionGrant for Tickets {
    fn grant_type(&self) -> &'static str {
        TICKET
    }

    fn keys(&self, parameters: &Parameters) -> Vec<Key> {
        let ticket = parameters.first("ticket");
        ticket.map(|ticket| Key::Extension(ExtensionId::new("ticket", ticket.as_bytes()))).into_iter().collect()
    }

    fn decide(&self, request: &ExtensionRequest<'_>, seen: &Snapshot, env: &Env) -> ExtensionDecision {
        let refusal = ExtensionRefusal::invalid_grant("no such ticket");
        let ticket = request.parameters.first("ticket").ok_or(refusal)?;
        let record = seen.extension(&ExtensionId::new("ticket", ticket.as_bytes()))?.ok_or(refusal)?;
        record.value().value_at(env.now).ok_or(refusal)?;
        let granted = ExtensionGranted::to(Subject::new("alice"), env.now).refreshable();
        Ok(Plan::grant(vec![record.consume()], granted))
    }
}
