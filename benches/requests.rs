//! The time of a request, from its bytes to the bytes of its answer, with so many live grants in memory.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

mod world;

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use world::{Row, World};

const POPULATIONS: [usize; 3] = [1, 100_000, 1_000_000];

fn requests(criterion: &mut Criterion) {
    for grants in POPULATIONS {
        let mut world = World::new(grants);
        for row in Row::ALL {
            let mut group = criterion.benchmark_group(row.name());
            group.sample_size(10).sampling_mode(SamplingMode::Flat);
            group.bench_function(BenchmarkId::from_parameter(grants), |bencher| {
                bencher.iter_custom(|times| {
                    // What is measured adds grants, which only a small population would notice.
                    if grants == 1 {
                        world = World::new(grants);
                    }
                    (0..times).map(|_| answered(&mut world, row)).sum()
                });
            });
        }
    }
}

/// The server's part of a row; reading the clock around it adds some 20 ns to each of its requests.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn answered(world: &mut World, row: Row) -> Duration {
    let mut time = Duration::ZERO;
    world.observe(row, |answer| {
        let start = Instant::now();
        answer();
        time += start.elapsed();
    });
    time
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500));
    targets = requests
}
criterion_main!(benches);
