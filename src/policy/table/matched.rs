/// Which rules hold for a request: indices, which outlive the request's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Matched {
    /// In the policy in force.
    pub(crate) acts: Match,
    /// In the one that is previewed.
    pub(crate) would: Match,
    /// Among the routes where violations are expected.
    pub(crate) expected: Match,
}

/// One index of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Default,
    Excluded,
    Route(u32),
}

// === impl Matched ===

impl Matched {
    pub(crate) const DEFAULT: Matched =
        Matched { acts: Match::Default, would: Match::Default, expected: Match::Default };

    pub(crate) const EXCLUDED: Matched =
        Matched { acts: Match::Excluded, would: Match::Excluded, expected: Match::Default };

    pub(crate) fn is_excluded(self) -> bool {
        self.acts == Match::Excluded
    }
}

// === impl Match ===

impl Match {
    /// Zero stands for no route.
    pub(super) fn number(self) -> u64 {
        match self {
            Match::Route(route) => u64::from(route) + 1,
            Match::Default | Match::Excluded => 0,
        }
    }

    pub(super) fn numbered(number: u64) -> Match {
        let route = number.checked_sub(1).and_then(|route| u32::try_from(route).ok());
        Match::from(route)
    }
}

impl From<Option<u32>> for Match {
    fn from(found: Option<u32>) -> Match {
        found.map_or(Match::Default, Match::Route)
    }
}
