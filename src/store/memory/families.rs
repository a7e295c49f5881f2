//! The families of a shard, by the names of their grants.

use super::family::Family;
use crate::record::GrantId;

/// A hash table with linear probing, whose size is a power of two. It is small, so that it is rather in a cache than the
/// families, and a lookup reads a mark and the pointer at the same place without waiting for either; a mark that fits leads to
/// the family. A table that grows moves no family, and asks none for its name.
///
/// Names are random: nobody can choose places that get in each other's way.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// A part of each name, from which its place follows; without meaning where there is no family.
    marks: Vec<u32>,
    families: Vec<Option<Box<Family>>>,
    taken: usize,
}

/// All of a name, since its shard was chosen by a part of it.
fn mark(name: GrantId) -> u32 {
    let (parts, _) = name.as_bytes().as_chunks();
    parts.iter().fold(0, |mark, part| mark ^ u32::from_le_bytes(*part))
}

#[expect(clippy::indexing_slicing, reason = "places are below the size, which both vectors have")]
impl Families {
    pub(super) fn get(&self, name: GrantId) -> Option<&Family> {
        self.families[self.find(name)?].as_deref()
    }

    pub(super) fn get_mut(&mut self, name: GrantId) -> Option<&mut Family> {
        let place = self.find(name)?;
        self.families[place].as_deref_mut()
    }

    /// The family of this name, which is empty if there was none.
    pub(super) fn get_or_add(&mut self, name: GrantId) -> &mut Family {
        let place = self.find(name).unwrap_or_else(|| {
            self.make_room();
            self.add(mark(name), None)
        });
        self.families[place].get_or_insert_with(|| Box::new(Family::new(name)))
    }

    pub(super) fn remove(&mut self, name: GrantId) {
        let Some(mut hole) = self.find(name) else { return };
        self.families[hole] = None;
        self.taken -= 1;
        // What stands further from its place than the hole does moves into it, so that no search ends too early.
        let mut place = self.after(hole);
        while self.families[place].is_some() {
            if self.distance(self.home(self.marks[place]), place) >= self.distance(hole, place) {
                self.families.swap(hole, place);
                self.marks.swap(hole, place);
                hole = place;
            }
            place = self.after(place);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Family> {
        self.families.iter().flatten().map(|family| &**family)
    }

    fn find(&self, name: GrantId) -> Option<usize> {
        let mark = mark(name);
        let mut place = if self.marks.is_empty() { return None } else { self.home(mark) };
        // A fifth of the places is free, so that this ends.
        while let Some(family) = &self.families[place] {
            if self.marks[place] == mark && family.name == name {
                return Some(place);
            }
            place = self.after(place);
        }
        None
    }

    /// Takes the first free place for a mark.
    fn add(&mut self, mark: u32, family: Option<Box<Family>>) -> usize {
        let mut place = self.home(mark);
        while self.families[place].is_some() {
            place = self.after(place);
        }
        self.marks[place] = mark;
        self.families[place] = family;
        self.taken += 1;
        place
    }

    /// Grows unless a fifth is still free with one family more.
    fn make_room(&mut self) {
        if (self.taken + 1) * 5 <= self.marks.len() * 4 {
            return;
        }
        let size = (self.marks.len() * 2).max(4);
        let marks = std::mem::replace(&mut self.marks, vec![0; size]);
        let families = std::mem::take(&mut self.families);
        self.families.resize_with(size, || None);
        self.taken = 0;
        for (mark, family) in marks.into_iter().zip(families).filter(|(_, family)| family.is_some()) {
            self.add(mark, family);
        }
    }

    fn home(&self, mark: u32) -> usize {
        mark as usize & (self.marks.len() - 1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.marks.len() - 1)
    }

    /// How many steps it is from one place to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.marks.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Names of seven marks around the end of the table, so that many collide.
    fn name(number: u32) -> GrantId {
        let mut name = [0; 16];
        name[..4].copy_from_slice(&(number % 7).wrapping_sub(3).to_le_bytes());
        // The same in two parts, so that the mark does not change.
        name[4..8].copy_from_slice(&number.to_le_bytes());
        name[8..12].copy_from_slice(&number.to_le_bytes());
        GrantId::new(name)
    }

    #[test]
    fn it_has_what_was_added_and_not_removed() {
        for names in [3, 30, 300] {
            let (mut families, mut copy) = (Families::default(), HashSet::new());
            let mut dice = 1_u32;
            for round in 0..20_000 {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let name = name((dice >> 8) % names);
                if dice >> 30 == 0 {
                    families.remove(name);
                    copy.remove(&name);
                } else if dice >> 31 == 1 || round < 100 {
                    assert_eq!(families.get_or_add(name).name, name);
                    copy.insert(name);
                }
                assert_eq!(families.get(name).map(|family| family.name), copy.get(&name).copied(), "{round}");
                assert_eq!(families.get_mut(name).is_some(), copy.contains(&name));
                assert_eq!(families.taken, copy.len());
                if round % 50 == 0 {
                    assert!(
                        (0..names)
                            .all(|one| families.get(self::name(one)).is_some() == copy.contains(&self::name(one)))
                    );
                    assert_eq!(families.iter().map(|family| family.name).collect::<HashSet<_>>(), copy);
                    assert!(families.taken * 5 <= families.marks.len() * 4);
                }
            }
        }
    }
}
