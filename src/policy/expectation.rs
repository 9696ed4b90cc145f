use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::document::{ExpectationDocument, Written};
use super::pattern::{Pattern, Shape};
use super::{Day, LintName, Origin, RouteName};
use crate::connection::Side;
use crate::lint::{Expected, Label, Lint};

/// A known violation, to be written into a policy: on its route the lint is not acted on and not
/// reported, but counted. Somebody owns it, for a reason, and until a day.
///
/// The clock never changes what is done: past its day it holds on, and is warned of.
///
/// ```
/// use tower_conn_lint::policy::Expectation;
/// use tower_conn_lint::{Policy, lint};
///
/// let terminals = Expectation::new(
///     lint::CALLER_SENDS_CLOSE,
///     "team-store",
///     "payment terminals cannot reuse connections",
/// );
/// let policy = Policy::builder()
///     .expect(terminals.inbound("/legacy/{*rest}").until(2027, 3, 31))
///     .build()
///     .unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "an expectation does nothing outside a policy"]
pub struct Expectation {
    lint: LintName,
    route: Option<(Side, String)>,
    owner: String,
    reason: String,
    until: Option<Day>,
    unused_after: Option<Duration>,
}

/// A known violation, as a policy holds it.
///
/// ```
/// use tower_conn_lint::policy::{Expectation, ExpectationState};
/// use tower_conn_lint::{Policy, lint};
///
/// let expectation = Expectation::new(lint::LOW_REUSE, "team-store", "a batch").until(2027, 3, 31);
/// let policy = Policy::builder().expect(expectation).build().unwrap();
/// let known = policy.expectations().next().unwrap();
/// assert_eq!(known.state("2027-03-31".parse().unwrap()), ExpectationState::ExpiresSoon);
/// assert_eq!(known.state("2027-04-01".parse().unwrap()), ExpectationState::Expired);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KnownViolation {
    /// The lint.
    pub lint: Lint,
    /// The route; `None` is everywhere.
    pub route: Option<RouteName>,
    /// Who answers for it.
    pub owner: Arc<str>,
    /// Why it is expected.
    pub reason: Arc<str>,
    /// Its last day, in UTC.
    pub until: Option<Day>,
    /// After how long without a case it is needless, as it seems.
    pub unused_after: Option<Duration>,
    /// Where it stands.
    pub origin: Origin,
    pub(super) pattern: Option<Pattern>,
}

/// How an expectation stands.
///
/// ```
/// use tower_conn_lint::policy::ExpectationState;
///
/// assert_eq!(ExpectationState::ExpiresSoon.as_str(), "expires-soon");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum ExpectationState {
    /// It holds.
    Holds = 0,
    /// It holds, and its last day is at most 14 days ahead.
    ExpiresSoon,
    /// It holds, though its last day is past: it is to be mended, or to be given another day.
    Expired,
    /// No case of it came for as long as it sets: it is to be taken out, as it seems.
    Unused,
}

/// How one expectation of a lint stands now.
///
/// ```
/// use tower_conn_lint::policy::Expectation;
/// use tower_conn_lint::{ConnLint, Policy, lint};
///
/// let expectation = Expectation::new(lint::LOW_REUSE, "team-store", "a batch");
/// let policy = Policy::builder().expect(expectation).build().unwrap();
/// let lint = ConnLint::builder().policy(policy).build();
/// assert_eq!(lint.snapshot().expectations[0].seen, 0);
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ExpectationStatus {
    /// The lint.
    pub lint: Lint,
    /// The route; `None` is everywhere.
    pub route: Option<RouteName>,
    /// Who answers for it.
    pub owner: Box<str>,
    /// Why it is expected.
    pub reason: Box<str>,
    /// Its last day, in UTC.
    pub until: Option<Day>,
    /// How often it was seen since the lint was built.
    pub seen: u64,
    /// How long ago it was seen last, in seconds.
    pub last_seen: Option<f64>,
    /// How it stands.
    pub state: ExpectationState,
    /// Where it stands in the policy.
    pub origin: Origin,
}

/// What makes two expectations the same.
pub(super) type Identity = (Lint, Option<Shape>, Arc<str>);

// === impl Expectation ===

impl Expectation {
    /// A violation that is expected everywhere, unless a route is named: of this lint, owned by
    /// this person or team, for this reason.
    pub fn new(
        lint: impl Into<LintName>,
        owner: impl Into<String>,
        reason: impl Into<String>,
    ) -> Expectation {
        Expectation {
            lint: lint.into(),
            route: None,
            owner: owner.into(),
            reason: reason.into(),
            until: None,
            unused_after: None,
        }
    }

    /// Only on a route of our server, written as in [`Route::inbound`](super::Route::inbound).
    pub fn inbound(mut self, route: impl Into<String>) -> Expectation {
        self.route = Some((Side::Inbound, route.into()));
        self
    }

    /// Only on a route of our client, written as in [`Route::outbound`](super::Route::outbound).
    pub fn outbound(mut self, route: impl Into<String>) -> Expectation {
        self.route = Some((Side::Outbound, route.into()));
        self
    }

    /// Its last day, in UTC: year, month and day. From 14 days before it is warned of. Default:
    /// none.
    pub fn until(mut self, year: u16, month: u8, day: u8) -> Expectation {
        self.until = Some(Day { year, month, day });
        self
    }

    /// From how long without a case of it on it is reported as needless. Default: never.
    pub fn unused_after(mut self, time: Duration) -> Expectation {
        self.unused_after = Some(time);
        self
    }

    pub(super) fn into_document(self) -> ExpectationDocument {
        ExpectationDocument {
            lint: Written::in_code(self.lint),
            route: self.route.map(|(side, text)| (side, Written::in_code(text))),
            owner: Written::in_code(self.owner),
            reason: Written::in_code(self.reason),
            until: self.until.map(Written::in_code),
            unused_after: self.unused_after.map(Written::in_code),
        }
    }
}

// === impl KnownViolation ===

impl KnownViolation {
    /// From how many days before its last one on it is warned of.
    const SOON: i64 = 14;

    /// How it stands on a day, as far as that alone decides.
    pub fn state(&self, today: Day) -> ExpectationState {
        match self.until.map(|until| until.days_since(today)) {
            Some(..0) => ExpectationState::Expired,
            Some(..=KnownViolation::SOON) => ExpectationState::ExpiresSoon,
            _ => ExpectationState::Holds,
        }
    }

    /// How it stands if no case of it came for so long. Of one that nobody needs it matters less that
    /// it ends soon.
    pub(super) fn state_after(&self, today: Day, quiet_for: Duration) -> ExpectationState {
        let is_unused = self.unused_after.is_some_and(|after| quiet_for >= after);
        match self.state(today) {
            ExpectationState::Expired => ExpectationState::Expired,
            _ if is_unused => ExpectationState::Unused,
            state => state,
        }
    }

    /// What counts its cases.
    pub(super) fn tally(&self, now: Instant) -> Expected {
        let route = match &self.route {
            Some(route) => Label::of_policy(&route.to_string()),
            None => Label::of_policy("everywhere"),
        };
        let (owner, reason) = (Label::of_policy(&self.owner), self.reason.clone());
        Expected::new(self.lint, route, owner, reason, now)
    }

    pub(super) fn status(
        &self,
        expected: &Expected,
        today: Day,
        now: Instant,
    ) -> ExpectationStatus {
        let (quiet_for, seen) = (expected.quiet_for(now), expected.seen());
        ExpectationStatus {
            lint: self.lint,
            route: self.route.clone(),
            owner: (*self.owner).into(),
            reason: (*self.reason).into(),
            until: self.until,
            seen,
            last_seen: (seen > 0).then_some(quiet_for.as_secs_f64()),
            state: self.state_after(today, quiet_for),
            origin: self.origin.clone(),
        }
    }

    pub(super) fn identity(&self) -> Identity {
        (self.lint, self.pattern.as_ref().map(Pattern::shape), self.owner.clone())
    }
}

impl fmt::Display for KnownViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.lint, self.route.as_ref(), &self.owner, self.until)
    }
}

// === impl ExpectationState ===

impl ExpectationState {
    /// Every state.
    pub const ALL: [ExpectationState; 4] = [
        ExpectationState::Holds,
        ExpectationState::ExpiresSoon,
        ExpectationState::Expired,
        ExpectationState::Unused,
    ];

    /// The name as in logs and metrics: `holds`, `expires-soon`, `expired`, `unused`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExpectationState::Holds => "holds",
            ExpectationState::ExpiresSoon => "expires-soon",
            ExpectationState::Expired => "expired",
            ExpectationState::Unused => "unused",
        }
    }
}

impl fmt::Display for ExpectationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl ExpectationStatus ===

impl fmt::Display for ExpectationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.lint, self.route.as_ref(), &self.owner, self.until)
    }
}

/// In one line: `caller-sends-close on inbound /legacy/{*rest} (team-store, until 2027-03-31)`.
fn show(
    f: &mut fmt::Formatter<'_>,
    lint: Lint,
    route: Option<&RouteName>,
    owner: &str,
    until: Option<Day>,
) -> fmt::Result {
    write!(f, "{lint}")?;
    if let Some(route) = route {
        write!(f, " on {route}")?;
    }
    write!(f, " ({owner}")?;
    if let Some(until) = until {
        write!(f, ", until {until}")?;
    }
    f.write_str(")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, lint};

    #[test]
    fn a_day_warns_of_an_expectation_and_silence_too() {
        use ExpectationState::{Expired, ExpiresSoon, Holds, Unused};

        const DAY: u64 = 24 * 60 * 60;

        let terminals = Expectation::new(lint::CALLER_SENDS_CLOSE, "team-store", "terminals");
        let known = |expectation| {
            let policy = Policy::builder().expect(expectation).build().expect("it is well-formed");
            policy.expectations().next().cloned().expect("there is one")
        };
        let with_day = known(terminals.clone().until(2027, 3, 31));
        let whole =
            known(terminals.clone().until(2027, 3, 31).unused_after(Duration::from_secs(30 * DAY)));
        let without = known(terminals);
        for (known, today, quiet, state) in [
            (&with_day, "2027-03-16", 99, Holds),
            (&with_day, "2027-03-17", 0, ExpiresSoon),
            (&with_day, "2027-03-31", 0, ExpiresSoon),
            (&with_day, "2027-04-01", 0, Expired),
            (&with_day, "2031-01-01", 0, Expired),
            (&whole, "2027-01-01", 29, Holds),
            (&whole, "2027-01-01", 30, Unused),
            (&whole, "2027-03-31", 30, Unused),
            (&whole, "2027-04-01", 30, Expired),
            (&without, "2099-01-01", 9_999, Holds),
        ] {
            let today = today.parse().expect("it is a day");
            let found = known.state_after(today, Duration::from_secs(quiet * DAY));
            assert_eq!(found, state, "{known} on {today}, quiet for {quiet} days");
        }
    }
}
