//! The life of a device authorization and of the refresh tokens that come of it, written from RFC 8628, RFC 6749 and
//! RFC 9700 and what this project states where they leave room. It knows no secret: tokens have places.

/// Seconds.
pub(super) const CODE: u64 = 20;
pub(super) const INTERVAL: u64 = 5;
pub(super) const ACCESS: u64 = 30;
pub(super) const RETRY: u64 = 10;
pub(super) const IDLE: u64 = 40;
pub(super) const ABSOLUTE: u64 = 60;

/// What a person, the device or time does next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    /// A person says yes to what they were shown at the beginning.
    Approve(&'static str),
    Deny,
    Poll,
    /// Another client found the device code.
    PollOfAnother,
    /// Uses the refresh token that is so many before the latest.
    Refresh(usize),
    /// The device gives its latest refresh token back.
    Revoke,
    Wait(u64),
}

/// What is answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Told {
    pub(super) error: Option<String>,
    /// The place of an access token.
    pub(super) access: Option<usize>,
    /// The place of a refresh token.
    pub(super) refresh: Option<usize>,
    /// How many grants this ended.
    pub(super) ended: usize,
}

fn told(error: &str) -> Told {
    Told { error: Some(error.to_owned()), ..Told::default() }
}

/// A rule that someone forgot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Forgotten {
    SlowDown,
    SlowDownForGood,
    EarlyPollsCount,
    Expiry,
    ExpiryOfTheApproved,
    DenialIsFinal,
    FirstPersonWins,
    OneUse,
    ReplayRevokes,
    OwnClient,
    ReuseRevokes,
    OneSuccessor,
    EndOfTheWindow,
    IdleEnd,
    AbsoluteEnd,
    RevocationEndsAll,
    AccessEnds,
}

impl Forgotten {
    pub(super) const ALL: [Self; 17] = [
        Self::SlowDown,
        Self::SlowDownForGood,
        Self::EarlyPollsCount,
        Self::Expiry,
        Self::ExpiryOfTheApproved,
        Self::DenialIsFinal,
        Self::FirstPersonWins,
        Self::OneUse,
        Self::ReplayRevokes,
        Self::OwnClient,
        Self::ReuseRevokes,
        Self::OneSuccessor,
        Self::EndOfTheWindow,
        Self::IdleEnd,
        Self::AbsoluteEnd,
        Self::RevocationEndsAll,
        Self::AccessEnds,
    ];
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Waiting,
    Approved,
    Denied,
    Redeemed,
}

/// One device authorization from its beginning.
#[derive(Clone, Debug)]
pub(super) struct Life {
    now: u64,
    expires: u64,
    stage: Stage,
    interval: u64,
    last_poll: Option<u64>,
    pub(super) person: Option<&'static str>,
    revoked: bool,
    /// When each access token ends.
    access: Vec<u64>,
    /// How many refresh tokens there were.
    generations: usize,
    rotated: u64,
    redeemed: u64,
    forgotten: Option<Forgotten>,
}

impl Life {
    pub(super) const fn new(forgotten: Option<Forgotten>) -> Self {
        Self {
            now: 0,
            expires: CODE,
            stage: Stage::Waiting,
            interval: INTERVAL,
            last_poll: None,
            person: None,
            revoked: false,
            access: Vec::new(),
            generations: 0,
            rotated: 0,
            redeemed: 0,
            forgotten,
        }
    }

    pub(super) fn answer(&mut self, deed: Deed) -> Told {
        match deed {
            Deed::Approve(person) => self.answered(Stage::Approved, Some(person)),
            Deed::Deny => self.answered(Stage::Denied, None),
            Deed::Poll => self.poll(),
            // A device code is for the client that it was issued to [RFC 8628 §3.4, RFC 6749 §5.2].
            Deed::PollOfAnother if self.keeps(Forgotten::OwnClient) => told("invalid_grant"),
            Deed::PollOfAnother => self.poll(),
            Deed::Refresh(back) => self.refresh(back),
            Deed::Revoke => self.revoke(),
            Deed::Wait(seconds) => {
                self.now += seconds;
                Told::default()
            }
        }
    }

    fn keeps(&self, rule: Forgotten) -> bool {
        self.forgotten != Some(rule)
    }

    /// Whether a person who types the user code finds the device [RFC 8628 §3.3].
    pub(super) fn awaits_a_person(&self) -> bool {
        self.stage == Stage::Waiting && self.in_time()
    }

    fn in_time(&self) -> bool {
        self.now < self.expires || !self.keeps(Forgotten::Expiry)
    }

    /// One person's answer counts, and only in time [RFC 8628 §3.3, §5.4].
    fn answered(&mut self, to: Stage, person: Option<&'static str>) -> Told {
        let again = match self.stage {
            Stage::Waiting => true,
            Stage::Approved => !self.keeps(Forgotten::FirstPersonWins),
            Stage::Denied => !self.keeps(Forgotten::DenialIsFinal),
            Stage::Redeemed => false,
        };
        if !again || !self.in_time() {
            return told("unknown");
        }
        (self.stage, self.person) = (to, person);
        Told::default()
    }

    /// [RFC 8628 §3.4, §3.5]
    fn poll(&mut self) -> Told {
        if self.stage == Stage::Redeemed {
            return self.replay();
        }
        // The code is redeemed, or it expires, whoever said what.
        let kept = self.stage == Stage::Approved && !self.keeps(Forgotten::ExpiryOfTheApproved);
        if !self.in_time() && !kept {
            return told("expired_token");
        }
        match self.stage {
            Stage::Denied => told("access_denied"),
            Stage::Approved => {
                self.stage = Stage::Redeemed;
                (self.redeemed, self.rotated, self.generations) = (self.now, self.now, 1);
                self.issue()
            }
            Stage::Waiting => self.wait(),
            Stage::Redeemed => self.replay(),
        }
    }

    /// Between two polls there must be the interval, which grows by five seconds for this and all that follow.
    fn wait(&mut self) -> Told {
        let too_soon = self.last_poll.is_some_and(|last| self.now < last + self.interval);
        if !too_soon || self.keeps(Forgotten::EarlyPollsCount) {
            self.last_poll = Some(self.now);
        }
        if !too_soon || !self.keeps(Forgotten::SlowDown) {
            return told("authorization_pending");
        }
        if self.keeps(Forgotten::SlowDownForGood) {
            self.interval += 5;
        }
        told("slow_down")
    }

    /// A device code is for one use, and a second one shows that it is in two hands [RFC 6749 §4.1.2, RFC 9700 §4.5].
    fn replay(&mut self) -> Told {
        if !self.keeps(Forgotten::OneUse) {
            return self.issue();
        }
        self.end(Forgotten::ReplayRevokes)
    }

    fn end(&mut self, rule: Forgotten) -> Told {
        let ended = usize::from(!self.revoked && self.keeps(rule));
        self.revoked |= self.keeps(rule);
        Told { ended, ..told("invalid_grant") }
    }

    fn issue(&mut self) -> Told {
        self.access.push(self.now + ACCESS);
        Told { access: Some(self.access.len() - 1), refresh: Some(self.generations - 1), ..Told::default() }
    }

    /// The spent one gives the same successor again for a short time, later it is a sign of theft [RFC 9700 §4.14.2].
    fn refresh(&mut self, back: usize) -> Told {
        if back >= self.generations || self.revoked {
            return told("invalid_grant");
        }
        let window = self.now < self.rotated + RETRY || !self.keeps(Forgotten::EndOfTheWindow);
        match back {
            0 => {}
            1 if window => {}
            _ => return self.end(Forgotten::ReuseRevokes),
        }
        let idle = self.now < self.rotated + IDLE || !self.keeps(Forgotten::IdleEnd);
        let absolute = self.now < self.redeemed + ABSOLUTE || !self.keeps(Forgotten::AbsoluteEnd);
        if !idle || !absolute {
            return told("invalid_grant");
        }
        if back == 0 || !self.keeps(Forgotten::OneSuccessor) {
            self.generations += 1;
            self.rotated = self.now;
        }
        self.issue()
    }

    /// [RFC 7009 §2.1]
    fn revoke(&mut self) -> Told {
        let ends = self.generations > 0 && !self.revoked;
        self.revoked |= ends && self.keeps(Forgotten::RevocationEndsAll);
        Told { ended: usize::from(ends), ..Told::default() }
    }

    /// Whether each access token can be used.
    pub(super) fn active(&self) -> Vec<bool> {
        let lasts = |expires: &u64| self.now < *expires || !self.keeps(Forgotten::AccessEnds);
        self.access.iter().map(|expires| !self.revoked && lasts(expires)).collect()
    }
}
