use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{Requests, Ring, Slice, Window};

/// The requests of one connection, which it counts without a lock.
#[derive(Debug, Default)]
pub(crate) struct Served {
    requests: Ring,
    /// When the first one came, as [`Slice::number`]: a connection has no more than one, so that
    /// it takes no ring.
    first: AtomicU32,
    /// Rising concurrency needed the connection.
    excused: AtomicBool,
}

// === impl Served ===

impl Served {
    /// Counts a request; `fresh` is the one that comes first on the connection.
    pub(crate) fn add(&self, slice: Slice, fresh: bool) {
        self.requests.add(slice);
        if fresh {
            self.first.store(slice.number(), Ordering::Relaxed);
        }
    }

    /// Rising concurrency needed the connection, so that its first request is not held against
    /// anyone: it is excused in the slice in which it comes, and not in that of the dial.
    pub(crate) fn excuse(&self) {
        self.excused.store(true, Ordering::Relaxed);
    }

    /// Those within the window that ends now.
    pub(crate) fn sums(&self, now: Slice) -> Requests {
        let first = Slice::new(self.first.load(Ordering::Relaxed));
        let fresh = u64::from(first.is_within(now));
        let excused = u64::from(self.is_excused()) * fresh;
        Requests { requests: self.requests.sum(now), fresh, excused }
    }

    /// Hands them over, each to its own slice, as at the connection's end.
    pub(crate) fn drain_into(&self, window: &mut Window) {
        self.requests.drain(|slice, count| {
            if let Some(sums) = window.past(slice) {
                sums.requests += u64::from(count);
            }
        });
        let first = Slice::new(self.first.swap(Slice::NEVER.number(), Ordering::Relaxed));
        if let Some(sums) = window.past(first) {
            sums.fresh += 1;
            sums.excused += u64::from(self.is_excused());
        }
    }

    fn is_excused(&self) -> bool {
        self.excused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_hands_its_requests_over_once_and_to_their_slices() {
        let served = Served::default();
        served.add(Slice::new(1), true);
        served.add(Slice::new(1), false);
        served.add(Slice::new(3), false);
        let all = Requests { requests: 3, fresh: 1, excused: 0 };
        assert_eq!(served.sums(Slice::new(3)), all);

        let mut window = Window::default();
        for _ in 0..2 {
            served.drain_into(&mut window);
            assert_eq!(served.sums(Slice::new(3)), Requests::default(), "it has none left");
            assert_eq!(window.sums(Slice::new(3)).of_requests(), all);
        }
        let last = Requests { requests: 1, fresh: 0, excused: 0 };
        assert_eq!(window.sums(Slice::new(8)).of_requests(), last, "the first slice has left");
    }

    #[test]
    fn an_excuse_counts_where_and_while_the_first_request_does() {
        let served = Served::default();
        served.excuse();
        assert_eq!(served.sums(Slice::new(1)), Requests::default(), "no request came");
        served.add(Slice::new(3), true);
        served.add(Slice::new(9), false);
        let excused = Requests { requests: 2, fresh: 1, excused: 1 };
        assert_eq!(served.sums(Slice::new(9)), excused);
        let last = Requests { requests: 1, fresh: 0, excused: 0 };
        assert_eq!(served.sums(Slice::new(10)), last, "both leave together");

        let mut window = Window::default();
        served.drain_into(&mut window);
        assert_eq!(window.sums(Slice::new(9)).of_requests(), excused);
        assert_eq!(window.sums(Slice::new(10)).of_requests(), last);
    }

    #[test]
    fn what_a_long_connection_counted_long_ago_is_not_handed_over() {
        let served = Served::default();
        served.add(Slice::new(2), true);
        let mut window = Window::default();
        window.at(Slice::new(9)).requests = 1;
        served.drain_into(&mut window);
        let one = Requests { requests: 1, fresh: 0, excused: 0 };
        assert_eq!(window.sums(Slice::new(9)).of_requests(), one);
    }

    #[test]
    fn a_connections_requests_take_sixty_four_bytes() {
        assert_eq!(size_of::<Served>(), 64);
    }
}
