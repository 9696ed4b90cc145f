//! What a document says, checked by itself.

use std::fmt;

use super::decision::Rule;
use super::document::{BoundsDocument, ExpectationDocument, Setting, Written};
use super::pattern::Pattern;
use super::{KnownViolation, Origin, PolicyError, Rollout};
use crate::lint::{Level, Lint, printable};

/// How long an owner's name and a reason are, in bytes.
const OWNER: usize = 96;
const REASON: usize = 256;

/// The lint that a setting is for, if there is one.
pub(super) fn resolved(setting: &Setting, errors: &mut Vec<PolicyError>) -> Option<Lint> {
    let Written { value: name, origin } = &setting.lint;
    name.resolve().map_err(|error| errors.push(error.at(origin))).ok()
}

/// What a setting says of its lint's level, as far as the lint admits it. A share that can't be is
/// that of no instance: a slip is not to act on all.
pub(super) fn rule(lint: Lint, setting: &Setting, errors: &mut Vec<PolicyError>) -> Option<Rule> {
    let origin = &setting.lint.origin;
    let written = setting.level?;
    let level = admitted(lint, written, origin, errors);
    let mut share = None;
    if let Some(Written { value, origin }) = &setting.share {
        if written < Level::Fix {
            errors.push(PolicyError::share_of_no_act(lint, written).at(origin));
        } else if (0.0..=1.0).contains(value) {
            share = Some(*value);
        } else {
            errors.push(PolicyError::share(lint, *value).at(origin));
            share = Some(0.0);
        }
    }
    Some(Rule { rollout: Rollout { level, share }, origin: origin.clone() })
}

/// The level as far as the lint admits it; one that can't act is an error, and taken as `warn`.
pub(super) fn admitted(
    lint: Lint,
    level: Level,
    origin: &Origin,
    errors: &mut Vec<PolicyError>,
) -> Level {
    let error = match level {
        Level::Fix if !lint.is_fixable() => PolicyError::cannot_fix(lint),
        Level::Deny if !lint.is_deniable() => PolicyError::cannot_deny(lint),
        level => return level,
    };
    errors.push(error.at(origin));
    Level::Warn
}

pub(super) fn refuse_bounds(
    lint: Lint,
    setting: &Setting,
    reason: &str,
    errors: &mut Vec<PolicyError>,
) {
    if setting.bounds != BoundsDocument::default() {
        errors.push(PolicyError::bounds(lint, reason).at(&setting.lint.origin));
    }
}

pub(super) fn known_violation(
    document: &ExpectationDocument,
) -> Result<KnownViolation, PolicyError> {
    let Written { value: name, origin } = &document.lint;
    let lint = name.resolve().map_err(|error| error.at(origin))?;
    let pattern = match &document.route {
        None => None,
        Some((side, text)) => {
            let pattern = Pattern::parse(*side, &text.value, &text.origin)?;
            pattern.check_side(lint).map_err(|error| error.at(origin))?;
            Some(pattern)
        }
    };
    Ok(KnownViolation {
        lint,
        route: pattern.as_ref().map(|pattern| pattern.name.clone()),
        owner: printable(&document.owner.value, OWNER).into(),
        reason: printable(&document.reason.value, REASON).into(),
        until: document.until.as_ref().map(|until| until.value).filter(|until| until.exists()),
        unused_after: document.unused_after.as_ref().map(|after| after.value),
        origin: origin.clone(),
        pattern,
    })
}

pub(super) fn below_floor(
    what: impl fmt::Display,
    lint: Lint,
    origin: &Origin,
    floor: &Rule,
) -> PolicyError {
    PolicyError::below_floor(what, lint, floor.rollout).at(origin).against(&floor.origin)
}
