use crate::lint::{Level, LintSet};
use crate::policy::{ExpectationStatus, PolicySource, Preset};

/// How a policy stands: told as a lint is built, in each
/// [`ConnLint::snapshot`](crate::ConnLint::snapshot), and, where it expects violations, at most once
/// a minute as connections end.
///
/// ```
/// use tower_conn_lint::report::{PolicyStatus, Reporter};
///
/// struct Stderr;
///
/// impl Reporter for Stderr {
///     fn policy(&self, status: &PolicyStatus) {
///         for expectation in &status.news {
///             eprintln!("{}: {expectation}", expectation.state);
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyStatus {
    /// Whether it holds from now on.
    pub is_new: bool,
    /// Where it comes from.
    pub source: PolicySource,
    /// Of the bytes that it was read from, the same for the same files in every process; `None` for
    /// a policy in code.
    pub hash: Option<u64>,
    /// The preset that it refines.
    pub preset: Preset,
    /// No level acts above this one, by the policy or by `CONN_LINT`.
    pub cap: Level,
    /// The floors that don't hold, by the policy's cap or by `CONN_LINT`.
    pub capped_floors: LintSet,
    /// Each violation that it expects.
    pub expectations: Vec<ExpectationStatus>,
    /// Those of them whose state is another than when this was last told: at first, all but those
    /// that hold.
    pub news: Vec<ExpectationStatus>,
}
