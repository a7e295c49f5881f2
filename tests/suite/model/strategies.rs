//! Random sequences: mostly what clients do, so that they get somewhere, and often enough what they should not.

use proptest::prelude::*;

use super::calls::*;

pub(super) fn setups() -> impl Strategy<Value = Setup> {
    let lifetimes = (
        prop::sample::select(vec![1_u64, 10, 60]),
        prop::sample::select(vec![5_u64, 600]),
        prop::sample::select(vec![0_u64, 30]),
        prop::sample::select(vec![5_u64, 40, 3600]),
        prop::sample::select(vec![0_u64, 20, 7200]),
    );
    let options = any::<[bool; 3]>();
    (lifetimes, options).prop_map(|((code, access, retry, idle, more), [pkce_optional, uri_optional, forgets])| Setup {
        code,
        access,
        retry,
        idle,
        absolute: idle + more,
        pkce_optional,
        uri_optional,
        forgets,
    })
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => authorizations().prop_map(Action::Authorize),
        5 => (codes(), callers(), redeemed_uris(), verifiers())
            .prop_map(|(code, by, uri, verifier)| Action::Redeem { code, by, uri, verifier }),
        6 => (refresh_tokens(), callers(), narrowed())
            .prop_map(|(token, by, scope)| Action::Refresh { token, by, scope }),
        1 => (30..36_usize).prop_map(Action::Spin),
        1 => (parties(), proofs(), scopes()).prop_map(|(by, proof, scope)| Action::ActForItself { by, proof, scope }),
        2 => (tokens(), callers()).prop_map(|(token, by)| Action::Revoke { token, by }),
        2 => (tokens(), callers()).prop_map(|(token, by)| Action::Introspect { token, by }),
        2 => (tokens(), scopes(), rarely()).prop_map(|(token, scope, elsewhere)| Action::Use { token, scope, elsewhere }),
        1 => prop::sample::select(vec![1, 4, 5, 29, 30, 31, 600]).prop_map(Action::Wait),
        3 => (bounds(), -1..=1_i64).prop_map(|(bound, around)| Action::WaitFor(bound, around)),
    ]
}

/// Half of them begin with a client that has its tokens, so that something is at stake.
pub(super) fn sequences(most: usize) -> impl Strategy<Value = Vec<Action>> {
    let party = prop::sample::select(vec![Party::Spa, Party::Web]);
    let begun = party.prop_map(|party| vec![authorized(party), redeem(Caller::Owner, Verifier::Right)]);
    let begun = prop_oneof![Just(vec![]), begun];
    (begun, prop::collection::vec(actions(), 1..most)).prop_map(|(begun, actions)| [begun, actions].concat())
}

pub(super) fn authorized(party: Party) -> Action {
    let (uri, scope) = (Uri::First, Words::READ_WRITE);
    Action::Authorize(Authorization { party, uri, scope, consent: false, pkce: true, verdict: Verdict::All })
}

pub(super) fn redeem(by: Caller, verifier: Verifier) -> Action {
    Action::Redeem { code: pick(Kind::Code, 0), by, uri: None, verifier }
}

pub(super) fn refresh(back: usize, by: Caller) -> Action {
    Action::Refresh { token: pick(Kind::Refresh, back), by, scope: Words::NONE }
}

pub(super) fn pick(kind: Kind, back: usize) -> Pick {
    Pick { kind, back, forged: false }
}

fn authorizations() -> impl Strategy<Value = Authorization> {
    let party = prop_oneof![6 => Just(Party::Spa), 4 => Just(Party::Web), 2 => Just(Party::Kiosk), 1 => parties()];
    let uri = prop_oneof![
        8 => Just(Uri::First), 2 => Just(Uri::Second), 2 => Just(Uri::Omitted), 1 => Just(Uri::Foreign)
    ];
    let verdict = prop_oneof![
        8 => Just(Verdict::All), 2 => scopes().prop_map(Verdict::Only), 1 => Just(Verdict::Nothing)
    ];
    (party, uri, scopes(), any::<bool>(), rarely(), verdict).prop_map(
        |(party, uri, scope, consent, without_pkce, verdict)| {
            let pkce = !without_pkce;
            Authorization { party, uri, scope, consent, pkce, verdict }
        },
    )
}

fn scopes() -> impl Strategy<Value = Words> {
    prop_oneof![
        6 => Just(Words::READ_WRITE),
        2 => Just(Words::READ),
        1 => Just(Words::NONE),
        2 => (0..64_u8).prop_map(Words),
    ]
}

fn narrowed() -> impl Strategy<Value = Words> {
    prop_oneof![6 => Just(Words::NONE), 2 => Just(Words::READ), 1 => scopes()]
}

fn callers() -> impl Strategy<Value = Caller> {
    prop_oneof![
        12 => Just(Caller::Owner),
        1 => Just(Caller::OwnerPosting),
        1 => Just(Caller::OwnerUnproven),
        1 => Just(Caller::Impostor),
        2 => prop::sample::select(vec![Party::Web, Party::Spa]).prop_map(Caller::Other),
        1 => parties().prop_map(Caller::Other),
    ]
}

fn parties() -> impl Strategy<Value = Party> {
    prop::sample::select(Party::ALL.to_vec())
}

fn proofs() -> impl Strategy<Value = Proof> {
    prop_oneof![
        4 => Just(Proof::Basic { right: true }),
        1 => Just(Proof::Post { right: true }),
        1 => Just(Proof::Basic { right: false }),
        1 => Just(Proof::Post { right: false }),
        1 => Just(Proof::Bare),
    ]
}

fn codes() -> impl Strategy<Value = Pick> {
    picks(prop_oneof![19 => Just(Kind::Code), 1 => kinds()])
}

fn refresh_tokens() -> impl Strategy<Value = Pick> {
    picks(prop_oneof![19 => Just(Kind::Refresh), 1 => kinds()])
}

fn tokens() -> impl Strategy<Value = Pick> {
    picks(kinds())
}

fn picks(kind: impl Strategy<Value = Kind>) -> impl Strategy<Value = Pick> {
    let back = prop_oneof![8 => Just(0_usize), 4 => Just(1), 2 => Just(2), 2 => 0..40_usize];
    (kind, back, rarely()).prop_map(|(kind, back, forged)| Pick { kind, back, forged })
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Access, Kind::Refresh, Kind::Code])
}

fn redeemed_uris() -> impl Strategy<Value = Option<Uri>> {
    let other = prop::sample::select(vec![Uri::First, Uri::Second, Uri::Omitted, Uri::Foreign]);
    prop_oneof![6 => Just(None), 2 => other.prop_map(Some)]
}

fn verifiers() -> impl Strategy<Value = Verifier> {
    let bad = prop::sample::select(vec![Verifier::Wrong, Verifier::Missing, Verifier::Malformed]);
    prop_oneof![6 => Just(Verifier::Right), 2 => bad]
}

fn bounds() -> impl Strategy<Value = Bound> {
    prop::sample::select(vec![Bound::Retry, Bound::Code, Bound::Access, Bound::Idle, Bound::Absolute])
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}
