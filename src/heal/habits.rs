use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How callers close, as far as a server learned it: one that never closes first is not waited for,
/// and one whose ports are full of its own TIME_WAIT is spared.
#[derive(Debug)]
pub(crate) struct Habits {
    began: Instant,
    callers: Mutex<Generations>,
}

/// The callers of late, and those before them: what falls out of the second is forgotten.
#[derive(Debug, Default)]
struct Generations {
    new: HashMap<IpAddr, Habit>,
    old: HashMap<IpAddr, Habit>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    /// How often it let the grace pass.
    missed: u8,
    /// How often it closed first in this minute, and in that before.
    minute: u64,
    closed: u32,
    closed_before: u32,
}

/// From here on it is known to wait for our end.
const WAITS: u8 = 2;

/// The callers of a generation.
const MOST: usize = 2_048;

// === impl Habits ===

impl Habits {
    pub(crate) fn new(now: Instant) -> Habits {
        Habits { began: now, callers: Mutex::default() }
    }

    /// Whether it is of use to wait for this caller.
    pub(crate) fn allow(&self, caller: IpAddr, now: Instant, per_minute: u32) -> bool {
        let now = now.saturating_duration_since(self.began);
        let habit = self.callers().find(caller).map(|habit| habit.at(now));
        habit.is_none_or(|habit| habit.missed < WAITS && habit.in_a_minute(now) < per_minute)
    }

    /// It closed first.
    pub(crate) fn closed(&self, caller: IpAddr, now: Instant) {
        let now = now.saturating_duration_since(self.began);
        self.callers().change(caller, |habit| {
            *habit = habit.at(now);
            habit.closed = habit.closed.saturating_add(1);
        });
    }

    /// It let the grace pass.
    pub(crate) fn missed(&self, caller: IpAddr) {
        self.callers().change(caller, |habit| habit.missed = habit.missed.saturating_add(1));
    }

    fn callers(&self) -> MutexGuard<'_, Generations> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Generations ===

impl Generations {
    fn find(&self, caller: IpAddr) -> Option<Habit> {
        self.new.get(&caller).or_else(|| self.old.get(&caller)).copied()
    }

    fn change(&mut self, caller: IpAddr, change: impl FnOnce(&mut Habit)) {
        let mut habit = self.find(caller).unwrap_or_default();
        change(&mut habit);
        if self.new.len() >= MOST && !self.new.contains_key(&caller) {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(caller, habit);
    }
}

// === impl Habit ===

impl Habit {
    /// As it is in this minute.
    fn at(self, now: Duration) -> Habit {
        let minute = now.as_secs() / 60;
        match minute - self.minute.min(minute) {
            0 => self,
            1 => Habit { minute, closed: 0, closed_before: self.closed, ..self },
            _ => Habit { minute, closed: 0, closed_before: 0, ..self },
        }
    }

    /// How often it closed first in the last minute: that before counts for what of it is not over.
    fn in_a_minute(self, now: Duration) -> u32 {
        let left = 60 - now.as_secs() % 60;
        let before = u64::from(self.closed_before) * left / 60;
        self.closed.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_MINUTE: u32 = 10;

    fn caller(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn who_lets_the_grace_pass_twice_is_not_waited_for_again() {
        let now = Instant::now();
        let habits = Habits::new(now);
        for missed in 0..3 {
            assert_eq!(habits.allow(caller(1), now, PER_MINUTE), missed < 2, "{missed}");
            habits.closed(caller(1), now);
            habits.missed(caller(1));
        }
        assert!(habits.allow(caller(2), now, PER_MINUTE), "others are");
    }

    #[test]
    fn who_closed_often_in_a_minute_is_spared_until_that_is_over() {
        let now = Instant::now();
        let habits = Habits::new(now);
        let after = |seconds| now + Duration::from_secs(seconds);
        for _ in 0..PER_MINUTE {
            assert!(habits.allow(caller(1), now, PER_MINUTE));
            habits.closed(caller(1), now);
        }
        for (seconds, allowed) in [(0, false), (59, false), (60, false), (66, true), (600, true)] {
            assert_eq!(habits.allow(caller(1), after(seconds), PER_MINUTE), allowed, "{seconds} s");
        }
    }

    #[test]
    fn as_many_callers_as_come_take_no_more_memory() {
        let now = Instant::now();
        let habits = Habits::new(now);
        (0..2).for_each(|_| habits.missed(caller(0)));
        for number in 1..10_000 {
            habits.missed(caller(number));
            // One that comes again and again is not forgotten.
            if number % 1_000 == 0 {
                assert!(!habits.allow(caller(0), now, PER_MINUTE), "after {number} others");
                habits.missed(caller(0));
            }
        }
        let callers = habits.callers();
        assert!(callers.new.len() <= MOST && callers.old.len() <= MOST);
    }
}
