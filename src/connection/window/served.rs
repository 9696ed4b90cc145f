use std::sync::atomic::{AtomicU32, Ordering};

use super::{Requests, Ring, Slice, Window};

/// The requests of one connection, which it counts without a lock.
#[derive(Debug, Default)]
pub(crate) struct Served {
    requests: Ring,
    /// When the first one came, as [`Slice::number`]: a connection has no more than one, so that
    /// it takes no ring.
    first: AtomicU32,
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

    /// Those within the window that ends now.
    pub(crate) fn sums(&self, now: Slice) -> Requests {
        let first = Slice::new(self.first.load(Ordering::Relaxed));
        Requests {
            requests: self.requests.sum(now),
            fresh: u64::from(first.is_within(now)),
            excused: 0,
        }
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
        }
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
