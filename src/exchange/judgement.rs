//! What a policy makes of the lints that fired on one message: findings, rewrites, a denial.

use http::{HeaderMap, Method, Version};

use super::placement::Placement;
use crate::denied::Denied;
use crate::field::{CameIn, Signs};
use crate::lint::{
    self, Action, Edit, Evidence, Finding, Head, Label, Level, Lint, LintSet, Place, Rewrite,
    StandAside,
};
use crate::policy::{Rules, Verdict};

/// A message and all that bears on its judgement.
pub(crate) struct Subject<'a> {
    pub(crate) placement: &'a Placement,
    pub(crate) rules: Rules<'a>,
    pub(crate) head: Head,
    /// What came in, where a gateway passes it on.
    pub(crate) came: Option<CameIn>,
    /// The lints that another layer of the stack settled.
    pub(crate) settled: LintSet,
    pub(crate) method: &'a Method,
    pub(crate) version: Option<Version>,
    pub(crate) route: Label,
    pub(crate) server: Option<Label>,
}

/// The judgement of a request.
pub(crate) struct Denial {
    pub(crate) findings: Vec<Finding>,
    pub(crate) denied: Option<Denied>,
}

/// Judges a request that may still be rewritten or rejected; `answers` tells whether a rejection
/// can be answered.
pub(crate) fn of_request(subject: &Subject<'_>, headers: &mut HeaderMap, answers: bool) -> Denial {
    let mut findings = find(subject, headers);
    let mut denied = None;
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::Deny) {
        if answers {
            finding.action = Action::Denied;
            let status = subject.placement.table.deny_status;
            denied = denied.or(Some(Denied::new(finding.lint, status)));
        } else {
            finding.action = Action::StoodAside(StandAside::NoAnswer);
        }
    }
    if denied.is_none() {
        rewrite(subject, &mut findings, headers);
    }
    Denial { findings, denied }
}

/// Judges a request that is on its way: it is too late to act on it.
pub(crate) fn of_sent_request(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = find(subject, &HeaderMap::new());
    for finding in findings.iter_mut().filter(|finding| finding.level >= Level::Fix) {
        finding.action = Action::StoodAside(StandAside::VersionUnknown);
    }
    findings
}

/// Judges a response.
pub(crate) fn of_response(subject: &Subject<'_>, headers: &mut HeaderMap) -> Vec<Finding> {
    let mut findings = find(subject, headers);
    rewrite(subject, &mut findings, headers);
    findings
}

/// The lints that fire, but those that nobody heeds.
fn find(subject: &Subject<'_>, headers: &HeaderMap) -> Vec<Finding> {
    let fired = lint::check(&subject.head).intersection(subject.placement.judged());
    fired
        .difference(subject.settled)
        .iter()
        .filter_map(|lint| subject.finding(lint, headers))
        .collect()
}

/// Carries out the fixes. A rewrite is claimed only where the message changed by it.
fn rewrite(subject: &Subject<'_>, findings: &mut [Finding], headers: &mut HeaderMap) {
    let keeps_close = lint::unread_body(&subject.head).reason();
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::Fix) {
        let rewrite = finding.lint.entry().rewrite.as_ref();
        let rewrite = rewrite.filter(|rewrite| rewrite.on.contains(finding.place));
        finding.action = match (rewrite, keeps_close) {
            (None, _) => Action::StoodAside(StandAside::VersionUnknown),
            (Some(Rewrite { apply: Edit::Fields(_), .. }), _) if subject.head.is_interim() => {
                Action::StoodAside(StandAside::Tunnel)
            }
            (Some(rewrite), Some(reason)) if rewrite.keeps_alive => Action::StoodAside(reason),
            // An earlier rewrite mended this one too: nothing more is to be taken away.
            (Some(_), _) if !lint::check(&subject.reread(headers)).contains(finding.lint) => {
                Action::Rewritten
            }
            (Some(rewrite), _) if subject.apply(&rewrite.apply, headers) => Action::Rewritten,
            (Some(_), _) => Action::StoodAside(StandAside::Unsafe),
        };
    }
}

impl Subject<'_> {
    /// The head, once its fields were rewritten.
    fn reread(&self, headers: &HeaderMap) -> Head {
        let head = self.head.reread(headers);
        if !self.head.has(Signs::GATEWAY) {
            return head;
        }
        head.of_gateway(self.came.as_ref().map_or(Signs::NONE, |came| came.passed_on(headers)))
    }

    fn apply(&self, edit: &Edit, headers: &mut HeaderMap) -> bool {
        match (edit, &self.came) {
            (Edit::Fields(apply), _) => apply(headers),
            (Edit::PassedOn(apply), Some(came)) => apply(came, headers),
            (Edit::PassedOn(_), None) => false,
        }
    }

    fn finding(&self, lint: Lint, headers: &HeaderMap) -> Option<Finding> {
        let Subject { placement, rules, head, .. } = self;
        let place = Place::from(head.message);
        let verdict = rules.verdict(lint, place, || placement.exception(lint).cloned())?;
        let Verdict { level, capped, would, reason, expected } = verdict;
        let acts = capped.filter(|floor| *floor > Level::Warn);
        let action = acts.map_or(Action::None, |_| Action::StoodAside(StandAside::Capped));
        Some(Finding {
            action,
            reason,
            expected,
            method: Some(self.method.clone()),
            route: self.route,
            client: placement.outlet.as_ref().map(|outlet| outlet.client),
            server: self.server,
            version: self.version,
            evidence: Evidence::of_passed_on(lint, headers, self.came.as_ref()),
            ..Finding::new(lint, place, level, would.max(capped))
        })
    }
}
