use std::fmt;
use std::sync::atomic::{AtomicU16, Ordering};

use super::Part;

/// The parts that are wired.
///
/// ```
/// use tower_conn_lint::report::{Part, Wired};
///
/// let wired: Wired = [Part::Listener, Part::Inbound].into_iter().collect();
/// assert_eq!(wired.to_string(), "listener, inbound");
/// assert!(wired.missing().contains(Part::MakeService));
/// assert!(!wired.missing().contains(Part::Connector), "nothing is wired of a client");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wired(u16);

/// The parts that are wired so far. Relaxed: each bit stands for itself.
#[derive(Debug, Default)]
pub(crate) struct Wiring(AtomicU16);

// === impl Wired ===

impl Wired {
    /// The set with one more.
    #[must_use]
    pub const fn with(self, part: Part) -> Wired {
        Wired(self.0 | 1 << part as u16)
    }

    /// Whether it is wired.
    pub const fn contains(self, part: Part) -> bool {
        self.0 & 1 << part as u16 != 0
    }

    /// Whether nothing is.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each part, in the order of [`Part::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Part> {
        Part::ALL.iter().copied().filter(move |part| self.contains(*part))
    }

    /// What could be wired besides, on the sides of which something is. An
    /// [`accept`](Part::Accept) stands for a listener and its services, and a
    /// [`connector_layer`](Part::ConnectorLayer) for a connector and the bodies.
    #[must_use]
    pub fn missing(self) -> Wired {
        let is_in_use = |side| self.iter().any(|part| part.is_of_server() == side);
        let stands_for = |part| match part {
            Part::Listener | Part::MakeService => self.contains(Part::Accept),
            Part::Connector | Part::ResponseBodies => self.contains(Part::ConnectorLayer),
            Part::Accept | Part::ConnectorLayer => true,
            _ => false,
        };
        let missing = Part::ALL.iter().copied().filter(|part| {
            is_in_use(part.is_of_server()) && !self.contains(*part) && !stands_for(*part)
        });
        missing.collect()
    }

    /// What is unknown therefore, in a few words each: by what is missing, and in spite of what is
    /// wired.
    pub fn unknown(self) -> impl Iterator<Item = &'static str> {
        let missing = self.missing();
        let missing = Part::ALL.iter().filter(move |part| missing.contains(**part));
        let missing = missing.map(|part| part.unknown_without());
        let hidden = Part::ALL.iter().filter(move |part| self.contains(**part));
        missing.chain(hidden.filter_map(|part| part.unknown_with()))
    }
}

impl FromIterator<Part> for Wired {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Wired {
        parts.into_iter().fold(Wired::default(), Wired::with)
    }
}

impl fmt::Display for Wired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{part}")?;
        }
        Ok(())
    }
}

// === impl Wiring ===

impl Wiring {
    pub(crate) fn add(&self, part: Part) {
        self.0.fetch_or(Wired::default().with(part).0, Ordering::Relaxed);
    }

    /// Whether the heads of a client's messages are read by a layer for them.
    pub(crate) fn reads_outbound_heads(&self) -> bool {
        self.wired().contains(Part::Outbound)
    }

    /// Whether nothing tells of a client's responses: neither of their heads nor of their bodies.
    pub(crate) fn tells_no_responses(&self) -> bool {
        let wired = self.wired();
        !wired.contains(Part::Outbound) && !wired.contains(Part::ResponseBodies)
    }

    pub(crate) fn wired(&self) -> Wired {
        Wired(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_hides_stays_unknown_though_all_is_wired() {
        let wired: Wired = [Part::ConnectorLayer, Part::Outbound].into_iter().collect();
        let unknown: Vec<_> = wired.unknown().collect();
        assert_eq!(unknown, ["who closes connections of reqwest, most causes, and bytes"]);
        let wired: Wired = [Part::ConnectorLayer].into_iter().collect();
        assert_eq!(wired.unknown().count(), 2, "and what is missing");
        assert_eq!(Wired::default().unknown().count(), 0);
    }

    #[test]
    fn a_part_is_missing_where_its_side_is_wired() {
        use Part::*;
        for (wired, missing) in [
            (&[][..], &[][..]),
            (&[Inbound], &[Listener, MakeService, ShutdownSignal]),
            (&[Listener, MakeService, Inbound, ShutdownSignal], &[]),
            (&[Accept], &[Inbound, ShutdownSignal]),
            (&[Connector], &[ResponseBodies, Outbound]),
            (&[Accept, Inbound, ShutdownSignal, Outbound], &[Connector, ResponseBodies]),
            (&[ConnectorLayer], &[Outbound]),
            (&[ConnectorLayer, Outbound], &[]),
            (Part::ALL, &[]),
        ] {
            let set: Wired = wired.iter().copied().collect();
            assert_eq!(set.iter().count(), wired.len(), "{set}");
            let found: Vec<_> = set.missing().iter().collect();
            assert_eq!(found, missing, "beside {set}");
        }
    }
}
