//! Performs requests of one row under an instruction counter; `benches/instructions` runs it.

mod world;

use world::{Row, World};

const REQUESTS: usize = 1000;

fn main() {
    // Whatever `cargo bench` adds to the arguments is no row.
    let named = |row: &Row| std::env::args().any(|argument| argument == row.name());
    let Some(row) = Row::ALL.into_iter().find(named) else { return };
    let mut world = World::new(REQUESTS);
    measured(&mut world, row);
}

/// The counter counts while this runs.
#[inline(never)]
fn measured(world: &mut World, row: Row) {
    for _ in 0..REQUESTS {
        world.perform(row);
    }
}
