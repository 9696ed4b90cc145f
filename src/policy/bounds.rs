//! Bounds of missing reuse, as documents lay them over each other and as floors hold them: a lint
//! that may not be silenced may not be made to ask for a million requests either.

use std::fmt;

use super::document::BoundsDocument;
use crate::connection::Bounds;
use crate::lint::{self, Lint};

// === impl BoundsDocument ===

impl BoundsDocument {
    /// Those that can be, and belong to this lint.
    pub(super) fn checked(mut self, lint: Lint, mut refuse: impl FnMut(&str)) -> BoundsDocument {
        if self.only(lint::LOW_REUSE) != BoundsDocument::default() && lint != lint::LOW_REUSE {
            refuse("`min-reused`, `min-requests`, `window` and `warm-up` belong to `low-reuse`");
        }
        if self.idle.is_some() && lint != lint::NO_IDLE_TIMEOUT {
            refuse("`idle` belongs to `no-idle-timeout`");
        }
        if self.min_reused.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            refuse("`min-reused` is a share from 0 to 1");
            self.min_reused = None;
        }
        self.only(lint)
    }

    /// Those of this lint.
    pub(super) fn only(self, lint: Lint) -> BoundsDocument {
        match lint {
            lint::LOW_REUSE => BoundsDocument { idle: None, ..self },
            lint::NO_IDLE_TIMEOUT => {
                BoundsDocument { idle: self.idle, ..BoundsDocument::default() }
            }
            _ => BoundsDocument::default(),
        }
    }

    /// These, and those where these say nothing.
    pub(super) fn or(self, below: BoundsDocument) -> BoundsDocument {
        BoundsDocument {
            min_reused: self.min_reused.or(below.min_reused),
            min_requests: self.min_requests.or(below.min_requests),
            window: self.window.or(below.window),
            warm_up: self.warm_up.or(below.warm_up),
            idle: self.idle.or(below.idle),
        }
    }

    /// These over the defaults.
    pub(super) fn complete(self) -> Bounds {
        let default = Bounds::default();
        Bounds {
            min_reuse: self.min_reused.unwrap_or(default.min_reuse),
            min_requests: self.min_requests.unwrap_or(default.min_requests),
            window: self.window.unwrap_or(default.window),
            warm_up: self.warm_up.unwrap_or(default.warm_up),
            idle: self.idle.unwrap_or(default.idle),
        }
    }

    /// Takes out, and tells, what makes its lint fire less than the bounds of floors do. A shorter
    /// window does: it has fewer requests.
    pub(super) fn hold(
        &mut self,
        floors: &BoundsDocument,
        mut refuse: impl FnMut(Lint, fmt::Arguments<'_>),
    ) {
        let mut of_reuse = |what: fmt::Arguments<'_>| refuse(lint::LOW_REUSE, what);
        at_least("min-reused", &mut self.min_reused, floors.min_reused, &mut of_reuse);
        at_most("min-requests", &mut self.min_requests, floors.min_requests, &mut of_reuse);
        at_least("window", &mut self.window, floors.window, &mut of_reuse);
        at_most("warm-up", &mut self.warm_up, floors.warm_up, &mut of_reuse);
        let mut of_idleness = |what: fmt::Arguments<'_>| refuse(lint::NO_IDLE_TIMEOUT, what);
        at_most("idle", &mut self.idle, floors.idle, &mut of_idleness);
    }
}

impl From<Bounds> for BoundsDocument {
    fn from(bounds: Bounds) -> BoundsDocument {
        BoundsDocument {
            min_reused: Some(bounds.min_reuse),
            min_requests: Some(bounds.min_requests),
            window: Some(bounds.window),
            warm_up: Some(bounds.warm_up),
            idle: Some(bounds.idle),
        }
    }
}

type Refuse<'a> = &'a mut dyn FnMut(fmt::Arguments<'_>);

fn at_least<T: Copy + PartialOrd + fmt::Debug>(
    name: &str,
    value: &mut Option<T>,
    floor: Option<T>,
    refuse: Refuse<'_>,
) {
    hold(name, value, floor, |value, floor| value >= floor, refuse);
}

fn at_most<T: Copy + PartialOrd + fmt::Debug>(
    name: &str,
    value: &mut Option<T>,
    floor: Option<T>,
    refuse: Refuse<'_>,
) {
    hold(name, value, floor, |value, floor| value <= floor, refuse);
}

/// What is no number is refused, too.
fn hold<T: Copy + fmt::Debug>(
    name: &str,
    value: &mut Option<T>,
    floor: Option<T>,
    is_as_strict: impl FnOnce(T, T) -> bool,
    refuse: Refuse<'_>,
) {
    let (Some(written), Some(floor)) = (*value, floor) else { return };
    if !is_as_strict(written, floor) {
        refuse(format_args!("`{name}` of {written:?} instead of {floor:?}"));
        *value = None;
    }
}
