use crate::rows::Names;

/// What the crate aims at: a bound of what one row adds, or of its share of another's.
pub(crate) struct Goal {
    what: Names,
    most: Most,
}

enum Most {
    Instructions(i64),
    /// In hundredths.
    Share(i64, Names),
}

/// The sums that have to hold wherever they are measured.
pub(crate) const GOALS: [Goal; 5] = [
    Goal { what: LINT, most: Most::Instructions(300) },
    Goal { what: ALL, most: Most::Instructions(500) },
    Goal { what: LINT, most: Most::Share(34, TRACE_INFO) },
    Goal { what: ALL, most: Most::Share(56, TRACE_INFO) },
    Goal { what: ["routes-10000", "lint", "bare"], most: Most::Share(130, LINT) },
];

const LINT: Names = ["clean-get", "lint", "bare"];
const ALL: Names = ["clean-get", "all", "bare"];
const TRACE_INFO: Names = ["clean-get", "trace-info", "bare"];

// === impl Goal ===

impl Goal {
    /// What is said of it, and whether it holds; nothing where its rows were not measured.
    pub(crate) fn judge(&self, added: impl Fn(Names) -> Option<i64>) -> Option<(String, bool)> {
        let (what, is) = (self.what.join(" "), added(self.what)?);
        let (line, holds) = match self.most {
            Most::Instructions(most) => {
                (format!("{what}: {is} instructions, {most} at most"), is <= most)
            }
            Most::Share(most, of) => {
                // Rounded up: what is over by a part of one is over.
                let whole = added(of)?.max(1);
                let share = (is * 100 + whole - 1) / whole;
                (format!("{what}: {share} % of {}, {most} % at most", of.join(" ")), share <= most)
            }
        };
        Some((format!("{line}{}", if holds { "" } else { ": NOT MET" }), holds))
    }
}
