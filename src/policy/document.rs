//! One source of a policy as it was written: a file, or a builder in code. Nothing in it is checked
//! but its form; documents that stand over each other are checked and become a `Policy`.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::cures::SaidCures;
use super::{Day, LintName, Origin, Preset, Rollout, Side};
use crate::heal::{Budget, Switch};
use crate::lint::Level;

/// What was written, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T> Written<T> {
    #[cfg(feature = "config")]
    pub(crate) fn map<U>(self, as_read: impl FnOnce(T) -> U) -> Written<U> {
        Written { value: as_read(self.value), origin: self.origin }
    }
}

/// One source. Later documents stand over earlier ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) preset: Option<Written<Preset>>,
    pub(crate) preview: Option<Written<Preview>>,
    pub(crate) cap: Option<Written<Level>>,
    /// Whether later files may cap; a base file may say no.
    pub(crate) allow_cap: Option<Written<bool>>,
    pub(crate) deny_status: Option<Written<StatusCode>>,
    pub(crate) lints: Vec<Setting>,
    pub(crate) floors: Vec<Setting>,
    pub(crate) routes: Vec<RouteDocument>,
    pub(crate) expectations: Vec<ExpectationDocument>,
    pub(crate) probes_excluded: Option<Written<bool>>,
    pub(crate) excluded_paths: Vec<Written<String>>,
    pub(crate) cures: SaidCures,
}

/// A lint and what is set for it; its origin is that of the lint's key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) lint: Written<LintName>,
    /// Absent where only bounds are set.
    pub(crate) level: Option<Level>,
    /// On which share of the instances it acts, from 0 to 1. Default: on all.
    pub(crate) share: Option<Written<f64>>,
    /// Of lints of windows, on a policy's own lints only.
    pub(crate) bounds: BoundsDocument,
}

/// What of [`Bounds`](crate::connection::Bounds) is set.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct BoundsDocument {
    pub(crate) min_reused: Option<f64>,
    pub(crate) min_requests: Option<u64>,
    pub(crate) window: Option<Duration>,
    pub(crate) warm_up: Option<Duration>,
    pub(crate) idle: Option<Duration>,
}

/// A route, in the words of [`Route`](super::Route).
#[derive(Clone, Debug)]
pub(crate) struct RouteDocument {
    pub(crate) side: Side,
    pub(crate) text: Written<String>,
    pub(crate) lints: Vec<Setting>,
    /// Whether bodies that nobody reads are read away there.
    pub(crate) drain: Option<Written<Switch<Budget>>>,
}

/// A known violation: counted, not reported.
#[derive(Clone, Debug)]
pub(crate) struct ExpectationDocument {
    pub(crate) lint: Written<LintName>,
    /// Absent: everywhere.
    pub(crate) route: Option<(Side, Written<String>)>,
    pub(crate) owner: Written<String>,
    pub(crate) reason: Written<String>,
    pub(crate) until: Option<Written<Day>>,
    /// From how long without a case of it on it is reported as needless. Default: never.
    pub(crate) unused_after: Option<Written<Duration>>,
}

/// What acts on nothing, and is told as `would=`.
#[derive(Clone, Debug)]
pub(crate) enum Preview {
    Preset(Preset),
    /// The documents of a file, which stand over what is in force without them.
    Documents(Vec<Arc<Document>>),
}

// === impl Written ===

impl<T> Written<T> {
    pub(super) fn in_code(value: T) -> Written<T> {
        Written { value, origin: Origin::CODE }
    }
}

// === impl Setting ===

impl Setting {
    pub(super) fn in_code(lint: LintName, level: Rollout) -> Setting {
        Setting {
            lint: Written::in_code(lint),
            level: Some(level.level),
            share: level.share.map(Written::in_code),
            bounds: BoundsDocument::default(),
        }
    }
}
