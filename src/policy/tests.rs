//! What documents that stand over each other come to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;

use super::document::{
    BoundsDocument, Document, ExpectationDocument, Preview, RouteDocument, Setting, Written,
};
use super::*;
use crate::Role;
use crate::connection::{Bounds, Side};
use crate::heal::Cures;
use crate::lint::{
    self, CALLER_SENDS_CLOSE, CLIENT_SENDS_CLOSE, HANDLER_SENDS_CLOSE, LOW_REUSE, Level, Lint,
    NO_IDLE_TIMEOUT, Place, UNREAD_REQUEST_BODY,
};

mod floors;
mod previews;
mod shares;
mod stacks;

/// Writes documents, a line for each thing that is said.
struct File {
    name: Arc<str>,
    line: u32,
    document: Document,
}

impl File {
    fn new(name: &str) -> File {
        File { name: name.into(), line: 0, document: Document::default() }
    }

    fn here<T>(&mut self, value: T) -> Written<T> {
        self.line += 1;
        Written { value, origin: Origin::file(self.name.clone(), self.line, 1) }
    }

    fn setting(&mut self, lint: Lint, level: impl Into<Rollout>) -> Setting {
        let Rollout { level, share } = level.into();
        let lint = self.here(LintName::from(lint));
        let share = share.map(|value| Written { value, origin: lint.origin.clone() });
        Setting { lint, level: Some(level), share, bounds: BoundsDocument::default() }
    }

    fn preset(mut self, preset: Preset) -> File {
        self.document.preset = Some(self.here(preset));
        self
    }

    fn preview(mut self, over: File) -> File {
        self.document.preview = Some(self.here(Preview::Documents(vec![over.done()])));
        self
    }

    fn cap(mut self, cap: Level) -> File {
        self.document.cap = Some(self.here(cap));
        self
    }

    fn allow_cap(mut self, allowed: bool) -> File {
        self.document.allow_cap = Some(self.here(allowed));
        self
    }

    fn lint(mut self, lint: Lint, level: impl Into<Rollout>) -> File {
        let setting = self.setting(lint, level);
        self.document.lints.push(setting);
        self
    }

    fn bounds(mut self, lint: Lint, bounds: BoundsDocument) -> File {
        let setting = Setting { level: None, bounds, ..self.setting(lint, Level::Warn) };
        self.document.lints.push(setting);
        self
    }

    fn floor(mut self, lint: Lint, level: impl Into<Rollout>) -> File {
        let setting = self.setting(lint, level);
        self.document.floors.push(setting);
        self
    }

    fn route(mut self, side: Side, text: &str, lints: &[(Lint, Rollout)]) -> File {
        let text = self.here(text.to_owned());
        let lints = lints.iter().map(|(lint, level)| self.setting(*lint, *level)).collect();
        self.document.routes.push(RouteDocument { side, text, lints, drain: None });
        self
    }

    fn inbound(self, text: &str, lint: Lint, level: impl Into<Rollout>) -> File {
        self.route(Side::Inbound, text, &[(lint, level.into())])
    }

    fn outbound(self, text: &str, lint: Lint, level: impl Into<Rollout>) -> File {
        self.route(Side::Outbound, text, &[(lint, level.into())])
    }

    fn expect(mut self, lint: Lint, route: Option<(Side, &str)>, owner: &str) -> File {
        let lint = self.here(LintName::from(lint));
        let route = route.map(|(side, text)| (side, self.here(text.to_owned())));
        let (owner, reason) = (self.here(owner.to_owned()), self.here("a reason".to_owned()));
        let (until, unused_after) = (None, None);
        let expectation = ExpectationDocument { lint, route, owner, reason, until, unused_after };
        self.document.expectations.push(expectation);
        self
    }

    fn exclude(mut self, path: &str) -> File {
        let path = self.here(path.to_owned());
        self.document.excluded_paths.push(path);
        self
    }

    fn exclude_probes(mut self, excluded: bool) -> File {
        self.document.probes_excluded = Some(self.here(excluded));
        self
    }

    fn done(self) -> Arc<Document> {
        Arc::new(self.document)
    }
}

fn stack(files: impl IntoIterator<Item = File>) -> (Policy, Vec<PolicyError>) {
    Policy::of(&files.into_iter().map(File::done).collect::<Vec<_>>())
}

fn well_formed(files: impl IntoIterator<Item = File>) -> Policy {
    let (policy, errors) = stack(files);
    assert!(errors.is_empty(), "{errors:?}");
    policy
}

/// An endpoint's, for which code says nothing.
fn beside(environment: &Environment, instance: Instance, now: Instant) -> Beside<'_> {
    let (cures, role) = (Cures::new(), Role::Endpoint);
    Beside { code: &[], environment, instance, bounds: None, cures, role, now }
}

/// Compiled for an instance, with what code and the environment say.
fn compiled(policy: &Policy, code: &[(Lint, Level)], environment: &str, name: &str) -> Table {
    let (environment, errors) = Environment::parse(environment);
    assert!(errors.is_none(), "{errors:?}");
    let beside = Beside { code, ..beside(&environment, Instance::new(name), Instant::now()) };
    Table::new(policy, &beside, None)
}

fn table(policy: &Policy) -> Table {
    compiled(policy, &[], "", "instance")
}

/// Where a lint is looked for, the first place of all.
fn place(lint: Lint) -> Place {
    let mut places = Place::ALL.iter().copied();
    places.find(|place| lint.applies_to(*place)).expect("it is looked for somewhere")
}

/// The level of a lint where a request went, and what would be done.
fn levels(table: &Table, lint: Lint, matched: Matched) -> (Level, Option<Level>) {
    // Where it acts, rather than where it is only reported.
    let fixed = Place::ALL.iter().copied().find(|place| lint.can_fix(*place));
    let verdict = table.rules(matched).verdict(lint, fixed.unwrap_or(place(lint)), || None);
    verdict.map_or((Level::Allow, None), |verdict| (verdict.level, verdict.would))
}

fn inbound(table: &Table, method: Method, path: &str, lint: Lint) -> Level {
    levels(table, lint, table.inbound(&method, path)).0
}

fn get(table: &Table, path: &str, lint: Lint) -> Level {
    inbound(table, Method::GET, path, lint)
}

/// An error in a word: its kind, and where the two contradict each other.
fn told(error: &PolicyError) -> String {
    let other = error.other().map_or_else(String::new, |other| format!(" against {other}"));
    format!("{:?} at {}{other}", error.kind(), error.origin())
}
