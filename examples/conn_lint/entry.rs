//! A lint of the catalogue, as all of it is shown.

use serde_json::{Map, Value, json};
use tower_conn_lint::Preset;
use tower_conn_lint::lint::{Lint, Place};

/// For programs.
pub(crate) fn object(lint: Lint) -> Value {
    let levels: Map<_, _> =
        levels(lint).map(|(preset, level)| (preset.to_owned(), level.into())).collect();
    json!({
        "name": lint.name(),
        "summary": lint.summary(),
        "why": lint.why(),
        "looks_like": lint.example(),
        "fix": lint.fix(),
        "accept": lint.accept(),
        "likely": lint.likely(),
        "unknown": lint.unknown(),
        "source": lint.source(),
        "looked_for_in": places(|place| lint.applies_to(place)),
        "fixed_in": places(|place| lint.can_fix(place)),
        "denied_in": places(|place| lint.can_deny(place)),
        "levels": levels,
        "url": lint.url(),
    })
}

/// Its level in each preset.
pub(crate) fn levels(lint: Lint) -> impl Iterator<Item = (&'static str, &'static str)> {
    Preset::ALL.into_iter().map(move |preset| (preset.as_str(), preset.level(lint).as_str()))
}

/// The places for which something holds.
pub(crate) fn places(holds: impl Fn(Place) -> bool) -> Vec<&'static str> {
    let places = Place::ALL.iter().copied().filter(|place| holds(*place));
    places.map(Place::as_str).collect()
}
