//! The policy file: text becomes a [`Document`], and all that is wrong with it is told at once, each
//! with its place. What is refused drops only itself.

mod diagnostic;
mod forms;
mod keys;
mod places;
#[cfg(feature = "schema")]
mod schema;
mod settings;
mod source;
mod stack;
mod statements;
mod tables;
#[cfg(test)]
mod tests;
mod walk;

pub use self::diagnostic::{Excerpt, PolicyDiagnostic};
pub use self::stack::Stack;

pub(super) use self::stack::Loaded;

use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use self::keys::Table as _;
use self::tables::PolicyFile;
use self::walk::Walk;
use super::document::Written;
use super::error::quoted;
use super::{PolicyError, PolicyErrorKind, Severity};
use crate::lint::Level;

/// A value, and where it stands.
type Value<'i> = Spanned<DeValue<'i>>;

/// A table of values by their keys, each with its place.
type Map<'i> = DeTable<'i>;

/// A text that was read.
#[derive(Debug, Default)]
struct Reading {
    file: PolicyFile,
    /// In no order.
    errors: Vec<PolicyError>,
    /// How many more there were.
    more: usize,
    /// Whether there was a text.
    is_read: bool,
    /// Where it is, and where its preview is.
    files: Vec<PathBuf>,
}

/// Reads the text of a policy file. It never fails: what can be read is there.
fn read(name: Arc<str>, bytes: &[u8]) -> Reading {
    let text = String::from_utf8_lossy(bytes);
    // A byte order mark is no character of the first line.
    let whole = text.len();
    let text = text.trim_start_matches('\u{feff}');
    let mark = whole - text.len();
    let mut walk = Walk::new(name, text);
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to().saturating_sub(mark).min(text.len());
        walk.refuse(at, Severity::Error, || {
            PolicyError::new(PolicyErrorKind::Unreadable, "not UTF-8 here")
        });
    }
    let sound;
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(_) => {
            sound = statements::sound(text, |start, error| refuse(&mut walk, start, error));
            let (root, errors) = DeTable::parse_recoverable(&sound);
            errors.iter().for_each(|error| refuse(&mut walk, 0, error));
            root
        }
    };
    let mut file = walk.keys(root.get_ref(), 0, PolicyFile::NAME, |keys| PolicyFile::keys(keys));
    if let (None, Some((key, _))) = (&file.document.cap, root.get_ref().get_key_value("cap")) {
        // A slip in what holds acts down is not to let them go.
        let origin = walk.origin(key.span().start);
        file.document.cap = Some(Written { value: Level::Warn, origin });
    }
    let (errors, more) = walk.finish();
    Reading { file, errors, more, is_read: true, files: Vec::new() }
}

/// Tells what the parser found; `start` is where the text that it was given starts.
fn refuse(walk: &mut Walk<'_>, start: usize, error: &Error) {
    let span = error.span().unwrap_or_default();
    let span = start + span.start..start + span.end;
    let written = walk.text(span.clone());
    walk.refuse(span.start, Severity::Error, || {
        if statements::is_duplicate(error) {
            let text = format!("`{}` is there already: the first one holds", quoted(written));
            PolicyError::new(PolicyErrorKind::DuplicateKey, text)
        } else {
            let text = format!("not TOML: {}", in_our_words(error.message(), written));
            PolicyError::new(PolicyErrorKind::Syntax, text)
        }
    });
}

/// What the parser says of a text, better for the mistake that is made most: a text without quotes,
/// which it may take for the start of `false`.
fn in_our_words(message: &str, written: &str) -> String {
    let unquoted = message.starts_with("string values must be quoted");
    match written.chars().next() {
        None if unquoted => "the value is missing".to_owned(),
        Some(first) if unquoted || first.is_ascii_alphabetic() => {
            let written = quoted(written);
            format!("`{written}` has no quotes: write `\"{written}\"`")
        }
        // It may name control characters.
        _ => message.chars().filter(|c| !c.is_control()).take(256).collect(),
    }
}
