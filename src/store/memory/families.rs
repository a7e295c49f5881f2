//! Families by name.

use std::mem;
use std::num::NonZeroU32;

use super::family::Family;
use crate::record::GrantId;

/// A table with open addressing: a family is named in the place that its own name leads to, or behind it before the next
/// free one.
///
/// Of a hundred thousand grants nothing is in a cache, so what counts is in how many places of memory one looks: here it is
/// a small one in the table, and the family. A `HashMap` has its marks apart, and moves families when it grows.
#[derive(Debug)]
pub(super) struct Families {
    /// As many as a power of two, and at most two thirds of them taken.
    places: Vec<Place>,
    taken: usize,
    /// The families, and room for more.
    rooms: Vec<Box<[Option<Family>]>>,
    /// The rooms that nobody is in.
    vacant: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    lead: u32,
    /// One more than the number of the room of a family; absent if the place is free.
    room: Option<NonZeroU32>,
}

/// How many rooms are made at once; a power of two.
const ROOMS: u32 = 16;

#[expect(clippy::indexing_slicing, reason = "places are masked by their number, and rooms are those that were made")]
impl Families {
    pub(super) fn get(&self, name: GrantId) -> Option<&Family> {
        let room = self.places[self.seek(name).ok()?].room?;
        self.room(room.get() - 1).as_ref()
    }

    pub(super) fn get_mut(&mut self, name: GrantId) -> Option<&mut Family> {
        let room = self.places[self.seek(name).ok()?].room?;
        self.room_mut(room.get() - 1).as_mut()
    }

    pub(super) fn get_or_add(&mut self, name: GrantId) -> &mut Family {
        let room = match self.seek(name) {
            Ok(place) => self.places[place].room.map_or(0, |room| room.get() - 1),
            Err(free) => self.take(name, free),
        };
        self.room_mut(room).get_or_insert_with(|| Family::new(name))
    }

    pub(super) fn remove(&mut self, name: GrantId) {
        let Ok(mut free) = self.seek(name) else { return };
        if let Some(room) = mem::take(&mut self.places[free]).room {
            *self.room_mut(room.get() - 1) = None;
            self.vacant.push(room.get() - 1);
            self.taken -= 1;
        }
        let mut place = self.behind(free);
        // What could not be found past the free place moves into it.
        while self.places[place].room.is_some() {
            let distance = |from: usize| place.wrapping_sub(from) & (self.places.len() - 1);
            if distance(free) <= distance(self.places[place].lead as usize) {
                self.places.swap(free, place);
                free = place;
            }
            place = self.behind(place);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Family> {
        self.rooms.iter().flatten().flatten()
    }

    /// The place of a family, or the free one where it belongs.
    fn seek(&self, name: GrantId) -> Result<usize, usize> {
        let lead = lead(name);
        let mut at = lead as usize & (self.places.len() - 1);
        loop {
            let place = self.places[at];
            match place.room {
                None => return Err(at),
                Some(room)
                    if place.lead == lead && self.room(room.get() - 1).as_ref().is_some_and(|own| own.name == name) =>
                {
                    return Ok(at);
                }
                Some(_) => at = self.behind(at),
            }
        }
    }

    const fn behind(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }

    fn room(&self, room: u32) -> &Option<Family> {
        &self.rooms[(room / ROOMS) as usize][(room % ROOMS) as usize]
    }

    fn room_mut(&mut self, room: u32) -> &mut Option<Family> {
        &mut self.rooms[(room / ROOMS) as usize][(room % ROOMS) as usize]
    }

    /// Names a room for a family, in the free place where it belongs.
    fn take(&mut self, name: GrantId, mut free: usize) -> u32 {
        self.taken += 1;
        if self.taken * 3 > self.places.len() * 2 {
            self.grow();
            free = self.seek(name).unwrap_or_else(|free| free);
        }
        let room = self.vacant.pop().unwrap_or_else(|| self.build());
        self.places[free] = Place { lead: lead(name), room: NonZeroU32::new(room + 1) };
        room
    }

    /// Makes rooms, and takes the first.
    fn build(&mut self) -> u32 {
        let first = self.rooms.len() as u32 * ROOMS;
        self.rooms.push((0..ROOMS).map(|_| None).collect());
        self.vacant.extend((first + 1..first + ROOMS).rev());
        first
    }

    fn grow(&mut self) {
        let more = vec![Place::default(); self.places.len() * 2];
        for old in mem::replace(&mut self.places, more) {
            if old.room.is_some() {
                let mut place = old.lead as usize & (self.places.len() - 1);
                while self.places[place].room.is_some() {
                    place = self.behind(place);
                }
                self.places[place] = old;
            }
        }
    }
}

impl Default for Families {
    fn default() -> Self {
        Self { places: vec![Place::default(); 8], taken: 0, rooms: Vec::new(), vacant: Vec::new() }
    }
}

/// Some of all bits of a name. Nobody can choose the names that are kept, so this needs no secret.
const fn lead(name: GrantId) -> u32 {
    let name = u128::from_ne_bytes(*name.as_bytes());
    let mixed = (name as u64 ^ (name >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}
