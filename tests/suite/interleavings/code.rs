//! Codes, refresh tokens and revocations.

use std::sync::Arc;

use grantor::Progress;
use grantor::event::Event;
use grantor::record::{Client, Record, Subject};
use grantor::server::{Place, Session, Visitor};
use grantor::store::Key;
use http::{Request, StatusCode};

use super::{Row, approving_as, assert_sound, assert_unsound, claim, crowd, ending, prove, text};
use crate::call::Sent;
use crate::schedule::{Move, Player, Scene, bytes_of};
use crate::support::*;
use crate::table::{Overlooked, Table};

pub(super) fn redeeming(seed: u8, code: &str) -> Player {
    Player::sending(seed, Place::Token, redeem("spa", SPA, code))
}

pub(super) fn refreshing(seed: u8, token: &str) -> Player {
    Player::sending(seed, Place::Token, refresh("spa", token))
}

fn about(path: &str, token: &str) -> Request<Vec<u8>> {
    post(path, &[("client_id", "spa"), ("token", token)])
}

pub(super) fn revoking(seed: u8, token: &str) -> Player {
    Player::sending(seed, Place::Revocation, about("/revoke", token))
}

pub(super) fn introspecting(seed: u8, token: &str, times: usize) -> Player {
    let request = about("/introspect", token);
    let again = Move::Send(Place::Introspection, Arc::new(move |_: &[Sent]| request.clone()));
    Player::new(seed, vec![again; times])
}

/// Requests about a grant that has tokens already, and what was issued.
fn with_tokens(window: u64, players: impl FnOnce(&str, &str) -> Vec<Player>) -> Scene {
    let world = crowd(window);
    let tokens = world.tokens();
    let (access, token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    Scene::new(&world, &[&access, &token], players(&access, &token))
}

fn redemptions(count: u8) -> Scene {
    let world = crowd(30);
    let code = world.code("spa", SPA, &[]);
    Scene::new(&world, &[], (0..count).map(|seed| redeeming(seed, &code)))
}

/// Whoever comes second has shown that the code is in two hands.
pub(super) fn one_redemption(scene: &Scene) -> Vec<String> {
    let replayed = scene.count(|event| matches!(event, Event::CodeReplayed { .. }));
    let revoked = scene.count(|event| matches!(event, Event::GrantRevoked { .. }));
    let mut broken = claim(scene.count_granted() == 1, "not exactly one redemption");
    broken.extend(claim((replayed, revoked) == (1, 1), "the replay was not reported once"));
    broken
}

#[test]
fn a_code_is_redeemed_once() {
    assert_sound(&redemptions(2).explore(&one_redemption), 6);
    assert_sound(&redemptions(3).explore(&one_redemption), 300);
}

#[test]
fn a_code_is_redeemed_while_a_token_of_it_is_revoked() {
    let world = crowd(30);
    let code = world.code("spa", SPA, &[]);
    let first = redeem("spa", SPA, &code);
    let honest = [
        Move::Send(Place::Token, Arc::new(move |_: &[Sent]| first.clone())),
        Move::Send(
            Place::Revocation,
            Arc::new(|replies: &[Sent]| about("/revoke", &replies[0].member("access_token").unwrap_or_default())),
        ),
    ];
    let scene = Scene::new(&world, &[], [Player::new(1, honest), redeeming(2, &code)]);
    let check = |scene: &Scene| claim(scene.count_granted() <= 1, "more than one redemption");
    assert_sound(&scene.explore(&check), 10);

    let scene = with_tokens(30, |access, token| vec![revoking(1, access), revoking(2, token)]);
    let check = |scene: &Scene| claim(scene.count_granted() == 2, "a revocation was refused");
    assert_sound(&scene.explore(&check), 6);
}

/// All get the same successor, and only the first is no retry.
fn one_successor(scene: &Scene) -> Vec<String> {
    let mut successors: Vec<_> = scene.players.iter().map(|player| player.replies[0].member("refresh_token")).collect();
    successors.dedup();
    let retried = scene.count(|event| matches!(event, Event::RefreshRetried { .. }));
    let mut broken = claim(scene.count_granted() == scene.players.len(), "a refresh was refused");
    broken.extend(claim(successors.len() == 1, "different successors"));
    broken.extend(claim(retried + 1 == scene.players.len(), "not all but one were retries"));
    broken
}

/// Without a window the second use is a theft.
fn one_refresh(scene: &Scene) -> Vec<String> {
    let reused = scene.count(|event| matches!(event, Event::RefreshReused { .. }));
    let revoked = scene.count(|event| matches!(event, Event::GrantRevoked { .. }));
    let mut broken = claim(scene.count_granted() == 1, "not exactly one refresh");
    broken.extend(claim((reused, revoked) == (1, 1), "the reuse was not reported once"));
    broken
}

#[test]
fn a_refresh_token_has_one_successor() {
    let players = |count: u8| move |_: &str, token: &str| (0..count).map(|seed| refreshing(seed, token)).collect();
    assert_sound(&with_tokens(30, players(2)).explore(&one_successor), 6);
    assert_sound(&with_tokens(30, players(3)).explore(&one_successor), 300);
    assert_sound(&with_tokens(0, players(2)).explore(&one_refresh), 6);
    assert_sound(&with_tokens(0, players(3)).explore(&one_refresh), 300);
}

/// The invariants say that nothing is usable afterwards.
pub(super) fn revoked_once(scene: &Scene) -> Vec<String> {
    let revoked = scene.count(|event| matches!(event, Event::GrantRevoked { .. }));
    claim(revoked == 1, "not revoked exactly once")
}

#[test]
fn nothing_survives_a_revocation() {
    for window in [0, 30] {
        for by_access_token in [true, false] {
            let revoked =
                |access: &str, token: &str| if by_access_token { revoking(9, access) } else { revoking(9, token) };
            let two = with_tokens(window, |access, token| vec![refreshing(1, token), revoked(access, token)]);
            assert_sound(&two.explore(&revoked_once), 6);
            let three = with_tokens(window, |access, token| {
                vec![refreshing(1, token), refreshing(2, token), revoked(access, token)]
            });
            assert_sound(&three.explore(&revoked_once), 300);
        }
    }
}

#[test]
fn what_was_dead_stays_dead() {
    let steady = |place: usize| {
        move |scene: &Scene| {
            let seen: Vec<_> = scene.players[place].replies.iter().map(|reply| reply.0.body().len()).collect();
            // `{"active":false}` is the shortest answer there is.
            claim(seen.is_sorted_by(|earlier, later| earlier >= later), "a dead token came back to life")
        }
    };
    let scene = with_tokens(30, |access, token| vec![refreshing(1, token), introspecting(2, access, 3)]);
    assert_sound(&scene.explore(&steady(1)), 10);
    let scene =
        with_tokens(30, |access, token| vec![refreshing(1, token), introspecting(2, access, 2), revoking(3, token)]);
    assert_sound(&scene.explore(&steady(1)), 50);

    let world = crowd(30);
    let code = world.code("spa", SPA, &[]);
    let tokens = json(&world.token(&redeem("spa", SPA, &code)));
    let (access, token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let players = [redeeming(1, &code), refreshing(2, &token), introspecting(3, &access, 2)];
    let scene = Scene::new(&world, &[&access, &token], players);
    assert_sound(&scene.explore(&steady(2)), 50);
}

#[test]
fn a_replayed_code_ends_what_a_refresh_goes_on_with() {
    for window in [0, 30] {
        let world = crowd(window);
        let code = world.code("spa", SPA, &[]);
        let tokens = json(&world.token(&redeem("spa", SPA, &code)));
        let (access, token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let scene = Scene::new(&world, &[&access, &token], [redeeming(1, &code), refreshing(2, &token)]);
        let check = |scene: &Scene| {
            let mut broken = revoked_once(scene);
            broken.extend(claim(!scene.players[0].granted(), "the replay was granted"));
            broken
        };
        assert_sound(&scene.explore(&check), 6);
    }
}

#[test]
fn a_grant_that_was_ended_gives_nothing() {
    let world = crowd(30);
    let code = world.code("spa", SPA, &[]);
    let waiting = Scene::new(&world, &[], [redeeming(1, &code), ending(2, &world, &code)]);
    let three = Scene::new(&world, &[], [redeeming(1, &code), redeeming(2, &code), ending(3, &world, &code)]);
    let found = "usable although its grant was revoked";
    let live = with_tokens(30, |_, token| vec![refreshing(1, token), ending(2, &world, token)]);
    prove(vec![
        Row::new("redeem, end", waiting, revoked_once).needs(&[Overlooked::GrantReplaced], found),
        Row::new("redeem, redeem, end", three, revoked_once),
        Row::new("refresh, end", live, revoked_once).needs(&[Overlooked::GrantReplaced], found),
    ]);
}

/// People who say yes to the same request at once, each to a prompt of their own.
fn approvals(people: [(u8, &str); 2]) -> Scene {
    let world = crowd(30);
    let approving = |(seed, subject): (u8, &str)| {
        let session = Session::new(Subject::new(subject), world.now());
        let visitor = Visitor::logged_in(session.clone(), None);
        match world.authorize(&authorization("spa", SPA, &[]), visitor) {
            Progress::Ask(prompt) => approving_as(seed, &world, *prompt, session),
            other => panic!("not asked: {other:?}"),
        }
    };
    Scene::new(&world, &[], people.map(approving))
}

/// Each code is for the person who approved.
fn codes_are_their_own(scene: &Scene, people: [(u8, &str); 2]) -> Vec<String> {
    let subjects = scene.players.iter().zip(people).filter_map(|(player, (_, subject))| {
        let code = player.replies[0].code()?;
        let grant = scene.table.records().find_map(|(key, record)| match (key, record) {
            (Key::Grant(id), Record::Grant(grant)) if id.as_bytes()[..] == bytes_of(&code)[..16] => Some(grant),
            _ => None,
        });
        Some(grant.unwrap().subject().unwrap().as_str() == subject)
    });
    claim(subjects.into_iter().all(|own| own), "a code for someone else")
}

fn count_codes(scene: &Scene) -> usize {
    scene.players.iter().filter(|player| player.replies[0].code().is_some()).count()
}

/// Seeds that repeat are a broken generator; even then nobody gets another's grant.
const REPEATED: [(u8, &str); 2] = [(1, "alice"), (1, "bob")];

#[test]
fn every_approval_gives_a_grant_of_its_own() {
    for (people, codes) in [([(1, "alice"), (2, "alice")], 2), ([(1, "alice"), (2, "bob")], 2), (REPEATED, 1)] {
        let check = |scene: &Scene| {
            let mut broken = codes_are_their_own(scene, people);
            broken.extend(claim(count_codes(scene) == codes, "another number of codes"));
            broken
        };
        assert_sound(&approvals(people).explore(&check), 6);
    }
}

/// A client that is changed in some way while it, or a person for it, asks for something.
fn client_changes(change: fn(&mut Table)) -> Vec<Scene> {
    let host = || Player::new(0, [Move::Host(Arc::new(change))]);
    let world = crowd(30);
    let code = world.code("web", WEB, &[]);
    let web =
        |pairs: &[(&str, &str)]| Player::sending(1, Place::Token, post_as("/token", &basic("web", SECRET), pairs));
    let redemption =
        [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", WEB), ("code_verifier", VERIFIER)];
    let redeemed = Scene::new(&world, &[], [web(&redemption), host()]);
    let acting = Scene::new(&world, &[], [web(&[("grant_type", "client_credentials")]), host()]);

    let tokens = world.server.answer(Place::Token, &post_as("/token", &basic("web", SECRET), &redemption));
    let token = text(&json(&tokens), "refresh_token");
    let refreshed = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let refresh = Scene::new(&world, &[&token], [web(&refreshed), host()]);
    vec![redeemed, acting, refresh]
}

fn removed(table: &mut Table) {
    let web = clients().into_iter().find(|client| client.id().as_str() == "web").unwrap();
    table.remove(&Key::Client(web.id().clone()));
}

fn given_another_secret(table: &mut Table) {
    let metadata = clients().into_iter().find(|client| client.id().as_str() == "web").unwrap().metadata().clone();
    table.put_client(Client::builder("web").metadata(metadata).secret(secret("another")).build().unwrap());
}

#[test]
fn a_client_gets_nothing_that_it_may_no_longer_have() {
    for change in [removed, given_another_secret] {
        for scene in client_changes(change) {
            let refused = |scene: &Scene| {
                let status = scene.players[0].replies[0].status();
                claim([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&status), "another answer")
            };
            assert_sound(&scene.explore(&refused), 3);
        }
    }
    let world = crowd(30);
    let prompt = world.prompt(&authorization("spa", SPA, &[]));
    let host = Player::new(0, [Move::Host(Arc::new(|table: &mut Table| table.remove(&spa())))]);
    let approving = approving_as(1, &world, prompt, world.session());
    let scene = Scene::new(&world, &[], [approving, host]);
    assert_sound(&scene.explore(&|_| Vec::new()), 3);
    assert_unsound(&scene.overlooking(&[Overlooked::ClientStill]).explore(&|_| Vec::new()), "a dead code");
}

fn spa() -> Key {
    let spa = clients().into_iter().find(|client| client.id().as_str() == "spa").unwrap();
    Key::Client(spa.id().clone())
}

#[test]
fn without_the_version_of_a_replaced_grant_a_code_gives_two_families() {
    let explored = redemptions(2).overlooking(&[Overlooked::GrantReplaced]).explore(&one_redemption);
    assert_unsound(&explored, "not exactly one redemption");
    let scene = with_tokens(30, |_, token| vec![refreshing(1, token), revoking(2, token)]);
    let explored = scene.overlooking(&[Overlooked::GrantReplaced]).explore(&revoked_once);
    assert_unsound(&explored, "usable after its revocation");
    let scene = with_tokens(0, |_, token| vec![refreshing(1, token), refreshing(2, token)]);
    let explored = scene.overlooking(&[Overlooked::GrantReplaced]).explore(&one_refresh);
    assert_unsound(&explored, "not exactly one refresh");
}

/// A lost answer is asked for again with `scopes`, while others do what `others` say with the current token.
fn retries(seed: u8, scopes: &[&'static str], others: impl FnOnce(&str) -> Vec<Player>) -> Scene {
    let world = crowd(30);
    let tokens = world.tokens();
    let (access, spent) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let current = text(&json(&world.refresh("spa", &spent)), "refresh_token");
    let retry = |scope: &&'static str| {
        let pairs =
            [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", &*spent), ("scope", *scope)];
        Player::sending(seed, Place::Token, post("/token", &pairs))
    };
    let players: Vec<_> = scopes.iter().map(retry).chain(others(&current)).collect();
    Scene::new(&world, &[&access, &spent, &current], players)
}

#[test]
fn without_the_version_of_a_grant_that_stays_a_retry_is_answered_with_the_dead() {
    let scene = retries(1, &["read"], |current| vec![revoking(2, current)]);
    assert_sound(&scene.explore(&revoked_once), 6);
    assert_unsound(&scene.overlooking(&[Overlooked::GrantStill]).explore(&revoked_once), "a dead access_token");
    let scene = retries(1, &["read"], |current| vec![refreshing(2, current)]);
    assert_sound(&scene.explore(&|_| Vec::new()), 6);
    assert_unsound(&scene.overlooking(&[Overlooked::GrantStill]).explore(&|_| Vec::new()), "a dead refresh_token");
}

#[test]
fn without_the_version_of_the_client_one_that_is_gone_is_served() {
    for change in [removed, given_another_secret] {
        for scene in client_changes(change) {
            let explored = scene.overlooking(&[Overlooked::ClientStill]).explore(&|_| Vec::new());
            assert_unsound(&explored, "a dead access_token");
        }
    }
}

#[test]
fn without_absence_repeated_seeds_would_overwrite_what_others_hold() {
    let explored = approvals(REPEATED)
        .overlooking(&[Overlooked::GrantAbsent])
        .explore(&|scene: &Scene| codes_are_their_own(scene, REPEATED));
    assert_unsound(&explored, "a code for someone else");

    let scopes_are_kept = |scene: &Scene| {
        let granted = scene.players.iter().filter(|player| player.granted()).map(|player| &player.replies[0]);
        let kept = granted.into_iter().all(|reply| {
            let token = reply.member("access_token").unwrap();
            scene.probe(Place::Introspection, &about("/introspect", &token)).member("scope") == reply.member("scope")
        });
        claim(kept, "a token of another scope")
    };
    let scene = retries(1, &["read", "write"], |_| Vec::new());
    assert_sound(&scene.explore(&scopes_are_kept), 6);
    let explored = scene.overlooking(&[Overlooked::TokenAbsent]).explore(&scopes_are_kept);
    assert_unsound(&explored, "a token of another scope");
}

#[test]
fn a_prompt_is_a_question_not_a_grant() {
    let world = crowd(30);
    let before = world.server.store().table().applied.len();
    let asked = world.authorize(&authorization("spa", SPA, &[]), Visitor::anonymous());
    assert!(matches!(asked, Progress::Ask(_)));
    assert_eq!(world.server.store().table().applied.len(), before);
}
