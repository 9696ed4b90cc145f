use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// 100 lines a second.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<Option<Second>>);

/// A second, and how many lines it has had.
#[derive(Clone, Copy, Debug)]
struct Second {
    start: Instant,
    taken: u32,
}

// === impl Budget ===

impl Budget {
    const PER_SECOND: u32 = 100;

    /// The one of this process.
    pub(crate) fn of_process() -> Arc<Budget> {
        static BUDGET: LazyLock<Arc<Budget>> = LazyLock::new(Arc::default);
        BUDGET.clone()
    }

    /// Takes one line; `false` where this second has none left.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let runs =
            |second: &Second| now.saturating_duration_since(second.start) < Duration::from_secs(1);
        let current = second.filter(runs).unwrap_or(Second { start: now, taken: 0 });
        let left = current.taken < Budget::PER_SECOND;
        *second = Some(Second { taken: current.taken + u32::from(left), ..current });
        left
    }
}
