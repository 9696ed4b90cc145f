use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::policy::Day;

/// Where the time comes from: the system's monotonic clock, unless a test moves it.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::{Clock, ConnLint, ManualClock};
///
/// let clock = ManualClock::new();
/// let lint = ConnLint::builder().clock(clock.clone()).build();
/// clock.advance(Duration::from_secs(60));
///
/// // Under a paused runtime: `Clock::new(|| tokio::time::Instant::now().into_std())`.
/// let clock = Clock::default();
/// assert!(clock.now() <= clock.now());
/// ```
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<Given>>);

/// Boxed once more, since each record keeps a clock, and few a given one.
type Given = Box<dyn Fn() -> Instant + Send + Sync>;

/// A clock that stands still until a test advances it.
///
/// ```
/// use std::time::Duration;
/// use tower_conn_lint::{Clock, ManualClock};
///
/// let manual = ManualClock::new();
/// let clock = Clock::from(manual.clone());
/// let before = clock.now();
/// manual.advance(Duration::from_secs(3));
/// assert_eq!(clock.now() - before, Duration::from_secs(3));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Instant>>);

/// Which day it is, in UTC: the system's, unless a test says otherwise. It decides over what is told
/// and never over what is done.
#[derive(Clone, Default)]
pub(crate) struct Calendar(Option<Arc<dyn Fn() -> Day + Send + Sync>>);

// === impl Clock ===

impl Clock {
    /// A clock that asks a function.
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Clock {
        Clock(Some(Arc::new(Box::new(now))))
    }

    /// The instant that it shows.
    pub fn now(&self) -> Instant {
        match &self.0 {
            None => Instant::now(),
            Some(now) => now(),
        }
    }

    pub(crate) fn is_system(&self) -> bool {
        self.0.is_none()
    }
}

impl From<ManualClock> for Clock {
    fn from(manual: ManualClock) -> Clock {
        Clock::new(move || manual.now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_system() { "Clock(system)" } else { "Clock(given)" })
    }
}

// === impl ManualClock ===

impl ManualClock {
    /// A clock that shows the present.
    pub fn new() -> ManualClock {
        ManualClock(Arc::new(Mutex::new(Instant::now())))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> ManualClock {
        ManualClock::new()
    }
}

// === impl Calendar ===

impl Calendar {
    #[cfg(test)]
    pub(crate) fn new(today: impl Fn() -> Day + Send + Sync + 'static) -> Calendar {
        Calendar(Some(Arc::new(today)))
    }

    pub(crate) fn today(&self) -> Day {
        self.0.as_ref().map_or_else(|| Day::of(SystemTime::now()), |today| today())
    }
}
