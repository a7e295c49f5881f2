//! What must happen, written from RFC 6749, RFC 7009, RFC 7662, RFC 9700 and the rules that this project states where
//! they leave room. It keeps everything for ever, in vectors, and knows no secret.

use super::calls::*;

/// How many spent refresh tokens of one grant are recognised as spent.
const RECOGNISED: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) setup: Setup,
    pub(super) now: u64,
    pub(super) grants: Vec<Grant>,
    pub(super) codes: Vec<Code>,
    pub(super) access: Vec<Access>,
    /// The grant of each refresh token; its place in the grant's chain is its generation.
    pub(super) refresh: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) party: Party,
    person: bool,
    scope: Words,
    revoked: bool,
    pub(super) chain: Option<Chain>,
}

#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// Refresh tokens, oldest first; the last one is current.
    generations: Vec<usize>,
    pub(super) rotated: u64,
    pub(super) ends: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) grant: usize,
    pub(super) expires: u64,
    pub(super) uri: &'static str,
    pub(super) named: bool,
    pkce: bool,
    redeemed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) grant: usize,
    scope: Words,
    issued: u64,
    pub(super) expires: u64,
}

/// What of a chain a refresh token is.
enum Generation {
    Current,
    Retried,
    Spent,
    Unknown,
}

#[derive(Clone, Copy, Debug)]
struct Refusal {
    status: u16,
    error: &'static str,
    scope: Option<Words>,
    challenges: bool,
    revoked: usize,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, error, scope, challenges, revoked } = refusal;
        Self { status, error: Some(error.to_owned()), scope, challenges, revoked, ..Self::default() }
    }
}

fn granted(scope: Words) -> Answer {
    Answer { status: 200, scope: Some(scope), ..Answer::default() }
}

fn refused(status: u16, error: &'static str) -> Refusal {
    Refusal { status, error, scope: None, challenges: false, revoked: 0 }
}

fn invalid_grant() -> Refusal {
    refused(400, "invalid_grant")
}

fn ensure(holds: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Rules {
    pub(super) fn new(setup: Setup) -> Self {
        Self { setup, now: START, grants: vec![], codes: vec![], access: vec![], refresh: vec![] }
    }

    pub(super) fn answer(&mut self, call: &Call) -> Answer {
        let ruled = match call {
            Call::Authorize(request) => self.authorize(request),
            Call::Redeem { party, proof, code, uri, verifier } => {
                authenticated(*party, *proof).and_then(|()| self.redeem(*party, *code, *uri, *verifier))
            }
            Call::Refresh { party, proof, token, scope } => {
                authenticated(*party, *proof).and_then(|()| self.refresh(*party, *token, *scope))
            }
            Call::ActForItself { party, proof, scope } => {
                authenticated(*party, *proof).and_then(|()| self.act_for_itself(*party, *scope))
            }
            Call::Revoke { party, proof, token } => authenticated(*party, *proof).map(|()| self.revoke(*party, *token)),
            Call::Introspect { party, proof, token } => authenticated(*party, *proof).map(|()| Answer {
                status: 200,
                seen: self.introspect(*party, *token),
                ..Answer::default()
            }),
            Call::Use { token, scope, elsewhere } => self.use_at_resource(*token, *scope, *elsewhere),
            Call::Wait(seconds) => {
                self.now += seconds;
                Ok(Answer::default())
            }
        };
        ruled.unwrap_or_else(Answer::from)
    }

    /// Every token that was ever issued, whose it is, and whether it can be used now.
    pub(super) fn tokens(&self) -> Vec<(Shown, Party, bool)> {
        let shown = |kind| move |place| Shown { kind, place: Some(place), forged: false };
        let access = (0..self.access.len()).map(shown(Kind::Access));
        let refresh = (0..self.refresh.len()).map(shown(Kind::Refresh));
        let owned = |shown: Shown| {
            let owner = self.owner(shown);
            (shown, owner, self.introspect(owner, shown).is_some())
        };
        access.chain(refresh).map(owned).collect()
    }

    /// [RFC 6749 §4.1.1, §4.1.2; RFC 9700 §2.1]
    fn authorize(&mut self, request: &Authorization) -> Result<Answer, Refusal> {
        let Authorization { party, uri, scope, consent, pkce, verdict } = request;
        ensure(*party != Party::Nobody, refused(400, "invalid_client"))?;
        let registered = party.redirect_uris();
        let to = match (uri, registered) {
            (Uri::First, [first, ..]) => *first,
            (Uri::Second, [_, second]) => *second,
            (Uri::Omitted, [only]) => *only,
            (Uri::Omitted, _) => return Err(refused(400, "invalid_request")),
            (Uri::First | Uri::Second | Uri::Foreign, _) => return Err(refused(400, "invalid_redirect_uri")),
        };
        let optional = self.setup.pkce_optional && party.is_confidential();
        ensure(*pkce || optional, refused(303, "invalid_request"))?;
        let asked = resolve(*party, *scope).map_err(|refusal| Refusal { status: 303, ..refusal })?;
        let offline = *consent && may_refresh(*party);
        let asked = if offline { asked } else { asked.without(Words::OFFLINE) };
        ensure(!asked.is_empty(), refused(303, "invalid_scope"))?;
        let scope = match verdict {
            Verdict::All => asked,
            Verdict::Nothing => return Err(refused(303, "access_denied")),
            Verdict::Only(part) => *part,
        };
        ensure(scope.without(asked).is_empty(), refused(303, "server_error"))?;
        ensure(!scope.is_empty(), refused(303, "access_denied"))?;

        let grant = self.add_grant(*party, true, scope);
        let (expires, named) = (self.now + self.setup.code, *uri != Uri::Omitted);
        self.codes.push(Code { grant, expires, uri: to, named, pkce: *pkce, redeemed: false });
        Ok(Answer { status: 303, code: Some(self.codes.len() - 1), ..Answer::default() })
    }

    /// [RFC 6749 §4.1.3, §4.1.2; RFC 7636 §4.6; RFC 9700 §2.1.1, §4.8.2]
    fn redeem(&mut self, party: Party, shown: Shown, uri: Option<&str>, verifier: Verifier) -> Result<Answer, Refusal> {
        ensure(!party.redirect_uris().is_empty(), refused(400, "unauthorized_client"))?;
        ensure(verifier != Verifier::Malformed, refused(400, "invalid_request"))?;
        let place = genuine(shown, Kind::Code).ok_or_else(invalid_grant)?;
        let code = self.codes[place].clone();
        let grant = self.grants[code.grant].clone();
        ensure(grant.party == party && !grant.revoked, invalid_grant())?;
        if code.redeemed {
            return Err(self.punish(code.grant));
        }
        ensure(self.now < code.expires || !self.setup.forgets, invalid_grant())?;
        match uri {
            Some(uri) => ensure(uri == code.uri, invalid_grant())?,
            None => {
                let several = party.redirect_uris().len() > 1 && !self.setup.uri_optional;
                let required = code.named && (several || !code.pkce);
                ensure(!required, refused(400, "invalid_request"))?;
            }
        }
        let fits = if code.pkce { verifier == Verifier::Right } else { verifier == Verifier::Missing };
        ensure(fits && self.now < code.expires, invalid_grant())?;

        self.codes[place].redeemed = true;
        let online = grant.scope.and(Words::OPENID) == Words::OPENID && grant.scope.and(Words::OFFLINE).is_empty();
        if may_refresh(party) && !online {
            self.refresh.push(code.grant);
            let generations = vec![self.refresh.len() - 1];
            let ends = self.now + self.setup.absolute;
            self.grants[code.grant].chain = Some(Chain { generations, rotated: self.now, ends });
        }
        Ok(self.issue(code.grant, grant.scope))
    }

    /// [RFC 6749 §6; RFC 9700 §4.14.2]
    fn refresh(&mut self, party: Party, shown: Shown, scope: Words) -> Result<Answer, Refusal> {
        ensure(may_refresh(party), refused(400, "unauthorized_client"))?;
        let place = genuine(shown, Kind::Refresh).ok_or_else(invalid_grant)?;
        let number = self.refresh[place];
        let grant = &self.grants[number];
        ensure(grant.party == party && !grant.revoked, invalid_grant())?;
        let generation = self.generation(place);
        match generation {
            Generation::Unknown => return Err(invalid_grant()),
            Generation::Spent => return Err(self.punish(number)),
            Generation::Current | Generation::Retried => {}
        }
        ensure(self.now < self.dies(number), invalid_grant())?;
        let scope = if scope.is_empty() { grant.scope } else { scope };
        let excess = scope.without(grant.scope);
        ensure(excess.is_empty(), Refusal { scope: Some(excess), ..refused(400, "invalid_scope") })?;
        if matches!(generation, Generation::Current) {
            self.refresh.push(number);
            let (place, now) = (self.refresh.len() - 1, self.now);
            if let Some(chain) = &mut self.grants[number].chain {
                chain.generations.push(place);
                chain.rotated = now;
            }
        }
        Ok(self.issue(number, scope))
    }

    /// [RFC 6749 §4.4]
    fn act_for_itself(&mut self, party: Party, scope: Words) -> Result<Answer, Refusal> {
        ensure(party.is_confidential(), refused(400, "unauthorized_client"))?;
        // Neither means anything without a person [OpenID Connect Core §11].
        let scope = resolve(party, scope)?.without(Words::OPENID).without(Words::OFFLINE);
        ensure(!scope.is_empty(), refused(400, "invalid_scope"))?;
        let grant = self.add_grant(party, false, scope);
        Ok(self.issue(grant, scope))
    }

    /// [RFC 7009 §2.1, §2.2]: what is not the caller's own token changes nothing, and is answered alike.
    fn revoke(&mut self, party: Party, shown: Shown) -> Answer {
        let nothing = Answer { status: 200, ..Answer::default() };
        let Some(place) = shown.place.filter(|_| !shown.forged) else { return nothing };
        let (grant, known) = match shown.kind {
            Kind::Code => return nothing,
            Kind::Access => (self.access[place].grant, self.now < self.access[place].expires),
            Kind::Refresh => (self.refresh[place], !matches!(self.generation(place), Generation::Unknown)),
        };
        let Grant { party: owner, revoked, .. } = self.grants[grant];
        if owner != party || revoked || !known || self.is_over(grant) {
            return nothing;
        }
        self.grants[grant].revoked = true;
        Answer { revoked: 1, ..nothing }
    }

    /// [RFC 7662 §2.1, §2.2, §4]: the client itself may ask, of a refresh token only with a proof of who it is, and of an
    /// access token the resource server that it is for.
    fn introspect(&self, party: Party, shown: Shown) -> Option<Seen> {
        let place = shown.place.filter(|_| !shown.forged)?;
        let (grant, scope, iat, exp) = match shown.kind {
            Kind::Code => return None,
            Kind::Access => {
                let Access { grant, scope, issued, expires } = self.access[place];
                (grant, scope, issued, expires)
            }
            Kind::Refresh if matches!(self.generation(place), Generation::Current) => {
                let number = self.refresh[place];
                let rotated = self.grants[number].chain.as_ref()?.rotated;
                (number, self.grants[number].scope, rotated, self.dies(number))
            }
            Kind::Refresh => return None,
        };
        let bearer = shown.kind == Kind::Access;
        let Grant { party: owner, person, revoked, .. } = self.grants[grant];
        let may_ask =
            if bearer { party == owner || party == Party::Api } else { party == owner && party.is_confidential() };
        let usable = !revoked && self.now < exp;
        (may_ask && usable).then(|| Seen { party: owner.id().to_owned(), person, scope, exp, iat, bearer })
    }

    /// [RFC 6750 §3.1]
    fn use_at_resource(&self, shown: Shown, scope: Words, elsewhere: bool) -> Result<Answer, Refusal> {
        let place = genuine(shown, Kind::Access).filter(|_| !elsewhere);
        let token = place.map(|place| &self.access[place]);
        let token = token.filter(|token| self.now < token.expires && !self.grants[token.grant].revoked);
        let Some(token) = token else {
            // Every challenge tells the scope that is needed [RFC 6750 §3].
            let hint = Some(scope).filter(|scope| !scope.is_empty());
            return Err(Refusal { challenges: true, scope: hint, ..refused(401, "invalid_token") });
        };
        let missing = Refusal { challenges: true, scope: Some(scope), ..refused(403, "insufficient_scope") };
        ensure(scope.without(token.scope).is_empty(), missing)?;
        Ok(granted(token.scope))
    }

    fn add_grant(&mut self, party: Party, person: bool, scope: Words) -> usize {
        self.grants.push(Grant { party, person, scope, revoked: false, chain: None });
        self.grants.len() - 1
    }

    fn issue(&mut self, grant: usize, scope: Words) -> Answer {
        self.access.push(Access { grant, scope, issued: self.now, expires: self.now + self.setup.access });
        let refresh = self.grants[grant].chain.as_ref().and_then(|chain| chain.generations.last().copied());
        let (access, expires_in) = (Some(self.access.len() - 1), Some(self.setup.access));
        Answer { access, refresh, expires_in, ..granted(scope) }
    }

    /// A code or refresh token came back: its grant is not safe any more [RFC 6749 §4.1.2, RFC 9700 §4.14.2].
    fn punish(&mut self, grant: usize) -> Refusal {
        if self.is_over(grant) {
            return invalid_grant();
        }
        self.grants[grant].revoked = true;
        Refusal { revoked: 1, ..invalid_grant() }
    }

    fn generation(&self, place: usize) -> Generation {
        let chain = self.grants[self.refresh[place]].chain.as_ref();
        let Some(chain) = chain else { return Generation::Unknown };
        let age = chain.generations.iter().rev().position(|own| *own == place);
        match age {
            Some(0) => Generation::Current,
            Some(1) if self.now < chain.rotated + self.setup.retry => Generation::Retried,
            Some(1..=RECOGNISED) => Generation::Spent,
            Some(_) | None => Generation::Unknown,
        }
    }

    fn dies(&self, grant: usize) -> u64 {
        self.grants[grant].chain.as_ref().map_or(0, |chain| chain.ends.min(chain.rotated + self.setup.idle))
    }

    /// Nothing of the grant can be used or refreshed any more, so nothing is remembered of it.
    fn is_over(&self, grant: usize) -> bool {
        let tokens = self.access.iter().filter(|token| token.grant == grant);
        self.setup.forgets && self.now >= tokens.map(|token| token.expires).fold(self.dies(grant), u64::max)
    }
}

/// [RFC 6749 §2.3.1, §5.2]: whoever is wrong is wrong alike; only a header is answered by a challenge.
fn authenticated(party: Party, proof: Proof) -> Result<(), Refusal> {
    let proven = match proof {
        Proof::Basic { right } | Proof::Post { right } => right && party.is_confidential(),
        Proof::Bare => !party.is_confidential() && party != Party::Nobody,
    };
    let challenges = matches!(proof, Proof::Basic { .. });
    ensure(proven, Refusal { challenges, ..refused(401, "invalid_client") })
}

/// [RFC 6749 §3.3]: what is unknown is ignored, what the client may not have is refused, and asking for nothing asks for
/// what was registered.
fn resolve(party: Party, asked: Words) -> Result<Words, Refusal> {
    let registered = registered_scope(party);
    let invalid = |scope| Refusal { scope, ..refused(400, "invalid_scope") };
    if asked.is_empty() {
        return registered.ok_or_else(|| invalid(None));
    }
    let known = asked.and(Words::KNOWN);
    ensure(!known.is_empty(), invalid(None))?;
    let excess = known.without(registered.unwrap_or(Words::KNOWN));
    ensure(excess.is_empty(), invalid(Some(excess)))?;
    Ok(known)
}

pub(super) const fn registered_scope(party: Party) -> Option<Words> {
    match party {
        Party::Web => Some(Words(Words::READ_WRITE.0 | Words::OFFLINE.0)),
        Party::Spa | Party::Kiosk | Party::Api | Party::Nobody => None,
    }
}

pub(super) const fn may_refresh(party: Party) -> bool {
    matches!(party, Party::Spa | Party::Web)
}

fn genuine(shown: Shown, kind: Kind) -> Option<usize> {
    shown.place.filter(|_| shown.kind == kind && !shown.forged)
}
