use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::callers::Callers;
use super::{Budget, Notice};
use crate::Clock;
use crate::lint::{Finding, Label, Lint, Message};

/// Holds back what was said already: one notice for a lint, action, kind of message, client and
/// route in a window.
#[derive(Debug)]
pub(crate) struct Limiter {
    clock: Clock,
    budget: Arc<Budget>,
    windows: Mutex<HashMap<Key, Window>>,
}

/// Findings that one line can stand for. What was done is part of it: a fix that stood aside is
/// news beside one that did not. So is whose fault it is: a caller's hides none of ours, and one
/// client's none of another.
type Key = (Lint, &'static str, Message, Option<Label>, Label);

#[derive(Debug, Default)]
struct Window {
    /// When the last notice was given; `None` before the first.
    noticed: Option<Instant>,
    suppressed: u64,
    callers: Callers,
}

impl Limiter {
    const WINDOW: Duration = Duration::from_secs(60);
    /// How many keys are told apart; the rest share the label `other`.
    const BOUND: usize = 4096;

    pub(crate) fn new(clock: Clock, budget: Arc<Budget>) -> Limiter {
        Limiter { clock, budget, windows: Mutex::default() }
    }

    /// The notice of a finding, or `None` where it is held back.
    pub(crate) fn admit<'a>(&self, finding: &'a Finding) -> Option<Notice<'a>> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let client = finding.client.map(|client| client.name);
        let Finding { lint, message, action, route, .. } = finding;
        let mut key = (*lint, action.as_str(), *message, client, *route);
        if windows.len() >= Limiter::BOUND && !windows.contains_key(&key) {
            windows.retain(|_, window| window.is_open(now));
            if windows.len() >= Limiter::BOUND {
                key.4 = Label::OTHER;
            }
        }
        let window = windows.entry(key).or_default();
        if window.is_open(now) || !self.budget.take(now) {
            window.suppressed += 1;
            if let Some(caller) = &finding.caller {
                window.callers.add(caller);
            }
            return None;
        }
        window.noticed = Some(now);
        let suppressed = std::mem::take(&mut window.suppressed);
        Some(Notice { finding, suppressed, callers: window.callers.take() })
    }
}

impl Window {
    fn is_open(&self, now: Instant) -> bool {
        self.noticed.is_some_and(|noticed| now.saturating_duration_since(noticed) < Limiter::WINDOW)
    }
}
