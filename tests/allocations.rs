//! What a request and a live grant cost in memory: no more than they do today.

#[path = "../benches/world/mod.rs"]
mod world;

use allocation_counter::measure;
use world::{Row, World};

/// Heap allocations from the bytes of a row's requests to the bytes of its answers.
const LIMITS: [(Row, u64); 9] = [
    (Row::Code, 43),
    (Row::ClientCredentials, 19),
    (Row::Refresh, 18),
    (Row::Introspection, 11),
    (Row::DevicePoll, 16),
    (Row::DeviceRedemption, 18),
    (Row::Exchange, 25),
    (Row::Push, 56),
    (Row::Registration, 53),
];

/// Bytes of a live grant with its redeemed code, its refresh token and one access token; some 640, by how full the
/// tables happen to be.
const GRANT: u64 = 680;

const GRANTS: usize = 100_000;

#[test]
fn requests_allocate_no_more_than_they_did_however_many_grants_there_are() {
    for grants in [1, GRANTS] {
        let mut world = World::new(grants);
        for (row, limit) in LIMITS {
            let least = (0..400).map(|_| allocations(&mut world, row)).min();
            assert!(least <= Some(limit), "{row:?} with {grants} grants: {least:?}, not {limit}");
        }
    }
}

#[test]
fn a_live_grant_takes_no_more_memory_than_it_did() {
    let taken = |grants| {
        let mut world = None;
        let counted = measure(|| world = Some(World::new(grants)));
        let tokens: usize = world.iter().flat_map(|world| &world.tokens).map(world::Tokens::bytes).sum();
        u64::try_from(counted.bytes_current).unwrap_or_default() - tokens as u64
    };
    let each = (taken(GRANTS) - taken(1)) / GRANTS as u64;
    assert!(each <= GRANT, "{each} bytes for each grant");
}

/// Of the server alone: what the client's side of the row allocates is left out.
fn allocations(world: &mut World, row: Row) -> u64 {
    let mut count = 0;
    world.observe(row, |answer| count += measure(answer).count_total);
    count
}
