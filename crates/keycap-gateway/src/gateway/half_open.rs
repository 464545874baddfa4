//! Handshakes under way: so many in all, and so many of one origin.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::socket::Source;

/// The count of handshakes under way.
#[derive(Debug, Clone)]
pub(super) struct HalfOpen(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    most: usize,
    most_per_origin: usize,
    /// How many there are, and how many of each origin.
    now: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

impl HalfOpen {
    pub(super) fn new(most: usize, most_per_origin: usize) -> Self {
        Self(Arc::new(Counts { most, most_per_origin, now: Mutex::default() }))
    }

    /// A place for one more, until it is dropped; `None` if there are too many.
    pub(super) fn enter(&self, source: Source) -> Option<Place> {
        let origin = source.origin();
        let mut now = self.0.lock();
        let (all, by_origin) = &mut *now;
        let of_origin = origin.and_then(|origin| by_origin.get(&origin)).copied().unwrap_or_default();
        if *all >= self.0.most || of_origin >= self.0.most_per_origin {
            return None;
        }
        *all += 1;
        if let Some(origin) = origin {
            by_origin.insert(origin, of_origin + 1);
        }
        Some(Place { counts: Arc::clone(&self.0), origin })
    }
}

impl Counts {
    fn lock(&self) -> MutexGuard<'_, (usize, HashMap<IpAddr, usize>)> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handshake's place among those under way.
#[derive(Debug)]
pub(super) struct Place {
    counts: Arc<Counts>,
    origin: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut now = self.counts.lock();
        let (all, by_origin) = &mut *now;
        *all -= 1;
        if let Some(origin) = self.origin
            && let Some(left) = by_origin.get_mut(&origin)
        {
            *left -= 1;
            if *left == 0 {
                by_origin.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Source {
        Source::Ip(address.parse().unwrap())
    }

    #[test]
    fn one_origin_does_not_take_every_place() {
        let half_open = HalfOpen::new(3, 2);
        let first = half_open.enter(from("192.0.2.1:1")).unwrap();
        let _second = half_open.enter(from("192.0.2.1:2")).unwrap();
        assert!(half_open.enter(from("192.0.2.1:3")).is_none());
        let _other = half_open.enter(from("192.0.2.2:1")).unwrap();
        drop(first);
        assert!(half_open.enter(from("192.0.2.1:3")).is_some());
    }

    #[test]
    fn all_places_together_are_limited_and_come_back() {
        let half_open = HalfOpen::new(2, 2);
        let places = (half_open.enter(Source::Local { user: None }).unwrap(), half_open.enter(from("[2001:db8::1]:1")).unwrap());
        assert!(half_open.enter(from("192.0.2.1:1")).is_none());
        drop(places);
        assert!(half_open.enter(from("192.0.2.1:1")).is_some());
        assert_eq!(*half_open.0.lock(), (0, HashMap::new()));
    }

    #[test]
    fn addresses_of_one_network_are_one_origin() {
        let half_open = HalfOpen::new(9, 1);
        let _one = half_open.enter(from("[2001:db8::1]:1")).unwrap();
        assert!(half_open.enter(from("[2001:db8::2]:1")).is_none());
        assert!(half_open.enter(from("[2001:db8:0:1::1]:1")).is_some());
    }
}
