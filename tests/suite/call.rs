//! Everything that can be asked, as one endpoint, and what is answered, as messages.

use std::convert::Infallible;

use grantor::server::{
    Answer, Approval, Authorization, Authorize, Denial, DeviceApproval, DeviceDenial, EndGrant, Exchange,
    ForgetConsent, RotateSecret, VerificationRefusal,
};
use grantor::step::{Decision, Endpoint, Plan};
use grantor::store::Key;
use grantor::{Halt, Snapshot};
use http::{Response, StatusCode};

use crate::support::*;

/// Everything that can be asked.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Exchange(Box<Exchange>),
    Authorize(Box<Authorize>),
    Approval(Box<Approval>),
    Denial(Box<Denial>),
    DeviceApproval(Box<DeviceApproval>),
    DeviceDenial(Box<DeviceDenial>),
    RotateSecret(RotateSecret),
    EndGrant(EndGrant),
    ForgetConsent(ForgetConsent),
}

impl Endpoint for Call {
    type Reply = Sent;
    type Refusal = Infallible;

    fn keys(&self) -> Vec<Key> {
        match self {
            Self::Exchange(exchange) => exchange.keys(),
            Self::Authorize(authorize) => authorize.keys(),
            Self::Approval(approval) => approval.keys(),
            Self::Denial(denial) => denial.keys(),
            Self::DeviceApproval(approval) => approval.keys(),
            Self::DeviceDenial(denial) => denial.keys(),
            Self::RotateSecret(rotate) => rotate.keys(),
            Self::EndGrant(end) => end.keys(),
            Self::ForgetConsent(forget) => forget.keys(),
        }
    }

    fn decide(&self, seen: &Snapshot) -> Decision<Self> {
        let answer = |refusal: VerificationRefusal| Sent::plain(StatusCode::CONFLICT, &refusal.to_string());
        let yes = |()| Sent::plain(StatusCode::NO_CONTENT, "");
        let ended = |ended| Sent::plain(if ended { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }, "");
        match self {
            Self::Exchange(exchange) => {
                sent(exchange.decide(seen), |answer: Answer| Sent(answer.into_response()), |never| match never {})
            }
            Self::Authorize(authorize) => {
                let reply = |authorization| match authorization {
                    Authorization::Answer(response) => Sent(response.print()),
                    other => Sent::plain(StatusCode::OK, &format!("{other:?}")),
                };
                sent(authorize.decide(seen), reply, |refusal| Sent(refusal.print()))
            }
            Self::Approval(approval) => {
                sent(approval.decide(seen), |response| Sent(response.print()), |refusal| Sent(refusal.print()))
            }
            Self::Denial(denial) => {
                sent(denial.decide(seen), |response| Sent(response.print()), |refusal| Sent(refusal.print()))
            }
            Self::DeviceApproval(approval) => sent(approval.decide(seen), yes, answer),
            Self::DeviceDenial(denial) => sent(denial.decide(seen), yes, answer),
            Self::RotateSecret(rotate) => {
                let told = |secret: grantor::record::Exposed| {
                    let body = serde_json::json!({"client_secret": secret.as_str()});
                    Sent::plain(StatusCode::OK, &body.to_string())
                };
                sent(rotate.decide(seen), told, |refusal| Sent::plain(StatusCode::NOT_FOUND, &refusal.to_string()))
            }
            Self::EndGrant(end) => sent(end.decide(seen), ended, |never| match never {}),
            Self::ForgetConsent(forget) => sent(forget.decide(seen), ended, |never| match never {}),
        }
    }
}

/// The same decision, its reply and its refusal as messages.
fn sent<R, F>(
    decision: Result<Plan<R, F>, Halt<F>>,
    reply: impl FnOnce(R) -> Sent,
    refusal: impl Fn(F) -> Sent,
) -> Decision<Call> {
    match decision {
        Ok(plan) => Ok(plan.answered(reply, refusal)),
        Err(Halt::Missing(need)) => Err(Halt::Missing(need)),
        Err(Halt::Refused(refused)) => Ok(Plan::grant(Vec::new(), refusal(refused))),
    }
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent(pub(crate) Response<Vec<u8>>);

impl Sent {
    pub(crate) fn plain(status: StatusCode, body: &str) -> Self {
        Self(Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap())
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The code of an authorization response.
    pub(crate) fn code(&self) -> Option<String> {
        (self.status() == StatusCode::SEE_OTHER).then(|| parameter(&self.0, "code")).flatten()
    }

    /// A token of ours in the body.
    pub(crate) fn token(&self, name: &str) -> Option<String> {
        self.member(name).filter(|_| self.member("token_type").as_deref() != Some("N_A"))
    }

    /// A text of the body.
    pub(crate) fn member(&self, name: &str) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(self.0.body()).ok()?;
        body.get(name)?.as_str().map(str::to_owned)
    }
}
