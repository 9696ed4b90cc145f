use std::ops::AddAssign;

/// Requests, and how many of them needed a connection of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Requests {
    pub(crate) requests: u64,
    /// Those that came first on their connection.
    pub(crate) fresh: u64,
    /// Those of the fresh ones whose connection rising concurrency needed.
    pub(crate) excused: u64,
}

// === impl Requests ===

impl Requests {
    /// The share that came on a reused connection; `None` without requests.
    pub(crate) fn reuse(self) -> Option<f64> {
        share(self.reused(), self.requests)
    }

    /// The share of those that could have come on a reused connection; `None` where none could.
    pub(crate) fn reuse_excused(self) -> Option<f64> {
        share(self.reused(), self.requests.saturating_sub(self.excused))
    }

    /// What a part of a whole would be of all of it.
    pub(crate) fn times(self, whole: usize, part: usize) -> Requests {
        let (whole, part) = (whole as u64, part.max(1) as u64);
        let of_all = |count: u64| count.saturating_mul(whole) / part;
        let Requests { requests, fresh, excused } = self;
        Requests { requests: of_all(requests), fresh: of_all(fresh), excused: of_all(excused) }
    }

    /// Two counts that are read one after the other may not fit by a few.
    const fn reused(self) -> u64 {
        self.requests.saturating_sub(self.fresh)
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Requests) {
        let Requests { requests, fresh, excused } = other;
        self.requests = self.requests.saturating_add(requests);
        self.fresh = self.fresh.saturating_add(fresh);
        self.excused = self.excused.saturating_add(excused);
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse_is_the_share_of_what_could_be_reused() {
        for (requests, fresh, excused, reuse, reuse_excused) in [
            (0, 0, 0, None, None),
            (1, 1, 0, Some(0.0), Some(0.0)),
            (1, 1, 1, Some(0.0), None),
            (100, 50, 0, Some(0.5), Some(0.5)),
            (100, 50, 50, Some(0.5), Some(1.0)),
            (100, 60, 20, Some(0.4), Some(0.5)),
            (4, 0, 0, Some(1.0), Some(1.0)),
            // Read while others counted.
            (1, 2, 0, Some(0.0), Some(0.0)),
            (2, 0, 1, Some(1.0), Some(1.0)),
        ] {
            let requests = Requests { requests, fresh, excused };
            assert_eq!(requests.reuse(), reuse, "{requests:?}");
            assert_eq!(requests.reuse_excused(), reuse_excused, "{requests:?}");
        }
    }
}
