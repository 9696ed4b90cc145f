use super::Value;
use super::Walk;
use crate::policy::document::Written;

/// What a value of the file may be: how it is read, and how the schema describes it.
pub(super) trait Form: Sized {
    /// What an array of it is, as a mistake says it.
    const MANY: &'static str = "an array";

    /// The value, or nothing and a mistake that says what was expected.
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Self>;

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value;
}

/// A table whose keys are known. They are said once, to whoever asks: the reader or the schema. So a
/// key that one of them knows is one that the other knows.
pub(super) trait Table: Default {
    /// How a mistake names the table.
    const NAME: &'static str;

    fn keys(keys: &mut impl Keys<Self>);
}

/// Who asks for the keys of a table.
pub(super) trait Keys<T> {
    /// A key that may be there; `about` is a sentence for the schema.
    fn key<V: Form>(
        &mut self,
        name: &'static str,
        about: &'static str,
        set: fn(&mut T, Written<V>),
    );

    /// A key that has to be there.
    fn required<V: Form>(
        &mut self,
        name: &'static str,
        about: &'static str,
        set: fn(&mut T, Written<V>),
    );

    /// A key that means nothing in this table, though it does in others.
    fn misplaced(&mut self, name: &'static str, reason: &'static str);
}

/// Collects the names of a table's keys.
struct Names(Vec<&'static str>);

/// The names of a table's keys.
pub(super) fn names<T: Table>() -> Vec<&'static str> {
    let mut names = Names(Vec::new());
    T::keys(&mut names);
    names.0
}

// === impl Names ===

impl<T> Keys<T> for Names {
    fn key<V: Form>(&mut self, name: &'static str, _: &'static str, _: fn(&mut T, Written<V>)) {
        self.0.push(name);
    }

    fn required<V: Form>(
        &mut self,
        name: &'static str,
        _: &'static str,
        _: fn(&mut T, Written<V>),
    ) {
        self.0.push(name);
    }

    fn misplaced(&mut self, _: &'static str, _: &'static str) {}
}

// === impl Form ===

impl<V: Form> Form for Written<V> {
    const MANY: &'static str = V::MANY;

    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Self> {
        Some(Written { value: V::read(value, walk)?, origin: walk.origin(value.span().start) })
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        V::schema()
    }
}

/// What is refused in an array drops only itself.
impl<V: Form> Form for Vec<V> {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Self> {
        let Some(values) = value.get_ref().as_array() else {
            return walk.expected(value, V::MANY, None);
        };
        Some(values.iter().filter_map(|value| V::read(value, walk)).collect())
    }

    #[cfg(feature = "schema")]
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": "array", "items": V::schema() })
    }
}
