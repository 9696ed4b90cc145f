//! What connections share: nothing is lost between threads, and nothing is allocated.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

use allocation_counter::measure;
use http::Method;

use super::{Ring, RouteCache, RouteWindows, Served, Slice, path_hash};
use crate::lint::Label;

const ADDS: u32 = 200_000;

/// Moves on through one window as the adds go by.
fn slice(add: u32) -> Slice {
    Slice::new(1 + add * 6 / ADDS)
}

const LAST: Slice = Slice::new(7);

#[test]
fn two_threads_lose_no_add_to_a_ring() {
    let (ring, start) = (Ring::default(), Barrier::new(2));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                (0..ADDS).for_each(|add| ring.add(slice(add)));
            });
        }
    });
    assert_eq!(ring.sum(LAST), u64::from(2 * ADDS));
}

#[test]
fn two_threads_that_begin_a_slice_both_count() {
    let (rings, start) = (Vec::from_iter((0..ADDS).map(|_| Ring::default())), Barrier::new(2));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                rings.iter().for_each(|ring| ring.add(LAST));
            });
        }
    });
    assert!(rings.iter().all(|ring| ring.sum(LAST) == 2), "one took the place of the other");
}

#[test]
fn a_drain_between_adds_loses_none() {
    let ring = Ring::default();
    let mut drained = 0;
    thread::scope(|scope| {
        let adds = scope.spawn(|| (0..ADDS).for_each(|add| ring.add(slice(add))));
        while !adds.is_finished() {
            ring.drain(|_, count| drained += u64::from(count));
        }
    });
    assert_eq!(drained + ring.sum(LAST), u64::from(ADDS));
}

#[test]
fn two_threads_lose_no_request_though_routes_change_places() {
    let (routes, start) = (RouteWindows::new(), Barrier::new(2));
    // More than there are places.
    let labels: Vec<Label> =
        (0..400).map(|number| Label::new(&format!("/window/shared/{number}"))).collect();
    thread::scope(|scope| {
        for thread in 0..2 {
            let (routes, labels, start) = (&routes, &labels, &start);
            scope.spawn(move || {
                start.wait();
                let mut slot = routes.slot(labels[0], slice(0));
                for add in 0..ADDS {
                    if add % 4 == 0 {
                        let label = labels[(add as usize / 4 * 7 + thread) % labels.len()];
                        slot = routes.slot(label, slice(add));
                    }
                    let (now, fresh, excused) = (slice(add), add % 2 == 0, add % 4 == 0);
                    while !routes.count(slot, u64::from(add), now, fresh, excused) {
                        slot = routes.slot(labels[thread], now);
                    }
                }
            });
        }
    });
    let sums = routes.sums(LAST);
    assert!(sums.len() <= RouteWindows::BOUND, "the table is bounded");
    let sum = |of: fn(&super::Requests) -> u64| sums.iter().map(|(_, sums)| of(sums)).sum::<u64>();
    assert_eq!(sum(|sums| sums.requests), u64::from(2 * ADDS));
    assert_eq!(sum(|sums| sums.fresh), u64::from(ADDS));
    assert_eq!(sum(|sums| sums.excused), u64::from(ADDS / 2));
}

#[test]
fn counting_allocates_nothing() {
    let (served, cache, routes) = (Served::default(), RouteCache::default(), RouteWindows::new());
    let slot = routes.slot(Label::new("/window/shared/0"), Slice::new(1));
    cache.keep(path_hash(0, Some(&Method::GET), "/users/42"), slot);
    let allocations = measure(|| {
        for number in 0..100 {
            let now = Slice::new(1 + number / 10);
            served.add(now, number == 0);
            let slot = cache.find(path_hash(0, Some(&Method::GET), "/users/42"));
            let slot = slot.expect("it was kept");
            assert!(routes.count(slot, 3, now, number % 2 == 0, true));
            black_box(served.sums(now));
        }
    });
    assert_eq!(allocations.count_total, 0, "{allocations:?}");
}
