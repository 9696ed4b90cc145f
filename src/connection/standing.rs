use std::sync::atomic::{AtomicU8, Ordering};

use http::Version;

use super::State;

/// As what a connection was last counted among the open ones.
///
/// A change takes it from one kind to another in one atomic step, and is told by whoever made it:
/// so the sum over all changes is right, in whatever order they are told, and none is told twice.
/// Relaxed, since it publishes nothing else.
#[derive(Debug, Default)]
pub(crate) struct Standing(AtomicU8);

/// What an open connection speaks, and whether it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(u8);

/// By how many the open connections of each kind changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes([i64; Kind::COUNT]);

// === impl Standing ===

impl Standing {
    /// Not counted yet.
    const NEW: u8 = 0;
    /// Not counted any more, whoever comes late.
    const GONE: u8 = u8::MAX;

    /// The connection is of this kind now.
    pub(crate) fn enter(&self, kind: Kind, changes: &mut Changes) {
        let new = kind.0 + 1;
        let moves = |old| (old != Standing::GONE && old != new).then_some(new);
        if let Ok(old) = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moves) {
            changes.leave(old);
            changes.0[usize::from(kind.0)] += 1;
        }
    }

    /// The connection ended.
    pub(crate) fn leave(&self, changes: &mut Changes) {
        changes.leave(self.0.swap(Standing::GONE, Ordering::Relaxed));
    }
}

// === impl Kind ===

impl Kind {
    const VERSIONS: [Option<Version>; 5] = [
        None,
        Some(Version::HTTP_10),
        Some(Version::HTTP_11),
        Some(Version::HTTP_2),
        Some(Version::HTTP_3),
    ];
    const COUNT: usize = 2 * Kind::VERSIONS.len();

    pub(crate) fn new(version: Option<Version>, state: State) -> Kind {
        let version = Kind::VERSIONS.iter().position(|known| *known == version).unwrap_or(0);
        Kind(version as u8 * 2 + state as u8)
    }

    fn version(self) -> Option<Version> {
        Kind::VERSIONS[usize::from(self.0 / 2)]
    }

    fn state(self) -> State {
        if self.0 % 2 == State::Active as u8 { State::Active } else { State::Idle }
    }
}

// === impl Changes ===

impl Changes {
    /// Those that are some.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Option<Version>, State, i64)> {
        let kinds = (0..).map(Kind).zip(&self.0).filter(|(_, by)| **by != 0);
        kinds.map(|(kind, by)| (kind.version(), kind.state(), *by))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|by| *by == 0)
    }

    fn leave(&mut self, old: u8) {
        if old != Standing::NEW && old != Standing::GONE {
            self.0[usize::from(old - 1)] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_its_version_and_its_state() {
        for version in Kind::VERSIONS {
            for state in [State::Active, State::Idle] {
                let kind = Kind::new(version, state);
                assert_eq!((kind.version(), kind.state()), (version, state));
            }
        }
    }

    #[test]
    fn the_changes_of_a_connection_add_up_to_none_once_it_ended() {
        let standing = Standing::default();
        let mut changes = Changes::default();
        let [new, used] = [(None, State::Idle), (Some(Version::HTTP_11), State::Active)];
        standing.enter(Kind::new(new.0, new.1), &mut changes);
        standing.enter(Kind::new(used.0, used.1), &mut changes);
        standing.enter(Kind::new(used.0, used.1), &mut changes);
        let open: Vec<_> = changes.iter().collect();
        assert_eq!(open, [(used.0, used.1, 1)], "it is counted once, as what it is");

        standing.leave(&mut changes);
        standing.leave(&mut changes);
        standing.enter(Kind::new(used.0, used.1), &mut changes);
        assert!(changes.is_empty(), "it is gone, and stays so: {changes:?}");
    }
}
