use std::fmt;

use super::{Lint, catalogue};

/// A set of lints, as a bitset: made, joined and asked without allocation.
///
/// ```
/// use tower_conn_lint::lint::{self, LintSet};
///
/// let set = LintSet::EMPTY.with(lint::CLIENT_SENDS_CLOSE);
/// assert!(set.contains(lint::CLIENT_SENDS_CLOSE));
/// assert_eq!(set.iter().count(), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LintSet(u128);

impl LintSet {
    /// No lint.
    pub const EMPTY: LintSet = LintSet(0);
    /// Every lint.
    pub const ALL: LintSet = LintSet(u128::MAX >> (128 - catalogue::COUNT));

    /// This set and `lint`.
    #[must_use]
    pub const fn with(self, lint: Lint) -> LintSet {
        LintSet(self.0 | 1 << lint.index())
    }

    /// This set without `lint`.
    #[must_use]
    pub const fn without(self, lint: Lint) -> LintSet {
        LintSet(self.0 & !(1 << lint.index()))
    }

    /// Whether `lint` is in it.
    pub const fn contains(self, lint: Lint) -> bool {
        self.0 & 1 << lint.index() != 0
    }

    /// Whether it holds no lint.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The lints that are in this set, or in `other`.
    #[must_use]
    pub const fn union(self, other: LintSet) -> LintSet {
        LintSet(self.0 | other.0)
    }

    /// The lints that are in this set and in `other`.
    #[must_use]
    pub const fn intersection(self, other: LintSet) -> LintSet {
        LintSet(self.0 & other.0)
    }

    /// The lints that are in this set and not in `other`.
    #[must_use]
    pub const fn difference(self, other: LintSet) -> LintSet {
        LintSet(self.0 & !other.0)
    }

    /// The lints in it, in the catalogue's order.
    pub fn iter(self) -> impl Iterator<Item = Lint> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let index = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(Lint::at(index as usize))
        })
    }
}

impl fmt::Debug for LintSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Lint::name)).finish()
    }
}

impl FromIterator<Lint> for LintSet {
    fn from_iter<I: IntoIterator<Item = Lint>>(lints: I) -> LintSet {
        lints.into_iter().fold(LintSet::EMPTY, LintSet::with)
    }
}
