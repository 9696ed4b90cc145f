use std::fmt::Display;

use super::TARGET;
use crate::policy::{ExpectationState, PolicyErrors, Reload};
use crate::report::PolicyStatus;

/// How long the list on a line is.
const LIST: usize = 512;

/// What is to be told of a policy: a line for floors that don't hold, and one for each state into
/// which expectations came.
pub(super) fn tell(status: &PolicyStatus) {
    let PolicyStatus { capped_floors, cap, .. } = status;
    if status.is_new && !capped_floors.is_empty() {
        ::tracing::warn!(
            target: TARGET,
            lints = %list(capped_floors.iter()),
            cap = cap.as_str(),
            "floors of the policy don't hold, by a cap or by CONN_LINT",
        );
    }
    let of = |state| list(status.news.iter().filter(move |status| status.state == state));
    for state in ExpectationState::ALL {
        let expectations = of(state);
        match state {
            _ if expectations.is_empty() => {}
            ExpectationState::Holds => {}
            ExpectationState::ExpiresSoon => {
                ::tracing::warn!(target: TARGET, %expectations, "expectations expire soon");
            }
            ExpectationState::Expired => {
                ::tracing::warn!(target: TARGET, %expectations, "expectations expired, and hold on");
            }
            ExpectationState::Unused => {
                ::tracing::warn!(target: TARGET, %expectations, "expectations were not needed for as long as they set");
            }
        }
    }
}

/// What came of reading the policy's files again.
pub(super) fn tell_reload(outcome: Result<Reload, &PolicyErrors>) {
    match outcome {
        Ok(Reload::Replaced) => ::tracing::info!(target: TARGET, "the policy was replaced"),
        Ok(Reload::Unchanged) => {
            ::tracing::debug!(target: TARGET, "the policy's files say the same")
        }
        Err(errors) => ::tracing::error!(
            target: TARGET,
            errors = %errors.brief(),
            "mistakes in the policy's files: the last good policy stays in force",
        ),
    }
}

/// As many as fit, and how many there are beside them.
pub(super) fn list(all: impl Iterator<Item = impl Display>) -> String {
    let (mut text, mut more) = (String::new(), 0);
    for (index, one) in all.enumerate() {
        let next = format!("{}{one}", if index > 0 { "; " } else { "" });
        if more > 0 || index > 0 && text.len() + next.len() > LIST {
            more += 1;
        } else {
            text.push_str(&next);
        }
    }
    if more > 0 { format!("{text}; and {more} more") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{self, Level, LintSet};
    use crate::policy::{Expectation, ExpectationStatus, Policy, PolicySource, Preset};
    use crate::report::tracing::log;

    fn status(news: Vec<ExpectationStatus>) -> PolicyStatus {
        PolicyStatus {
            source: PolicySource::Code,
            hash: None,
            is_new: true,
            preset: Preset::Observe1,
            cap: Level::Warn,
            capped_floors: LintSet::EMPTY,
            expectations: news.clone(),
            news,
        }
    }

    /// Expectations of a policy, as if they were in this state.
    fn expectations(owners: &[&str], state: ExpectationState) -> Vec<ExpectationStatus> {
        let expect = |owner: &&str| {
            let expectation = Expectation::new(lint::CALLER_SENDS_CLOSE, *owner, "terminals");
            expectation.inbound("/legacy/{*rest}").until(2027, 3, 31)
        };
        let policy = owners.iter().map(expect).fold(Policy::builder(), |all, one| all.expect(one));
        let lint = crate::ConnLint::builder().environment("").without_tracing();
        let lint = lint.policy(policy.build().expect("it is well-formed")).build();
        let mut all = lint.snapshot().expectations;
        all.iter_mut().for_each(|status| status.state = state);
        all
    }

    #[test]
    fn each_state_has_a_line_that_names_the_expectations() {
        let all = [
            (ExpectationState::Expired, "expectations expired, and hold on"),
            (ExpectationState::ExpiresSoon, "expectations expire soon"),
            (ExpectationState::Unused, "expectations were not needed"),
        ];
        for (state, text) in all {
            let line = log::of(|| tell(&status(expectations(&["team-store", "team-pay"], state))));
            assert_eq!(line.lines().count(), 1, "{line}");
            for part in [
                " WARN tower_conn_lint: ",
                text,
                "caller-sends-close on inbound /legacy/{*rest} (team-store, until 2027-03-31); ",
                "(team-pay, ",
            ] {
                assert!(line.contains(part), "{part} is missing in {line}");
            }
        }
        let holds = expectations(&["team-store"], ExpectationState::Holds);
        assert_eq!(log::of(|| tell(&status(holds))), "", "what holds is no news");
    }

    #[test]
    fn floors_that_do_not_hold_are_told_when_the_policy_is_new() {
        let capped_floors = LintSet::EMPTY.with(lint::HANDLER_SENDS_CLOSE);
        let capped = PolicyStatus { capped_floors, ..status(Vec::new()) };
        let line = log::of(|| tell(&capped));
        assert!(line.contains("lints=handler-sends-close cap=\"warn\""), "{line}");
        let later = PolicyStatus { is_new: false, ..capped };
        assert_eq!(log::of(|| tell(&later)), "", "once");
    }

    #[test]
    fn very_many_expectations_make_no_line_long() {
        let owners: Vec<_> = (0..50).map(|number| format!("team-{number}\u{1b}")).collect();
        let owners: Vec<_> = owners.iter().map(String::as_str).collect();
        let expired = expectations(&owners, ExpectationState::Expired);
        let line = log::of(|| tell(&status(expired)));
        assert!(line.len() <= 1024 && line.contains(" more"), "{line}");
        assert!(!line.trim_end().contains(char::is_control), "{line:?}");
    }
}
