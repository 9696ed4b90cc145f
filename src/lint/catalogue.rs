use super::entry::Entry;
use super::{Lint, close, hop_by_hop, http2, keep_alive, nomination, reading, reuse, window};

/// The families, in the order in which lints are listed and reported.
const FAMILIES: [&[&Entry]; 8] = [
    close::FAMILY,
    reading::FAMILY,
    nomination::FAMILY,
    keep_alive::FAMILY,
    hop_by_hop::FAMILY,
    http2::FAMILY,
    reuse::FAMILY,
    window::FAMILY,
];

pub(super) const COUNT: usize = {
    let mut count = 0;
    let mut family = 0;
    while family < FAMILIES.len() {
        count += FAMILIES[family].len();
        family += 1;
    }
    assert!(count <= 128, "a LintSet has 128 bits");
    count
};

/// Every lint's entry, by its index.
pub(super) static CATALOGUE: [&Entry; COUNT] = {
    let mut entries = [FAMILIES[0][0]; COUNT];
    let (mut family, mut next) = (0, 0);
    while family < FAMILIES.len() {
        let mut entry = 0;
        while entry < FAMILIES[family].len() {
            entries[next] = FAMILIES[family][entry];
            next += 1;
            entry += 1;
        }
        family += 1;
    }
    entries
};

/// Every lint of the catalogue, in its order.
///
/// ```
/// use tower_conn_lint::lint;
///
/// assert!(lint::all().any(|lint| lint == lint::CALLER_SENDS_CLOSE));
/// ```
pub fn all() -> impl Iterator<Item = Lint> {
    (0..COUNT).map(Lint::at)
}

/// The lint of this name, with all that is to be said of it; `None` where there is none.
///
/// ```
/// use tower_conn_lint::lint;
///
/// let lint = lint::explain("client-sends-close").unwrap();
/// println!("{}", lint.explanation());
/// assert!(lint::explain("client-sends-open").is_none());
/// ```
pub fn explain(name: &str) -> Option<Lint> {
    all().find(|lint| lint.name() == name)
}
