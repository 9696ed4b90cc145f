use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many lines may be written in a second.
#[derive(Debug)]
pub(crate) struct Budget {
    per_second: u32,
    second: Mutex<Option<(Instant, u32)>>,
}

impl Budget {
    /// 100 lines a second.
    pub(crate) fn new() -> Budget {
        Budget { per_second: 100, second: Mutex::new(None) }
    }

    /// The one of this process.
    pub(crate) fn of_process() -> Arc<Budget> {
        static BUDGET: LazyLock<Arc<Budget>> = LazyLock::new(|| Arc::new(Budget::new()));
        BUDGET.clone()
    }

    /// Takes one line; `false` where this second has none left.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, taken) = match *second {
            Some((start, taken))
                if now.saturating_duration_since(start) < Duration::from_secs(1) =>
            {
                (start, taken)
            }
            _ => (now, 0),
        };
        let left = taken < self.per_second;
        *second = Some((start, taken + u32::from(left)));
        left
    }
}
