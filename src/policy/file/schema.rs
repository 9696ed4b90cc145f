use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{Form, Keys, Table};
use super::settings;
use super::tables::PolicyFile;
use crate::Policy;
use crate::policy::document::Written;

/// What a table's keys are, as a schema.
#[derive(Default)]
pub(super) struct Properties {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

// === impl Policy ===

impl Policy {
    /// The JSON Schema of the policy file (draft 7), for editors. It is in the repository, too, as
    /// `conn-lint.schema.json`: an editor that knows Taplo takes it by a first line
    /// `#:schema path/to/conn-lint.schema.json`.
    ///
    /// ```
    /// let schema = tower_conn_lint::Policy::json_schema();
    /// assert!(schema.contains("client-sends-close"));
    /// ```
    pub fn json_schema() -> String {
        let mut schema = table::<PolicyFile>();
        schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
        schema["title"] = json!("conn-lint.toml");
        schema["description"] = json!("What tower-conn-lint does about each lint, on each route.");
        schema["definitions"] = Value::Object(settings::definitions());
        let mut text = String::new();
        _ = writeln!(text, "{schema:#}");
        text
    }
}

// === impl Properties ===

impl Properties {
    fn insert<V: Form>(&mut self, name: &str, about: &str) {
        let mut schema = V::schema();
        schema["description"] = json!(about);
        self.properties.insert(name.to_owned(), schema);
    }
}

impl<T> Keys<T> for Properties {
    fn key<V: Form>(&mut self, name: &'static str, about: &'static str, _: fn(&mut T, Written<V>)) {
        self.insert::<V>(name, about);
    }

    fn required<V: Form>(
        &mut self,
        name: &'static str,
        about: &'static str,
        _: fn(&mut T, Written<V>),
    ) {
        self.insert::<V>(name, about);
        self.required.push(name);
    }

    fn misplaced(&mut self, _: &'static str, _: &'static str) {}
}

/// The schema of a table whose keys are always the same.
pub(super) fn table<T: Table>() -> Value {
    keys(T::keys)
}

/// The schema of a table of these keys.
pub(super) fn keys(of: impl FnOnce(&mut Properties)) -> Value {
    let mut properties = Properties::default();
    of(&mut properties);
    let Properties { properties, required } = properties;
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}
