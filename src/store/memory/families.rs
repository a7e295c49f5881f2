//! Families by name.

use std::collections::HashMap;

use super::family::Family;
use super::spread::Spread;
use crate::record::GrantId;

/// What each grant has, in memory of its own, so that a table that grows moves little.
#[derive(Debug, Default)]
pub(super) struct Families(HashMap<GrantId, Box<Family>, Spread>);

impl Families {
    pub(super) fn get(&self, name: GrantId) -> Option<&Family> {
        self.0.get(&name).map(|family| &**family)
    }

    pub(super) fn get_mut(&mut self, name: GrantId) -> Option<&mut Family> {
        self.0.get_mut(&name).map(|family| &mut **family)
    }

    pub(super) fn get_or_add(&mut self, name: GrantId) -> &mut Family {
        self.0.entry(name).or_insert_with(|| Box::new(Family::new()))
    }

    pub(super) fn remove(&mut self, name: GrantId) {
        self.0.remove(&name);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Family> {
        self.0.values().map(|family| &**family)
    }
}
