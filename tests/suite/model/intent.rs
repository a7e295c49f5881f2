//! From what a client or an attacker does to the one request that does it now.

use super::calls::*;
use super::rules::Rules;

impl Rules {
    pub(super) fn call(&self, action: &Action) -> Call {
        match action {
            Action::Authorize(request) => Call::Authorize(request.clone()),
            Action::Redeem { code, by, uri, verifier } => {
                let code = self.shown(*code);
                let (party, proof) = self.caller(*by, code);
                Call::Redeem { party, proof, code, uri: self.uri(*uri, code), verifier: *verifier }
            }
            Action::Refresh { token, by, scope } => {
                let token = self.shown(*token);
                let (party, proof) = self.caller(*by, token);
                Call::Refresh { party, proof, token, scope: *scope }
            }
            Action::Spin(_) => {
                let latest = Pick { kind: Kind::Refresh, back: 0, forged: false };
                self.call(&Action::Refresh { token: latest, by: Caller::Owner, scope: Words::NONE })
            }
            Action::ActForItself { by, proof, scope } => {
                Call::ActForItself { party: *by, proof: *proof, scope: *scope }
            }
            Action::Revoke { token, by } => {
                let token = self.shown(*token);
                let (party, proof) = self.caller(*by, token);
                Call::Revoke { party, proof, token }
            }
            Action::Introspect { token, by } => {
                let token = self.shown(*token);
                let (party, proof) = self.caller(*by, token);
                Call::Introspect { party, proof, token }
            }
            Action::Use { token, scope, elsewhere } => {
                Call::Use { token: self.shown(*token), scope: *scope, elsewhere: *elsewhere }
            }
            Action::Wait(seconds) => Call::Wait(*seconds),
            Action::WaitFor(bound, around) => {
                let moment = self.moment(*bound).saturating_add_signed(*around);
                Call::Wait(moment.saturating_sub(self.now))
            }
        }
    }

    fn shown(&self, pick: Pick) -> Shown {
        let Pick { kind, back, forged } = pick;
        let count = match kind {
            Kind::Code => self.codes.len(),
            Kind::Access => self.access.len(),
            Kind::Refresh => self.refresh.len(),
        };
        Shown { kind, forged, place: (count > 0).then(|| count - 1 - back % count.max(1)) }
    }

    pub(super) fn owner(&self, shown: Shown) -> Party {
        let grant = shown.place.map(|place| match shown.kind {
            Kind::Code => self.codes[place].grant,
            Kind::Access => self.access[place].grant,
            Kind::Refresh => self.refresh[place],
        });
        grant.map_or(Party::Spa, |grant| self.grants[grant].party)
    }

    fn caller(&self, by: Caller, shown: Shown) -> (Party, Proof) {
        let owner = self.owner(shown);
        match by {
            Caller::Owner => (owner, owner.proof()),
            Caller::OwnerPosting => (owner, Proof::Post { right: true }),
            Caller::OwnerUnproven => (owner, Proof::Bare),
            Caller::Impostor => (owner, Proof::Basic { right: false }),
            Caller::Other(party) => (party, party.proof()),
        }
    }

    /// What a client sends that does it right, or one of the ways to do it wrong.
    fn uri(&self, uri: Option<Uri>, shown: Shown) -> Option<&'static str> {
        let code = shown.place.filter(|_| shown.kind == Kind::Code).map(|place| &self.codes[place]);
        let registered = self.owner(shown).redirect_uris();
        match uri {
            None => code.filter(|code| code.named).map(|code| code.uri),
            Some(Uri::First) => registered.first().copied(),
            Some(Uri::Second) => registered.get(1).copied(),
            Some(Uri::Omitted) => None,
            Some(Uri::Foreign) => Some(FOREIGN),
        }
    }

    fn moment(&self, bound: Bound) -> u64 {
        let grant = self.refresh.last().copied();
        let chain = grant.and_then(|grant| self.grants[grant].chain.as_ref());
        let moment = match bound {
            Bound::Code => self.codes.last().map(|code| code.expires),
            Bound::Access => self.access.last().map(|token| token.expires),
            Bound::Retry => chain.map(|chain| chain.rotated + self.setup.retry),
            Bound::Idle => chain.map(|chain| chain.rotated + self.setup.idle),
            Bound::Absolute => chain.map(|chain| chain.ends),
        };
        moment.unwrap_or(self.now)
    }
}
