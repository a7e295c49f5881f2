//! Requests at once, in every order of their steps: a table of who meets whom, what must hold however it goes, and
//! which expectations of a commit see to it.

mod code;
mod consent;
mod deletion;
mod device;
#[cfg(feature = "jose")]
mod dpop;
mod exchange;
mod extension;
#[cfg(feature = "jose")]
mod jwt;
mod pushed;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use grantor::ConfigBuilder;
use grantor::record::{Client, GrantId};
use grantor::server::{Approval, EndGrant, EndedBy, Prompt, Session};

use crate::call::Call;
use crate::schedule::{Explored, Player, Scene, bytes_of};
use crate::support::*;
use crate::table::{Overlooked, Shelf, Table};

/// A world whose spent refresh tokens may ask again for `window` seconds.
pub(crate) fn crowd(window: u64) -> World<Shelf> {
    let retry = |config: ConfigBuilder| config.lifetimes(|own| own.refresh_retry = Duration::from_secs(window));
    crowd_of(Vec::new(), retry)
}

/// The usual clients, of which some are others.
pub(crate) fn crowd_of(others: Vec<Client>, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> World<Shelf> {
    let mut table = Table::default();
    clients().into_iter().chain(others).for_each(|client| table.put_client(client));
    world_over(Shelf::new(table), Hands::default(), change)
}

/// Some requests at once.
struct Row {
    name: &'static str,
    scene: Scene,
    /// What is wrong with the end of a schedule.
    judge: Box<dyn Fn(&Scene) -> Vec<String>>,
    /// How many schedules there are at least.
    floor: usize,
    /// What a store must not overlook, and what is found if it does.
    needs: Vec<(Vec<Overlooked>, &'static str)>,
}

impl Row {
    fn new(name: &'static str, scene: Scene, judge: impl Fn(&Scene) -> Vec<String> + 'static) -> Self {
        // Each loads and commits at least.
        let floor = match scene.players.len() {
            0..=2 => 6,
            _ => 90,
        };
        Self { name, scene, judge: Box::new(judge), floor, needs: Vec::new() }
    }

    /// Someone has less to do than to load and commit.
    fn at_least(mut self, schedules: usize) -> Self {
        self.floor = schedules;
        self
    }

    fn needs(mut self, overlooked: &[Overlooked], found: &'static str) -> Self {
        self.needs.push((overlooked.to_vec(), found));
        self
    }
}

/// Every schedule is sound, and not over a store that overlooks what the row needs.
fn prove(rows: Vec<Row>) {
    for Row { name, scene, judge, floor, needs } in rows {
        let explored = scene.explore(&judge);
        println!("{name}: {} schedules", explored.schedules);
        assert!(explored.schedules >= floor, "{name}: only {} schedules", explored.schedules);
        assert_eq!(explored.broken, Vec::<String>::new(), "{name}, of {} schedules", explored.schedules);
        for (overlooked, expected) in needs {
            let broken = scene.clone().overlooking(&overlooked).explore(&judge).broken;
            let found = broken.iter().any(|what| what.contains(expected));
            assert!(found, "{name} without {overlooked:?}: {expected:?} not among {broken:?}");
        }
    }
}

fn claim(holds: bool, what: &str) -> Vec<String> {
    if holds { Vec::new() } else { vec![what.to_owned()] }
}

fn assert_sound(explored: &Explored, floor: usize) {
    println!("{} schedules", explored.schedules);
    assert!(explored.schedules >= floor, "only {} schedules", explored.schedules);
    assert_eq!(explored.broken, Vec::<String>::new(), "of {} schedules", explored.schedules);
}

fn assert_unsound(explored: &Explored, expected: &str) {
    let found = explored.broken.iter().filter(|what| what.contains(expected)).count();
    println!("{found} of {} schedules: {expected}", explored.schedules);
    assert!(found > 0, "{expected:?} not among {:?}", explored.broken);
}

fn text(tokens: &serde_json::Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

/// The person of `session` says yes to `prompt`.
fn approving_as(seed: u8, world: &World<Shelf>, prompt: Prompt, session: Session) -> Player {
    let approval = Approval::new(Arc::clone(world.server.config()), prompt, session);
    Player::asking(seed, Call::Approval(Box::new(approval))).named("approve")
}

/// An operator ends the grant of `handle`.
fn ending(seed: u8, world: &World<Shelf>, handle: &str) -> Player {
    let id: [u8; 16] = bytes_of(handle)[..16].try_into().unwrap();
    let end = EndGrant::new(Arc::clone(world.server.config()), GrantId::new(id), EndedBy::Operator);
    Player::asking(seed, Call::EndGrant(end)).named("end")
}
