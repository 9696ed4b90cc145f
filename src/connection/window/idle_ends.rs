use std::ops::AddAssign;
use std::time::Duration;

/// How long connections had been idle that the peer closed: where it is its timeout, they all
/// were about as long, and it comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdleEnds {
    times: u32,
    /// In how many slices of the window.
    slices: u32,
    shortest: Duration,
    longest: Duration,
}

// === impl IdleEnds ===

impl IdleEnds {
    /// What is shorter is no timeout in use, but an end after each response.
    const SHORTEST: Duration = Duration::from_secs(1);

    /// How often it has to happen, and in how many slices: a restart closes all at once.
    const TIMES: u32 = 3;
    const SLICES: u32 = 2;

    /// Counts one within a slice.
    pub(super) fn add(&mut self, idle: Duration) {
        if idle >= IdleEnds::SHORTEST {
            *self += IdleEnds { times: 1, slices: 1, shortest: idle, longest: idle };
            self.slices = 1;
        }
    }

    /// The peer's timeout, if this is one: the shortest seen.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        let IdleEnds { times, slices, shortest, longest } = *self;
        // A timer of seconds, and a busy machine.
        let slack = (shortest / 5).saturating_add(Duration::from_secs(1));
        let alike = longest <= shortest.saturating_add(slack);
        (times >= IdleEnds::TIMES && slices >= IdleEnds::SLICES && alike).then_some(shortest)
    }
}

impl AddAssign for IdleEnds {
    fn add_assign(&mut self, other: IdleEnds) {
        let IdleEnds { times, slices, shortest, longest } = other;
        self.shortest = match self.times {
            0 => shortest,
            _ if times == 0 => self.shortest,
            _ => self.shortest.min(shortest),
        };
        self.longest = self.longest.max(longest);
        self.times = self.times.saturating_add(times);
        self.slices = self.slices.saturating_add(slices);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends of each slice, by their idle time in seconds.
    fn timeout(slices: &[&[f64]]) -> Option<f64> {
        let mut all = IdleEnds::default();
        for slice in slices {
            let mut ends = IdleEnds::default();
            slice.iter().for_each(|idle| ends.add(Duration::from_secs_f64(*idle)));
            all += ends;
        }
        all.timeout().map(|timeout| timeout.as_secs_f64())
    }

    #[test]
    fn a_timeout_comes_again_and_is_as_long_each_time() {
        for (slices, expected) in [
            (&[&[5.0, 5.1][..], &[5.0]][..], Some(5.0)),
            (&[&[5.2], &[], &[5.0], &[5.9]], Some(5.0)),
            (&[&[60.0], &[61.0], &[72.0]], Some(60.0)),
            // A restart, after a burst and without one.
            (&[&[5.0, 5.0, 5.0, 5.0]], None),
            (&[&[3.0, 17.0, 40.0], &[5.0]], None),
            (&[&[5.0], &[5.0]], None),
            // No timeout is that short.
            (&[&[0.5], &[0.5], &[0.5], &[0.5]], None),
            (&[&[0.01, 5.0], &[0.01, 5.0], &[5.0]], Some(5.0)),
            (&[], None),
        ] {
            assert_eq!(timeout(slices), expected, "{slices:?}");
        }
    }

    #[test]
    fn nothing_of_it_overflows() {
        let most = IdleEnds {
            times: u32::MAX,
            slices: u32::MAX,
            shortest: Duration::from_secs(1),
            longest: Duration::MAX,
        };
        let mut all = most;
        all += most;
        assert_eq!((all, all.timeout()), (most, None));
    }
}
