//! What can be done next in each flow.

use super::action::Action;
use super::course::Course;
use super::flow::Flow;

impl Course {
    /// What can be done now, in the order to try it.
    pub(super) fn actions(&self, flow: Flow) -> Vec<Action> {
        use Action::{
            Authenticate, Codes, Confess, Describe, Elsewhere, Enter, Exchange, Introspect, Knock, Lookup, Mail,
            Metadata, Open, Outdated, Poll, Publish, Push, Read, Redeem, Refresh, Register, Rename, Reopen, Replay,
            Reuse, Revoke, Steal, Stray, Unregister, Write,
        };
        let (redeemed, refreshable) = (self.tokens.is_some(), self.refresh_token().is_some());
        let found = &self.found;
        let redeemable = self.code.is_some() && !redeemed;
        let registered = self.registered.as_ref();
        let manageable = registered.is_some_and(|registered| !registered.gone);
        let all: &[(Action, bool)] = match flow {
            Flow::Metadata => &[(Metadata, true)],
            Flow::Registration => &[
                (Register, registered.is_none()),
                (Redeem, redeemable),
                (Lookup, registered.is_some()),
                (Rename, manageable),
                (Outdated, registered.is_some_and(|registered| registered.may_show_outdated())),
                (Unregister, manageable),
                (Read, redeemed),
            ],
            Flow::Assistant => &[
                (Knock, found.description.is_none()),
                (Describe, found.description.is_some() && found.issuer.is_none()),
                (Metadata, found.issuer.is_some() && found.server.is_none()),
                (Publish, found.may_publish()),
                (Register, found.registration().is_some()),
                (Redeem, redeemable),
                (Read, redeemed),
                (Write, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
            ],
            Flow::Service => {
                &[(Authenticate, true), (Read, redeemed), (Write, redeemed), (Introspect, redeemed), (Revoke, redeemed)]
            }
            Flow::Code => &[
                (Redeem, redeemable),
                (Read, redeemed),
                (Write, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
                (Reuse, self.spent.is_some()),
                (Replay, redeemed),
            ],
            Flow::Pushed => &[
                (Push, self.pushed.is_none()),
                (Redeem, redeemable),
                (Read, redeemed),
                (Introspect, redeemed),
                (Revoke, redeemed),
            ],
            Flow::Resources => &[
                (Redeem, redeemable),
                (Introspect, redeemed),
                (Read, redeemed),
                (Elsewhere, refreshable),
                (Stray, refreshable),
                (Revoke, redeemed),
            ],
            Flow::Details => {
                &[(Redeem, redeemable), (Introspect, redeemed), (Refresh, refreshable), (Revoke, redeemed)]
            }
            Flow::StepUp => {
                &[(Redeem, redeemable), (Read, redeemed), (Enter, redeemed), (Introspect, redeemed), (Revoke, redeemed)]
            }
            Flow::Dpop => &[
                (Redeem, redeemable),
                (Read, redeemed),
                (Steal, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
            ],
            Flow::Agreement => &[],
            Flow::Device => &[
                (Codes, self.codes.is_none()),
                (Poll, self.codes.is_some() && !redeemed),
                (Read, redeemed),
                (Introspect, redeemed),
                (Revoke, redeemed),
            ],
            Flow::LoginLink => &[
                (Mail, self.link.is_none()),
                (Open, self.link.is_some() && !redeemed),
                (Read, redeemed),
                (Reopen, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
            ],
            Flow::Exchange => &[
                (Redeem, redeemable),
                (Authenticate, redeemed && self.own.is_none()),
                (Exchange, self.own.is_some()),
                (Introspect, self.exchanged.is_some()),
                (Revoke, self.exchanged.is_some()),
            ],
            Flow::Implicit => &[(Read, redeemed), (Introspect, redeemed), (Revoke, redeemed)],
            Flow::Password => &[
                (Confess, !redeemed),
                (Read, redeemed),
                (Introspect, redeemed),
                (Refresh, refreshable),
                (Revoke, redeemed),
            ],
        };
        all.iter().filter_map(|(action, possible)| possible.then_some(*action)).collect()
    }
}
