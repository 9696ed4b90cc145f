use std::collections::{BTreeMap, HashMap};

use super::KnownViolation;
use super::matcher::Matcher;
use crate::lint::{Label, Lint, LintSet};

/// The known violations of a policy, by where they are expected.
#[derive(Debug, Default)]
pub(super) struct Expectations {
    all: Vec<KnownViolation>,
    lints: LintSet,
    everywhere: BTreeMap<Lint, u32>,
    matcher: Option<Matcher>,
    entries: Vec<Entry>,
}

/// What is expected on one route: on itself, and on wider ones.
#[derive(Debug, Default)]
struct Entry {
    /// For the windows, where a lint of connections is expected.
    label: Option<Label>,
    expected: Vec<(Lint, u32)>,
}

// === impl Expectations ===

impl Expectations {
    pub(super) fn new(all: Vec<KnownViolation>) -> Expectations {
        // One entry for each route, in the order of their patterns.
        let (mut patterns, mut own) = (Vec::new(), Vec::<Vec<(Lint, u32)>>::new());
        let (mut places, mut everywhere) = (HashMap::new(), BTreeMap::new());
        for (index, known) in (0_u32..).zip(&all) {
            let Some(pattern) = &known.pattern else {
                everywhere.insert(known.lint, index);
                continue;
            };
            let place = *places.entry(pattern.shape()).or_insert(patterns.len());
            if place == patterns.len() {
                patterns.push((pattern, false));
                own.push(Vec::new());
            }
            patterns[place].1 |= !known.lint.is_of_messages();
            own[place].push((known.lint, index));
        }
        let matcher = Matcher::new(patterns.iter().copied());
        let entries = patterns.iter().map(|(pattern, beside)| {
            let mut entry = Entry::default();
            for place in matcher.covering(pattern) {
                // Of those on one route the last one written counts.
                for (lint, index) in own[place as usize].iter().rev() {
                    if entry.find(*lint).is_none() {
                        entry.expected.push((*lint, *index));
                    }
                }
            }
            let template = pattern.template.as_ref().filter(|_| *beside);
            entry.label = template.map(|template| Label::of_policy(template.as_str()));
            entry
        });
        let entries: Vec<_> = entries.collect();
        let lints = all.iter().map(|known| known.lint).collect();
        let matcher = (!entries.is_empty()).then_some(matcher);
        Expectations { all, lints, everywhere, matcher, entries }
    }

    pub(super) fn all(&self) -> &[KnownViolation] {
        &self.all
    }

    /// How many routes it tells apart.
    pub(super) fn routes(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn matcher(&self) -> Option<&Matcher> {
        self.matcher.as_ref()
    }

    /// Which one is expected on this route of the matcher, or everywhere.
    pub(super) fn find(&self, route: Option<u32>, lint: Lint) -> Option<usize> {
        if !self.lints.contains(lint) {
            return None;
        }
        let here = route.and_then(|route| self.entries[route as usize].find(lint));
        here.or_else(|| self.everywhere.get(&lint).copied()).map(|index| index as usize)
    }

    /// The label of a route, where a lint of connections is expected on it.
    pub(super) fn label(&self, route: u32) -> Option<Label> {
        self.entries[route as usize].label
    }
}

// === impl Entry ===

impl Entry {
    fn find(&self, lint: Lint) -> Option<u32> {
        self.expected.iter().find(|(expected, _)| *expected == lint).map(|(_, index)| *index)
    }
}
