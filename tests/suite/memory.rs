//! The contract of a store, held by the one in memory.

use std::collections::HashMap;
use std::sync::{Arc, Barrier};

use serde_json::json;

use crate::support::{Dice, Hands};
use grantor::Clock;
use grantor::Timestamp;
use grantor::record::{Client, Digest, GrantId, Record};
use grantor::store::{Change, Commit, Expect, Key, Memory, Store, Versioned, Write};

/// A store that is told the time of one clock.
struct Rows {
    memory: Memory,
    clock: Hands,
}

fn rows() -> (Rows, Hands) {
    let clock = Hands::default();
    (Rows { memory: Memory::new(), clock: clock.clone() }, clock)
}

impl Rows {
    fn load(&self, keys: &[Key]) -> Vec<Option<Versioned<Record>>> {
        Store::load(&self.memory, keys, self.clock.now()).unwrap()
    }

    fn len(&self) -> usize {
        self.memory.len()
    }

    fn sweep(&self) {
        self.memory.sweep(self.clock.now());
    }
}

/// Keys of one shard: grants are spread by the first byte of their names.
fn neighbour(number: u32) -> Key {
    let mut name = [0; 16];
    name[12..].copy_from_slice(&number.to_be_bytes());
    Key::Grant(GrantId::new(name))
}

/// The key of a token of a neighbour.
fn token(number: u32, token: u32) -> Key {
    let Key::Grant(grant) = neighbour(number) else { unreachable!() };
    let mut digest = Digest::of(&token.to_be_bytes()).to_base64url();
    // Every other one begins alike.
    if token.is_multiple_of(2) {
        digest.replace_range(..12, "AAAAAAAAAAAA");
    }
    Key::Token(serde_json::from_value(json!({ "grant": grant.to_string(), "digest": digest })).unwrap())
}

/// Keys of different shards, as long as the numbers are less than 64 apart.
fn elsewhere(number: u32) -> Key {
    let mut name = [u8::try_from(number % 64).unwrap(); 16];
    name[12..].copy_from_slice(&number.to_be_bytes());
    Key::Grant(GrantId::new(name))
}

/// A record with this text in it, of the kind that its key names if it names a grant or a token.
fn record(key: &Key, text: &str) -> Record {
    let record = match key {
        Key::Grant(id) => json!({ "grant": {
            "id": id, "client": text, "scope": "", "audience": [], "created": 0, "state": { "live": {} }
        } }),
        Key::Token(id) => json!({ "token": {
            "id": id, "client": text, "scope": "", "audience": [], "issued": 0, "expires": 0
        } }),
        _ => return stray(text),
    };
    serde_json::from_value(record).unwrap()
}

/// A record that is nowhere what its key says.
fn stray(text: &str) -> Record {
    Record::Client(Arc::new(Client::builder(text).redirect_uri("https://client.example/cb").build().unwrap()))
}

fn put(key: Key, expect: Expect, text: &str, expires: Option<Timestamp>) -> Change {
    let record = record(&key, text);
    Change { key, expect, write: Write::Put { record, expires } }
}

fn only(key: Key, expect: Expect, write: Write) -> Change {
    Change { key, expect, write }
}

fn commit(rows: &Rows, changes: &[Change]) -> Commit {
    Store::commit(&rows.memory, changes.to_vec(), rows.clock.now()).unwrap()
}

fn version(rows: &Rows, key: &Key) -> Option<u64> {
    let found = rows.load(std::slice::from_ref(key)).remove(0);
    found.map(|row| row.version)
}

fn text(rows: &Rows, key: &Key) -> Option<String> {
    match rows.load(std::slice::from_ref(key)).remove(0)?.value {
        Record::Client(client) => Some(client.id().to_string()),
        Record::Grant(grant) => Some(grant.client().to_string()),
        Record::Token(token) => Some(token.client().to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_load_answers_in_the_order_of_its_keys() {
    let (rows, _) = rows();
    let keys: Vec<_> = (0..6).map(elsewhere).collect();
    for (key, name) in keys.iter().zip(["0", "1", "2"]) {
        assert_eq!(commit(&rows, &[put(key.clone(), Expect::Absent, name, None)]), Commit::Applied);
    }
    let asked: Vec<_> = [5, 2, 0, 2, 4].map(|place: usize| keys[place].clone()).into();
    let found = rows.load(&asked);
    let names: Vec<_> = found.into_iter().map(|row| row.map(|row| row.value)).collect();
    assert_eq!(
        names,
        [None, Some(record(&keys[2], "2")), Some(record(&keys[0], "0")), Some(record(&keys[2], "2")), None]
    );
}

#[test]
fn a_commit_applies_only_if_every_expectation_holds() {
    let (rows, _) = rows();
    let (present, absent) = (elsewhere(0), elsewhere(1));
    assert_eq!(commit(&rows, &[put(present.clone(), Expect::Absent, "first", None)]), Commit::Applied);
    let read = version(&rows, &present).unwrap();
    let failing = [
        (present.clone(), Expect::Absent),
        (present.clone(), Expect::Version(read + 1)),
        (absent.clone(), Expect::Version(read)),
    ];
    for (key, expect) in failing {
        for write in [Write::Nothing, Write::Delete] {
            for last in [false, true] {
                let mut changes = vec![
                    put(elsewhere(2), Expect::Absent, "new", None),
                    only(present.clone(), Expect::Version(read), Write::Delete),
                ];
                changes.insert(if last { 2 } else { 0 }, only(key.clone(), expect, write.clone()));
                assert_eq!(commit(&rows, &changes), Commit::Conflict, "{changes:?}");
                assert_eq!((version(&rows, &present), rows.len()), (Some(read), 1));
            }
        }
    }
    let changes = [
        only(absent, Expect::Absent, Write::Nothing),
        put(elsewhere(2), Expect::Absent, "new", None),
        put(present.clone(), Expect::Version(read), "second", None),
    ];
    assert_eq!(commit(&rows, &changes), Commit::Applied);
    assert_eq!(text(&rows, &present).as_deref(), Some("second"));
    assert_eq!(text(&rows, &elsewhere(2)).as_deref(), Some("new"));
}

#[test]
fn a_version_is_never_used_twice() {
    let (rows, clock) = rows();
    let key = neighbour(0);
    let mut seen = Vec::new();
    for round in 0..20 {
        let expires = clock.now().plus(std::time::Duration::from_secs(5));
        let expect = version(&rows, &key).map_or(Expect::Absent, Expect::Version);
        assert_eq!(commit(&rows, &[put(key.clone(), expect, "x", Some(expires))]), Commit::Applied);
        let now = version(&rows, &key).unwrap();
        assert!(!seen.contains(&now), "{now} again");
        seen.push(now);
        match round % 4 {
            0 => assert_eq!(commit(&rows, &[only(key.clone(), Expect::Version(now), Write::Delete)]), Commit::Applied),
            1 => clock.advance(5),
            2 => {
                clock.advance(5);
                rows.sweep();
                assert!(rows.memory.is_empty());
            }
            _ => {}
        }
    }
}

#[test]
fn a_record_is_there_until_it_expires_and_not_a_second_longer() {
    let (rows, clock) = rows();
    let key = neighbour(0);
    let expires = clock.now().plus(std::time::Duration::from_secs(10));
    assert_eq!(commit(&rows, &[put(key.clone(), Expect::Absent, "old", Some(expires))]), Commit::Applied);
    let read = version(&rows, &key).unwrap();
    clock.advance(9);
    assert_eq!(version(&rows, &key), Some(read));
    clock.advance(1);
    assert_eq!(version(&rows, &key), None);
    assert_eq!(commit(&rows, &[only(key.clone(), Expect::Version(read), Write::Nothing)]), Commit::Conflict);
    assert_eq!(commit(&rows, &[put(key.clone(), Expect::Absent, "new", None)]), Commit::Applied);
    clock.advance(1_000_000);
    rows.sweep();
    assert_eq!(text(&rows, &key).as_deref(), Some("new"));
}

#[test]
fn an_expiry_can_be_moved_either_way() {
    let (rows, clock) = rows();
    let after = |seconds| Some(clock.now().plus(std::time::Duration::from_secs(seconds)));
    let (longer, shorter, again) = (neighbour(0), neighbour(1), neighbour(2));
    for (key, first, second) in [(&longer, 10, 100), (&shorter, 100, 10), (&again, 10, 100)] {
        assert_eq!(commit(&rows, &[put(key.clone(), Expect::Absent, "1", after(first))]), Commit::Applied);
        let mut expect = Expect::Version(version(&rows, key).unwrap());
        if *key == again {
            assert_eq!(commit(&rows, &[only(key.clone(), expect, Write::Delete)]), Commit::Applied);
            expect = Expect::Absent;
        }
        assert_eq!(commit(&rows, &[put(key.clone(), expect, "2", after(second))]), Commit::Applied);
    }
    clock.advance(10);
    rows.sweep();
    assert_eq!([&longer, &shorter, &again].map(|key| version(&rows, key).is_some()), [true, false, true]);
    assert_eq!(rows.len(), 2);
    clock.advance(89);
    rows.sweep();
    assert_eq!(rows.len(), 2);
    clock.advance(1);
    rows.sweep();
    assert_eq!(rows.len(), 0);
}

#[test]
fn under_traffic_no_record_stays_much_longer_than_it_lives() {
    const PER_SECOND: u32 = 100;
    const LIFE: u32 = 20;
    let (rows, clock) = rows();
    let mut most = 0;
    for number in 0..PER_SECOND * LIFE * 10 {
        let expires = clock.now().plus(std::time::Duration::from_secs(LIFE.into()));
        assert_eq!(commit(&rows, &[put(elsewhere(number), Expect::Absent, "x", Some(expires))]), Commit::Applied);
        if number % PER_SECOND == 0 {
            clock.advance(1);
        }
        most = most.max(rows.len());
    }
    // A second's worth waits until its shard is written to.
    let live = usize::try_from(PER_SECOND * LIFE).unwrap();
    assert!(most <= live + 2 * usize::try_from(PER_SECOND).unwrap(), "{most} records, {live} live");
}

#[test]
fn a_commit_forgets_a_little_and_a_sweep_everything() {
    let (rows, clock) = rows();
    let expires = Some(clock.now().plus(std::time::Duration::from_secs(1)));
    for number in 0..10_000 {
        assert_eq!(commit(&rows, &[put(neighbour(number), Expect::Absent, "x", expires)]), Commit::Applied);
    }
    clock.advance(1);
    for written in 1..=1000 {
        let before = rows.len();
        assert_eq!(commit(&rows, &[put(neighbour(20_000 + written), Expect::Absent, "x", None)]), Commit::Applied);
        let forgotten = before + 1 - rows.len();
        assert!((2..=8).contains(&forgotten), "one commit forgot {forgotten}");
    }
    rows.sweep();
    assert_eq!(rows.len(), 1000);
}

#[test]
fn of_conflicting_commits_exactly_one_applies() {
    const THREADS: u32 = 8;
    let (rows, _) = rows();
    let (contested, barrier) = (elsewhere(0), Barrier::new(THREADS as usize));
    assert_eq!(commit(&rows, &[put(contested.clone(), Expect::Absent, "0", None)]), Commit::Applied);
    for round in 0..200 {
        let read = version(&rows, &contested).unwrap();
        let applied = std::thread::scope(|scope| {
            let attempts: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (rows, contested, barrier) = (&rows, contested.clone(), &barrier);
                    scope.spawn(move || {
                        let own = elsewhere(1 + round * THREADS + thread);
                        let mut changes =
                            [put(contested, Expect::Version(read), "x", None), put(own, Expect::Absent, "x", None)];
                        // Half of them name their shards the other way round.
                        if thread % 2 == 0 {
                            changes.reverse();
                        }
                        barrier.wait();
                        commit(rows, &changes)
                    })
                })
                .collect();
            attempts.into_iter().map(|attempt| attempt.join().unwrap()).filter(|one| *one == Commit::Applied).count()
        });
        assert_eq!(applied, 1);
    }
    assert_eq!(rows.len(), 201, "a commit that met a conflict left something behind");
}

#[test]
fn of_many_tokens_of_a_grant_each_stands_for_itself() {
    let (rows, clock) = rows();
    let tokens: Vec<_> = (0..1000).map(|number| token(0, number)).collect();
    let expiry = |number: u64| Some(clock.now().plus(std::time::Duration::from_secs(10 + number)));
    let grant = put(neighbour(0), Expect::Absent, "grant", expiry(2000));
    assert_eq!(commit(&rows, &[grant]), Commit::Applied);
    for (token, number) in tokens.iter().zip(0..) {
        let change = put(token.clone(), Expect::Absent, &number.to_string(), expiry(number));
        assert_eq!(commit(&rows, std::slice::from_ref(&change)), Commit::Applied);
        assert_eq!(commit(&rows, &[change]), Commit::Conflict);
    }
    assert_eq!(rows.len(), 1001);
    for (token, number) in tokens.iter().zip(0..) {
        assert_eq!(text(&rows, token), Some(number.to_string()));
    }
    // Every third is written again, with its expiry, every third is removed.
    for (token, number) in tokens.iter().zip(0..) {
        let expect = Expect::Version(version(&rows, token).unwrap());
        match number % 3 {
            0 => assert_eq!(commit(&rows, &[put(token.clone(), expect, "again", expiry(number))]), Commit::Applied),
            1 => assert_eq!(commit(&rows, &[only(token.clone(), expect, Write::Delete)]), Commit::Applied),
            _ => {}
        }
    }
    assert_eq!(rows.len(), 1 + 667);
    clock.advance(10);
    for number in 0..1000 {
        rows.sweep();
        let left = (number + 1..1000).filter(|number| number % 3 != 1).count();
        assert_eq!(rows.len(), 1 + left, "after {number}");
        clock.advance(1);
    }
    clock.advance(1000);
    rows.sweep();
    assert_eq!(rows.len(), 0);
}

#[test]
fn tokens_outlive_a_grant_that_was_removed_but_not_their_expiry() {
    for tokens in [1, 4, 9] {
        let (rows, clock) = rows();
        let expires = Some(clock.now().plus(std::time::Duration::from_secs(10)));
        assert_eq!(commit(&rows, &[put(neighbour(0), Expect::Absent, "grant", None)]), Commit::Applied);
        for number in 0..tokens {
            assert_eq!(commit(&rows, &[put(token(0, number), Expect::Absent, "token", expires)]), Commit::Applied);
        }
        let read = version(&rows, &neighbour(0)).unwrap();
        assert_eq!(commit(&rows, &[only(neighbour(0), Expect::Version(read), Write::Delete)]), Commit::Applied);
        assert!((0..tokens).all(|number| version(&rows, &token(0, number)).is_some()));
        assert_eq!(rows.len(), tokens as usize);
        // A grant of that name starts anew, and never at a version that it had.
        assert_eq!(commit(&rows, &[put(neighbour(0), Expect::Absent, "grant", None)]), Commit::Applied);
        assert!(version(&rows, &neighbour(0)).unwrap() > read);
        clock.advance(10);
        assert!((0..tokens).all(|number| version(&rows, &token(0, number)).is_none()));
        rows.sweep();
        assert_eq!((rows.len(), text(&rows, &neighbour(0)).as_deref()), (1, Some("grant")));
    }
}

#[test]
fn what_refreshes_every_second_keeps_no_token_longer_than_it_lives() {
    const LIFE: u32 = 50;
    let (rows, clock) = rows();
    for number in 0..1000 {
        let after = |seconds: u32| Some(clock.now().plus(std::time::Duration::from_secs(seconds.into())));
        let expect = version(&rows, &neighbour(0)).map_or(Expect::Absent, Expect::Version);
        let changes = [
            put(neighbour(0), expect, "grant", after(10_000)),
            put(token(0, number), Expect::Absent, "token", after(LIFE)),
        ];
        assert_eq!(commit(&rows, &changes), Commit::Applied);
        clock.advance(1);
        assert!(rows.len() <= 2 + LIFE as usize, "{} records", rows.len());
    }
}

#[test]
fn any_order_of_writes_leaves_what_was_written() {
    let (rows, clock) = rows();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let seen = |number: u32| Key::Seen(Digest::of(&[&[0], number.to_be_bytes().as_slice()].concat()));
    let keys: Vec<_> = (0..60)
        .flat_map(|grant| (0..7).map(move |number| token(grant, number)).chain([neighbour(grant), seen(grant)]))
        .collect();
    let mut copy: HashMap<Key, (String, Option<Timestamp>)> = HashMap::new();
    for round in 0..20_000 {
        let key = &keys[dice.roll(keys.len())];
        let expect = version(&rows, key).map_or(Expect::Absent, Expect::Version);
        let now = clock.now();
        match dice.roll(12) {
            0..8 => {
                let expires = [None, Some(30), Some(1), Some(300)][dice.roll(4)];
                let expires = expires.map(|seconds| now.plus(std::time::Duration::from_secs(seconds)));
                let mut change = put(key.clone(), expect, &round.to_string(), expires);
                // A store keeps what it is given, also what is not what its key says.
                let strays = [seen(1), token(1, 1), neighbour(1)].map(|other| record(&other, &round.to_string()));
                if let Some(record) = strays.into_iter().nth(dice.roll(20)) {
                    change.write = Write::Put { record, expires };
                }
                assert_eq!(commit(&rows, &[change]), Commit::Applied);
                copy.insert(key.clone(), (round.to_string(), expires));
            }
            8 | 9 => {
                assert_eq!(commit(&rows, &[only(key.clone(), expect, Write::Delete)]), Commit::Applied);
                copy.remove(key);
            }
            10 => clock.advance(dice.roll(9) as u64),
            _ => rows.sweep(),
        }
        let now = clock.now();
        copy.retain(|_, (_, expires)| expires.is_none_or(|expires| now < expires));
        let key = &keys[dice.roll(keys.len())];
        assert_eq!(text(&rows, key), copy.get(key).map(|(text, _)| text.clone()), "{key:?} after {round}");
        assert!(rows.len() >= copy.len());
        if round % 100 == 0 {
            rows.sweep();
            assert_eq!(rows.len(), copy.len(), "after {round}");
            for key in &keys {
                assert_eq!(text(&rows, key), copy.get(key).map(|(text, _)| text.clone()), "{key:?} after {round}");
            }
        }
    }
}
