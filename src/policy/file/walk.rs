use std::sync::Arc;

use toml::de::DeValue;

use super::keys::{Form, Keys, Table};
use super::places::Places;
use super::{Map, Value};
use crate::policy::document::Written;
use crate::policy::error::{did_you_mean, quoted};
use crate::policy::suggest::nearest;
use crate::policy::{Origin, PolicyError, PolicyErrorKind, Severity};

/// How many mistakes of each severity are written down; the rest is counted, since the search for the
/// nearest name is dear.
const MOST: usize = 100;

/// One file as it is read: tells where things stand, and collects what is refused.
pub(super) struct Walk<'a> {
    places: Places<'a>,
    mistakes: Vec<PolicyError>,
    /// How many there were, by severity.
    count: [usize; 2],
}

/// Reads a table by its keys.
pub(super) struct TableReader<'r, 'a, T> {
    walk: &'r mut Walk<'a>,
    map: &'r Map<'r>,
    table: T,
    /// Where the table stands, and its name.
    at: usize,
    name: &'static str,
    known: Vec<&'static str>,
}

// === impl Walk ===

impl<'a> Walk<'a> {
    pub(super) fn new(name: Arc<str>, text: &'a str) -> Walk<'a> {
        Walk { places: Places::new(name, text), mistakes: Vec::new(), count: [0; 2] }
    }

    pub(super) fn origin(&self, at: usize) -> Origin {
        self.places.origin(at)
    }

    /// The text of a value as it was written, or what it is.
    pub(super) fn written(&self, value: &Value<'_>) -> String {
        match value.get_ref() {
            DeValue::String(text) => format!("`{}`", quoted(text)),
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "an array".to_owned(),
            _ => format!("`{}`", quoted(self.places.text(value.span()))),
        }
    }

    /// The text between two offsets.
    pub(super) fn text(&self, range: std::ops::Range<usize>) -> &'a str {
        self.places.text(range)
    }

    /// Writes a mistake down, while there are not too many of its severity.
    pub(super) fn refuse(
        &mut self,
        at: usize,
        severity: Severity,
        mistake: impl FnOnce() -> PolicyError,
    ) {
        let count = &mut self.count[severity as usize];
        *count += 1;
        if *count <= MOST {
            let error = mistake().at(&self.places.origin(at));
            debug_assert_eq!(error.severity(), severity, "{error}");
            self.mistakes.push(error);
        }
    }

    /// Refuses a value.
    pub(super) fn expected<T>(
        &mut self,
        value: &Value<'_>,
        expected: &str,
        near: Option<&str>,
    ) -> Option<T> {
        let text = format!("{} is not {expected}{}", self.written(value), did_you_mean(near));
        self.refuse(value.span().start, Severity::Error, || {
            PolicyError::new(PolicyErrorKind::Value, text)
        });
        None
    }

    /// Refuses the name of a lint. It may be one of a later version.
    pub(super) fn unknown_lint(&mut self, at: usize, mistake: impl FnOnce() -> PolicyError) {
        self.refuse(at, Severity::Warning, mistake);
    }

    /// Refuses a table in which a key is missing.
    pub(super) fn missing(&mut self, at: usize, text: impl FnOnce() -> String) {
        self.refuse(at, Severity::Error, || PolicyError::new(PolicyErrorKind::MissingKey, text()));
    }

    /// Refuses a key that means nothing where it stands.
    pub(super) fn misplaced(&mut self, at: usize, text: impl FnOnce() -> String) {
        self.refuse(at, Severity::Error, || PolicyError::new(PolicyErrorKind::Misplaced, text()));
    }

    /// Reads a table by its keys.
    pub(super) fn table<T: Table>(&mut self, value: &Value<'_>) -> Option<T> {
        let Some(map) = value.get_ref().as_table() else {
            return self.expected(value, &format!("a table, as in {}", T::NAME), None);
        };
        Some(self.keys(map, value.span().start, T::NAME, |keys| T::keys(keys)))
    }

    /// Reads a table by keys that depend on where it stands.
    pub(super) fn keys<T: Default>(
        &mut self,
        map: &Map<'_>,
        at: usize,
        name: &'static str,
        keys: impl FnOnce(&mut TableReader<'_, 'a, T>),
    ) -> T {
        let table = T::default();
        let mut reader = TableReader { walk: self, map, table, at, name, known: Vec::new() };
        keys(&mut reader);
        reader.refuse_unknown_keys();
        reader.table
    }

    /// The mistakes in no order, and how many more there were.
    pub(super) fn finish(self) -> (Vec<PolicyError>, usize) {
        let more = self.count.iter().sum::<usize>() - self.mistakes.len();
        (self.mistakes, more)
    }
}

// === impl TableReader ===

impl<T> TableReader<'_, '_, T> {
    fn read<V: Form>(&mut self, name: &'static str, set: fn(&mut T, Written<V>)) -> bool {
        self.known.push(name);
        let Some(value) = self.map.get(name) else { return false };
        if let Some(written) = Written::read(value, self.walk) {
            set(&mut self.table, written);
        }
        true
    }

    fn refuse_unknown_keys(&mut self) {
        for key in self.map.keys() {
            let (at, key) = (key.span().start, key.get_ref().as_ref());
            if self.known.contains(&key) {
                continue;
            }
            let (known, table) = (&self.known, self.name);
            self.walk.refuse(at, Severity::Warning, || {
                let hint = match nearest(key, known.iter().copied()) {
                    None => format!(": there are `{}`", known.join("`, `")),
                    near => did_you_mean(near),
                };
                let text = format!("unknown key `{}` in {table}{hint}", quoted(key));
                PolicyError::new(PolicyErrorKind::UnknownKey, text)
            });
        }
    }
}

impl<T> Keys<T> for TableReader<'_, '_, T> {
    fn key<V: Form>(&mut self, name: &'static str, _: &'static str, set: fn(&mut T, Written<V>)) {
        self.read(name, set);
    }

    fn required<V: Form>(
        &mut self,
        name: &'static str,
        _: &'static str,
        set: fn(&mut T, Written<V>),
    ) {
        if !self.read(name, set) {
            let table = self.name;
            self.walk.missing(self.at, || format!("`{name}` is missing in {table}"));
        }
    }

    fn misplaced(&mut self, name: &'static str, reason: &'static str) {
        let Some((key, _)) = self.map.get_key_value(name) else { return };
        self.known.push(name);
        self.walk.misplaced(key.span().start, || format!("`{name}` means nothing here: {reason}"));
    }
}
