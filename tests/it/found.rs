use std::sync::{Arc, Mutex};

use tower_conn_lint::lint::{Finding, Lint};
use tower_conn_lint::report::Reporter;
use tower_conn_lint::{ConnLint, ConnLintBuilder, Policy};

/// What a lint reported, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found(Arc<Mutex<Reported>>);

#[derive(Debug, Default)]
struct Reported {
    findings: Vec<Finding>,
    accepted: Vec<Finding>,
}

/// A lint that the process's environment does not reach, and what it reports.
pub(crate) fn lint(policy: impl Into<Policy>) -> (ConnLint, Found) {
    lint_by(ConnLint::builder().policy(policy).environment(""))
}

/// A lint, and what it reports.
pub(crate) fn lint_by(builder: ConnLintBuilder) -> (ConnLint, Found) {
    let found = Found::default();
    (builder.without_tracing().without_metrics().reporter(found.clone()).build(), found)
}

impl Found {
    /// Everything, but what an exception in code silenced.
    pub(crate) fn all(&self) -> Vec<Finding> {
        self.0.lock().expect("no test panics with the lock").findings.clone()
    }

    /// The findings of one lint.
    pub(crate) fn of(&self, lint: Lint) -> Vec<Finding> {
        self.all().into_iter().filter(|finding| finding.lint == lint).collect()
    }

    /// The one finding that there is, and it is of this lint.
    pub(crate) fn one(&self, lint: Lint) -> Finding {
        match &self.all()[..] {
            [finding] if finding.lint == lint => finding.clone(),
            others => panic!("one finding of {lint} was expected: {:?}", names(others)),
        }
    }

    /// The lints found, in order.
    pub(crate) fn lints(&self) -> Vec<&'static str> {
        names(&self.all())
    }

    /// The lints that an exception in code silenced, in order.
    pub(crate) fn accepted(&self) -> Vec<&'static str> {
        names(&self.0.lock().expect("no test panics with the lock").accepted)
    }

    /// Forgets what was reported.
    pub(crate) fn clear(&self) {
        *self.0.lock().expect("no test panics with the lock") = Reported::default();
    }
}

impl Reporter for Found {
    fn finding(&self, finding: &Finding) {
        self.0.lock().expect("no test panics with the lock").findings.push(finding.clone());
    }

    fn accepted(&self, finding: &Finding) {
        self.0.lock().expect("no test panics with the lock").accepted.push(finding.clone());
    }
}

fn names(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.lint.name()).collect()
}
