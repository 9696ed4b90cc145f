use std::time::{Duration, Instant};

/// How many slices a window has: six full ones and the current one.
pub(crate) const SLICES: usize = 7;

/// Cuts time into slices, a sixth of a window each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slices {
    epoch: Instant,
    /// Of a slice, in nanoseconds: at least [`Slices::SHORTEST`].
    len: u64,
}

/// The number of a slice of time. The first one is 1, so that nothing but [`Slice::NEVER`] is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slice(u32);

// === impl Slices ===

impl Slices {
    /// From the beginning of one slice to that of another.
    pub(crate) fn between(&self, first: Slice, last: Slice) -> Duration {
        Duration::from_nanos(self.len.saturating_mul(last.since(first).into()))
    }

    /// How long a window is: all of its slices but the current one.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_nanos(self.len.saturating_mul(SLICES as u64 - 1))
    }

    /// With slices of a tenth of a second, the numbers last for thirteen years. What is shorter
    /// is taken as this.
    const SHORTEST: Duration = Duration::from_millis(100);

    /// The slices since this instant, for windows of this length.
    pub(crate) fn new(epoch: Instant, window: Duration) -> Slices {
        let len = (window / (SLICES as u32 - 1)).max(Slices::SHORTEST);
        Slices { epoch, len: nanos(len) }
    }

    /// The slice that an instant falls into. Before the epoch it is the first; when the numbers
    /// are used up, the last.
    pub(crate) fn of(&self, now: Instant) -> Slice {
        self.at(self.since_epoch(now))
    }

    /// Nanoseconds after the epoch.
    pub(crate) fn since_epoch(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.epoch))
    }

    /// The slice of so many nanoseconds after the epoch.
    #[inline]
    pub(crate) fn at(&self, nanos: u64) -> Slice {
        Slice(u32::try_from(nanos / self.len).unwrap_or(u32::MAX).saturating_add(1))
    }
}

// === impl Slice ===

impl Slice {
    pub(crate) const NEVER: Slice = Slice(0);

    pub(crate) const fn new(number: u32) -> Slice {
        Slice(number)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// Where it stands among [`SLICES`] places. Two slices with one place are never in one window.
    pub(super) const fn place(self) -> usize {
        self.0 as usize % SLICES
    }

    /// Whether the window that ends now has it. A slice to come is taken as one of it: then the
    /// clock went back, and what was counted has not become old by that.
    pub(crate) const fn is_within(self, now: Slice) -> bool {
        self.0 != 0 && now.0.saturating_sub(self.0) < SLICES as u32
    }

    /// How many slices lie between, the earlier one included.
    pub(crate) const fn since(self, earlier: Slice) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Without the 128 bits of [`Duration::as_nanos`]: 64 last for 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn an_instant_falls_into_its_sixth_of_a_window() {
        let epoch = Instant::now() + MINUTE;
        let slices = Slices::new(epoch, MINUTE);
        for (millis, slice) in
            [(0, 1), (9_999, 1), (10_000, 2), (59_999, 6), (60_000, 7), (86_400_000, 8_641)]
        {
            let now = epoch + Duration::from_millis(millis);
            assert_eq!(slices.of(now), Slice(slice), "after {millis} ms");
        }
        assert_eq!(slices.of(epoch - MINUTE), Slice(1), "before the epoch");
    }

    #[test]
    fn no_window_and_no_instant_is_too_long_or_too_short() {
        let epoch = Instant::now();
        let second = epoch + Duration::from_secs(1);
        assert_eq!(Slices::new(epoch, Duration::ZERO).of(second), Slice(11));
        assert_eq!(Slices::new(epoch, Duration::MAX).of(second), Slice(1));

        let ages = epoch + Duration::from_secs(10_000 * 365 * 86_400);
        assert_eq!(Slices::new(epoch, Duration::ZERO).of(ages), Slice(u32::MAX));
        assert_eq!(Slices::new(epoch, Duration::MAX).of(ages), Slice(2), "half of {:?}", u64::MAX);
    }

    #[test]
    fn a_window_has_the_current_slice_and_six_before() {
        for (slice, now, within) in [
            (1, 1, true),
            (1, 7, true),
            (1, 8, false),
            (8, 14, true),
            (8, 15, false),
            (9, 8, true),
            (100, 8, true),
            (u32::MAX, u32::MAX, true),
            (1, u32::MAX, false),
            (0, 0, false),
            (0, 1, false),
        ] {
            assert_eq!(Slice(slice).is_within(Slice(now)), within, "{slice} at {now}");
        }
        assert_eq!(Slice(9).since(Slice(2)), 7);
        assert_eq!(Slice(2).since(Slice(9)), 0, "the clock went back");
    }
}
