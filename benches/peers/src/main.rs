//! The same OAuth work against several authorization-server libraries, in one
//! process and one thread, from `http::Request` to `http::Response`. See README.md.

mod grantor;
mod host;
mod oauth_as;
mod oxide;
mod stopwatch;
mod wire;

use std::hint::black_box;
use std::time::{Duration, Instant};

/// An authorization server with `population` live grants in its own memory store.
/// Each method builds its requests, has them answered under [`stopwatch::run`], and asserts success.
pub trait Peer: Sized {
    /// The crate's name, as in Cargo.lock.
    const NAME: &'static str;
    /// What it can do; a method for any other row is never called.
    const ROWS: &'static [Row];

    fn new(population: usize) -> Self;

    /// Authorization request with an S256 challenge, approval, redemption: public client.
    fn code_pkce(&mut self) {
        unreachable!()
    }

    /// Client credentials with HTTP Basic.
    fn client_credentials(&mut self) {
        unreachable!()
    }

    /// One refresh of one grant, with the newest refresh token of that grant.
    fn refresh(&mut self) {
        unreachable!()
    }

    /// Introspection of a live access token, with HTTP Basic.
    fn introspect(&mut self) {
        unreachable!()
    }

    /// The first poll of a device that waits for its person: public client.
    fn device_poll(&mut self) {
        unreachable!()
    }

    /// The poll of a device whose person said yes: public client.
    fn device_redemption(&mut self) {
        unreachable!()
    }

    /// Exchange of a live access token of the client itself, with HTTP Basic.
    fn exchange(&mut self) {
        unreachable!()
    }

    /// A pushed authorization request, and the authorization that brings its name: public client.
    fn push(&mut self) {
        unreachable!()
    }

    /// Registration of a confidential client by anyone.
    fn register(&mut self) {
        unreachable!()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Row {
    CodePkce,
    ClientCredentials,
    Refresh,
    Introspect,
    DevicePoll,
    DeviceRedemption,
    Exchange,
    Push,
    Register,
}

impl Row {
    pub const ALL: [Row; 9] = [
        Row::CodePkce,
        Row::ClientCredentials,
        Row::Refresh,
        Row::Introspect,
        Row::DevicePoll,
        Row::DeviceRedemption,
        Row::Exchange,
        Row::Push,
        Row::Register,
    ];

    fn title(self) -> &'static str {
        match self {
            Row::CodePkce => "code + PKCE: authorize, approve, redeem",
            Row::ClientCredentials => "client credentials, HTTP Basic",
            Row::Refresh => "refresh",
            Row::Introspect => "introspection, HTTP Basic",
            Row::DevicePoll => "poll of a device that waits",
            Row::DeviceRedemption => "device: the poll that redeems",
            Row::Exchange => "exchange of tokens, HTTP Basic",
            Row::Push => "pushed request, and its authorization",
            Row::Register => "registration",
        }
    }

    /// The SHA-256 compressions of grantor: a digest of at most 55 bytes is one.
    fn compressions(self) -> usize {
        match self {
            // Grant, code, its digest; then code, verifier, two tokens and their digests.
            Row::CodePkce => 3 + (1 + 1 + 2 * 2),
            // The secret, as the salt has a block of its own, which is hashed beforehand; grant, token and its digest.
            Row::ClientCredentials => 1 + 2 + 1,
            // The token shown, a salt, its successor and its digest, an access token and its digest.
            Row::Refresh => 1 + 1 + 2 + 2,
            // The secret and the token shown.
            Row::Introspect => 1 + 1,
            // The code shown.
            Row::DevicePoll => 1,
            // The same, two tokens and their digests.
            Row::DeviceRedemption => 1 + 2 * 2,
            // The secret and the token shown, an access token and its digest.
            Row::Exchange => 1 + 1 + 2,
            // The name and its digest; the name shown; grant, code and its digest.
            Row::Push => 2 + 1 + 3,
            // Identifier, token and its digest, secret, a salt, and the blocks of salt and secret.
            Row::Register => 1 + 2 + 1 + 1 + 2,
        }
    }
}

/// Everything measured, in the order of the table's columns. When `grantor` is
/// here the other columns get their ratio to it.
/// Populates them one after the other, from the last if `backwards`; the columns stay in their order.
fn contenders(population: usize, options: &Options, backwards: bool) -> Vec<Box<dyn Contender>> {
    let start = [
        Running::<grantor::Grantor>::start,
        Running::<grantor::GrantorAsIs>::start,
        Running::<oauth_as::OauthAs>::start,
        Running::<oxide::Oxide>::start,
    ];
    let mut contenders = start.map(|_| None);
    let mut places: Vec<_> = contenders.iter_mut().zip(start).collect();
    if backwards {
        places.reverse();
    }
    for (place, start) in places {
        *place = start(population, options);
    }
    contenders.into_iter().flatten().collect()
}

const BASELINE: &str = "grantor";

/// At or below this, a peer is made anew for every round, so that what the rounds
/// before it added does not swamp the population.
const SMALL: usize = 1_000;

/// A [`Peer`] of whichever type; the measured loop is compiled for each.
trait Contender {
    fn name(&self) -> &'static str;
    fn before_round(&mut self);
    fn time(&mut self, row: Row, operations: usize) -> Option<f64>;
}

struct Running<P> {
    peer: P,
    population: usize,
    fresh: bool,
}

impl<P: Peer + 'static> Running<P> {
    fn start(population: usize, options: &Options) -> Option<Box<dyn Contender>> {
        if options.peer.as_ref().is_some_and(|only| only != P::NAME) {
            return None;
        }
        let start = Instant::now();
        let peer = P::new(population);
        let took = start.elapsed();
        println!("{}: populated in {took:.1?}", P::NAME);
        Some(Box::new(Running { peer, population, fresh: true }))
    }
}

impl<P: Peer> Contender for Running<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn before_round(&mut self) {
        if self.population <= SMALL && !self.fresh {
            self.peer = P::new(self.population);
        }
        self.fresh = false;
    }

    /// Nanoseconds per operation, after a tenth as many unmeasured ones.
    fn time(&mut self, row: Row, operations: usize) -> Option<f64> {
        if !P::ROWS.contains(&row) {
            return None;
        }
        let peer = &mut self.peer;
        Some(match row {
            Row::CodePkce => per_operation(operations, || peer.code_pkce()),
            Row::ClientCredentials => per_operation(operations, || peer.client_credentials()),
            Row::Refresh => per_operation(operations, || peer.refresh()),
            Row::Introspect => per_operation(operations, || peer.introspect()),
            Row::DevicePoll => per_operation(operations, || peer.device_poll()),
            Row::DeviceRedemption => per_operation(operations, || peer.device_redemption()),
            Row::Exchange => per_operation(operations, || peer.exchange()),
            Row::Push => per_operation(operations, || peer.push()),
            Row::Register => per_operation(operations, || peer.register()),
        })
    }
}

/// Of each operation what its stopwatch saw.
fn per_operation(operations: usize, mut operation: impl FnMut()) -> f64 {
    for _ in 0..operations / 10 {
        operation();
    }
    stopwatch::reset();
    for _ in 0..operations {
        operation();
    }
    nanoseconds(stopwatch::read()) / operations as f64
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// The first quartile: what else the machine does only ever adds time.
fn quartile(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 4).copied()
}

/// Nanoseconds for so many SHA-256 compressions, none for 0.
fn floor(compressions: usize) -> Option<f64> {
    if compressions == 0 {
        return None;
    }
    let mut state = [0_u32; 8];
    let rounds = (0..15).map(|_| {
        let start = Instant::now();
        (0..10_000).for_each(|_| sha2::block_api::compress256(black_box(&mut state), &[[0; 64]]));
        nanoseconds(start.elapsed()) / 10_000.0
    });
    quartile(rounds.collect()).map(|each| each * compressions as f64)
}

struct Options {
    rounds: usize,
    operations: usize,
    populations: Vec<usize>,
    /// The only peer to measure.
    peer: Option<String>,
    /// The only row, by the first word of its title.
    row: Option<String>,
}

impl Options {
    fn rows(&self) -> impl Iterator<Item = Row> {
        let wanted = |row: &Row| self.row.as_ref().is_none_or(|only| row.title().starts_with(only.as_str()));
        Row::ALL.into_iter().filter(wanted)
    }
}

const USAGE: &str = "usage: grantor-peers [--quick] [--population N] [--peer NAME] [--row WORD]";

fn options() -> Options {
    let mut options =
        Options { rounds: 40, operations: 500, populations: vec![1, 100_000, 1_000_000], peer: None, row: None };
    let mut only = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => {
                options.rounds = 12;
                options.operations = 200;
                options.populations = vec![1, 100_000];
            }
            "--population" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                only = Some(vec![number.expect(USAGE)]);
            }
            "--peer" => options.peer = Some(arguments.next().expect(USAGE)),
            "--row" => options.row = Some(arguments.next().expect(USAGE)),
            _ => panic!("{USAGE}"),
        }
    }
    options.populations = only.unwrap_or(options.populations);
    options
}

fn main() {
    let options = options();
    println!("{} rounds of {} operations each, first quartile of rounds", options.rounds, options.operations);
    for &population in &options.populations {
        println!("\n## Population {population}\n");
        let mut samples = vec![Vec::new(); options.rows().count()];
        let mut names = Vec::new();
        // Who was populated first has other memory than who was last, which can make a difference of a tenth.
        for backwards in [false, true] {
            let mut contenders = contenders(population, &options, backwards);
            let guard = warm_heap();
            measure(&mut contenders, &options, &mut samples);
            drop(guard);
            names = contenders.iter().map(|one| one.name()).collect();
        }
        println!();
        print(&names, &options, samples);
    }
    println!(
        "\noxide-auth as shipped checks a client secret with Argon2: {:.1?}, not in the table",
        oxide::shipped_policy()
    );
}

/// Leaves the allocator 256 MiB that the kernel has mapped already, as a server has
/// that has run for a while; the page faults of a store that grows as it is measured
/// would otherwise be a third of some cells. The block returned lies beyond
/// that memory and keeps it from being given back.
fn warm_heap() -> Vec<u8> {
    let block = || vec![1; 1 << 16];
    let blocks: Vec<Vec<u8>> = (0..1 << 12).map(|_| block()).collect();
    black_box(&blocks);
    block()
}

/// Adds half of the rounds to the samples by row and contender. Every round goes through every
/// contender, each round starting with the next one, so that noise falls on all alike.
fn measure(contenders: &mut [Box<dyn Contender>], options: &Options, samples: &mut [Vec<Vec<f64>>]) {
    let count = contenders.len();
    samples.iter_mut().for_each(|row| row.resize(count, Vec::new()));
    for round in 0..options.rounds / 2 {
        for contender in contenders.iter_mut() {
            contender.before_round();
        }
        for (row, samples) in options.rows().zip(samples.iter_mut()) {
            for turn in 0..count {
                let at = (round + turn) % count;
                samples[at].extend(contenders[at].time(row, options.operations));
            }
        }
    }
}

fn print(names: &[&'static str], options: &Options, samples: Vec<Vec<Vec<f64>>>) {
    let baseline = names.iter().position(|&name| name == BASELINE);
    let mut table = vec![["ns per operation", "floor"].map(String::from).to_vec()];
    for &name in names {
        table[0].push(format!("{name} {}", version(name)));
        if baseline.is_some() && name != BASELINE {
            table[0].push(format!("/ {BASELINE}"));
        }
    }
    for (row, samples) in options.rows().zip(samples) {
        let times: Vec<_> = samples.into_iter().map(quartile).collect();
        let mut line = vec![row.title().to_owned(), cell(floor(row.compressions()), 0)];
        for (at, &own) in times.iter().enumerate() {
            line.push(cell(own, 0));
            if let Some(baseline) = baseline.filter(|&baseline| baseline != at) {
                let ratio = own.zip(times[baseline]).map(|(own, base)| own / base);
                line.push(cell(ratio, 2));
            }
        }
        table.push(line);
    }

    let columns = table[0].len();
    let width = |column: usize| table.iter().map(|line| line[column].len()).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    for (number, line) in table.iter().enumerate() {
        print!("| {:<1$} |", line[0], widths[0]);
        for (value, width) in line.iter().zip(&widths).skip(1) {
            print!(" {value:>width$} |");
        }
        println!();
        if number == 0 {
            print!("|{:-<1$}|", "", widths[0] + 2);
            for width in widths.iter().skip(1) {
                print!("{:->1$}|", ":", width + 2);
            }
            println!();
        }
    }
}

fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| String::from("-"), |value| format!("{value:.decimals$}"))
}

/// The version of a dependency this was built with.
fn version(name: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let name = name.split(',').next().unwrap_or(name);
    let entry = format!("name = \"{name}\"\nversion = \"");
    let rest = lock.split_once(&entry).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default()
}
