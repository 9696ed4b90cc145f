use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::callers::Callers;
use super::{Budget, Notice};
use crate::Clock;
use crate::connection::Opened;
use crate::lint::{self, Finding, Label, Lint, Place};

/// Holds back what was said already: one notice for a lint, action, place, fault, client and route
/// in a window.
#[derive(Debug)]
pub(crate) struct Limiter {
    clock: Clock,
    budget: Arc<Budget>,
    windows: Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    by_key: HashMap<Key, Window>,
    /// When those that had ended were last dropped.
    swept: Option<Instant>,
}

/// Findings that one line can stand for. What was done is part of it: a fix that stood aside is
/// news beside one that did not. So is whose fault it is: a caller's hides none of ours, and one
/// client's none of another. Of a connection the place doesn't tell that.
type Key = (Lint, &'static str, Place, bool, Option<Label>, Label);

#[derive(Debug, Default)]
struct Window {
    /// When the last notice was given; `None` before the first.
    noticed: Option<Instant>,
    suppressed: u64,
    callers: Callers,
}

// === impl Limiter ===

impl Limiter {
    const WINDOW: Duration = Duration::from_secs(60);

    pub(crate) fn new(clock: Clock, budget: Arc<Budget>) -> Limiter {
        Limiter { clock, budget, windows: Mutex::default() }
    }

    /// The notice of a finding, or `None` where it is held back.
    pub(crate) fn admit<'a>(&self, finding: &'a Finding) -> Option<Notice<'a>> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let client = finding.client.map(|client| client.name);
        let Finding { lint, place, action, ours, route, .. } = finding;
        let window = windows.of((*lint, action.as_str(), *place, *ours, client, *route), now);
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

impl Limiter {
    /// Whether a slow dial may have a line, and how many of the same had none since the last.
    pub(crate) fn admit_dial(&self, connection: &Opened) -> Option<u64> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let client = connection.client.map(|client| client.name);
        let upstream = connection.party.as_ref().map(|party| Label::new(party.name()));
        let upstream = upstream.unwrap_or(Label::OTHER);
        let place = Place::OutboundConnection;
        let key = (lint::SYN_RETRANSMITTED, "slow dial", place, false, client, upstream);
        let window = windows.of(key, now);
        if window.is_open(now) || !self.budget.take(now) {
            window.suppressed += 1;
            return None;
        }
        window.noticed = Some(now);
        Some(std::mem::take(&mut window.suppressed))
    }
}

// === impl Windows ===

impl Windows {
    /// How many keys are told apart; the rest share one without a client, of the route `other`.
    const BOUND: usize = 4096;
    /// How long a full table waits before it is searched again for what has ended: the search is
    /// long, and callers may give a reason for it with every request.
    const PAUSE: Duration = Duration::from_secs(1);

    fn of(&mut self, key: Key, now: Instant) -> &mut Window {
        let (lint, action, place, ours, ..) = key;
        let full = |windows: &Windows| windows.by_key.len() >= Windows::BOUND;
        if !full(self) || self.by_key.contains_key(&key) {
            return self.by_key.entry(key).or_default();
        }
        let since = |swept| now.saturating_duration_since(swept);
        if self.swept.is_none_or(|swept| since(swept) >= Windows::PAUSE) {
            self.swept = Some(now);
            self.by_key.retain(|_, window| window.is_open(now));
        }
        let key = if full(self) { (lint, action, place, ours, None, Label::OTHER) } else { key };
        self.by_key.entry(key).or_default()
    }
}

// === impl Window ===

impl Window {
    fn is_open(&self, now: Instant) -> bool {
        self.noticed.is_some_and(|noticed| now.saturating_duration_since(noticed) < Limiter::WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;
    use crate::lint::{self, Action, Level, StandAside};

    const ACTIONS: [Action; 4] =
        [Action::None, Action::Rewritten, Action::Denied, Action::StoodAside(StandAside::Draining)];

    fn finding(lint: Lint, action: Action, route: Label) -> Finding {
        let place = Place::ReceivedRequest;
        Finding { action, route, ..Finding::new(lint, place, Level::Warn, None) }
    }

    /// Findings with more keys than the table takes.
    fn more_than_enough() -> impl Iterator<Item = Finding> {
        let routes = (0..30).map(|number| Label::new(&format!("/limit/{number}")));
        let lints = |route| lint::all().map(move |lint| (lint, route));
        let actions = |(lint, route)| ACTIONS.map(|action| finding(lint, action, route));
        routes.flat_map(lints).flat_map(actions)
    }

    #[test]
    fn a_full_table_takes_no_more_until_its_windows_end() {
        let clock = ManualClock::new();
        let limiter = Limiter::new(clock.clone().into(), Arc::default());
        let len = || limiter.windows.lock().unwrap().by_key.len();
        // The key of each lint and action with the label `other` stands beside the bound.
        let most = Windows::BOUND + lint::all().count() * ACTIONS.len();

        assert!(more_than_enough().count() > most);
        for finding in more_than_enough() {
            // Within the budget of lines and, all together, within one window.
            clock.advance(Duration::from_millis(11));
            limiter.admit(&finding);
            assert!(len() <= most, "the table is bounded");
        }
        assert_eq!(len(), most, "all windows are open");

        clock.advance(Limiter::WINDOW);
        let new = finding(lint::CALLER_SENDS_CLOSE, Action::None, Label::new("/limit/new"));
        assert!(limiter.admit(&new).is_some());
        assert_eq!(len(), 1, "what has ended made room");
    }

    #[test]
    fn a_close_of_the_callers_hides_none_of_ours() {
        let limiter = Limiter::new(ManualClock::new().into(), Arc::default());
        let closed_by = |ours| Finding {
            ours,
            ..Finding::new(lint::SILENT_CLOSE, Place::InboundConnection, Level::Warn, None)
        };
        for (ours, told) in [(false, true), (true, true), (false, false), (true, false)] {
            let notice = limiter.admit(&closed_by(ours)).is_some();
            assert_eq!(notice, told, "a silent close, ours: {ours}");
        }
    }
}
