use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::lint::{Label, Lint};

/// What code excepts, and why; of connections and windows also where. Asked where something was found, so
/// that it may take a lock.
#[derive(Debug, Default)]
pub(crate) struct Exceptions(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By the client's name: bounded by labels and lints.
    clients: HashMap<(Label, Lint), Arc<str>>,
    /// Of layers around all routes: they hold for whatever belongs to no single one.
    callers: HashMap<Lint, Arc<str>>,
    /// Of layers on requests, by number: a connection and a route keep the numbers as bits.
    requests: Vec<(Lint, Arc<str>)>,
    /// Each lint that is excepted anywhere, and the first reason for it.
    all: BTreeMap<Lint, Arc<str>>,
}

// === impl Exceptions ===

impl Exceptions {
    /// How many numbers there are.
    const NUMBERS: usize = u64::BITS as usize;

    /// As many as tell their own reason; behind them is one number for each lint of connections.
    const REASONS: usize = 48;

    pub(super) fn note(&self, lint: Lint, reason: &Arc<str>) {
        self.known().all.entry(lint).or_insert_with(|| reason.clone());
    }

    /// What was noted so far.
    pub(super) fn noted(&self) -> BTreeMap<Lint, Arc<str>> {
        self.known().all.clone()
    }

    /// Excepts a lint for a client and all its connections.
    pub(crate) fn of_client(&self, client: Label, lint: Lint, reason: &Arc<str>) {
        self.known().clients.insert((client, lint), reason.clone());
    }

    /// Excepts a lint for windows of callers.
    pub(crate) fn of_callers(&self, lint: Lint, reason: &Arc<str>) {
        self.known().callers.insert(lint, reason.clone());
    }

    /// The bit of an exception of requests.
    pub(crate) fn of_requests(&self, lint: Lint, reason: &Arc<str>) -> u64 {
        let mut known = self.known();
        let requests = &mut known.requests;
        let is_full = requests.len() >= Exceptions::REASONS;
        let same = |(of, because): &(Lint, Arc<str>)| *of == lint && (is_full || because == reason);
        let number = requests.iter().position(same).unwrap_or_else(|| {
            requests.push((lint, reason.clone()));
            requests.len() - 1
        });
        // The lints of connections are few enough for the numbers behind.
        1 << number.min(Exceptions::NUMBERS - 1)
    }

    /// Why the lint is excepted for this client.
    pub(crate) fn for_client(&self, client: Label, lint: Lint) -> Option<Arc<str>> {
        self.known().clients.get(&(client, lint)).cloned()
    }

    /// Why the lint is excepted for windows of callers.
    pub(crate) fn for_callers(&self, lint: Lint) -> Option<Arc<str>> {
        self.known().callers.get(&lint).cloned()
    }

    /// Why the lint is excepted by one of these bits.
    pub(crate) fn for_requests(&self, bits: u64, lint: Lint) -> Option<Arc<str>> {
        if bits == 0 {
            return None;
        }
        let known = self.known();
        let mut excepted =
            known.requests.iter().enumerate().filter(|(number, _)| bits >> number & 1 != 0);
        excepted.find(|(_, (of, _))| *of == lint).map(|(_, (_, reason))| reason.clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint;

    #[test]
    fn an_exception_keeps_its_reason_and_its_scope() {
        let exceptions = Exceptions::default();
        let [one, two] = ["one", "two"].map(Arc::from);
        let client = Label::new("exceptions-client");
        exceptions.of_client(client, lint::LOW_REUSE, &one);
        exceptions.of_callers(lint::LOW_REUSE, &two);
        let first = exceptions.of_requests(lint::UNREAD_REQUEST_BODY, &one);
        let second = exceptions.of_requests(lint::UNREAD_REQUEST_BODY, &two);
        assert_eq!(exceptions.of_requests(lint::UNREAD_REQUEST_BODY, &one), first, "the same");
        assert_ne!(first, second, "each reason has its bit");

        assert_eq!(exceptions.for_client(client, lint::LOW_REUSE), Some(one.clone()));
        assert_eq!(exceptions.for_client(Label::OTHER, lint::LOW_REUSE), None);
        assert_eq!(exceptions.for_callers(lint::LOW_REUSE), Some(two.clone()));
        assert_eq!(exceptions.for_requests(second, lint::UNREAD_REQUEST_BODY), Some(two));
        assert_eq!(exceptions.for_requests(first | second, lint::UNREAD_REQUEST_BODY), Some(one));
        assert_eq!(exceptions.for_requests(first | second, lint::SILENT_CLOSE), None);
        assert_eq!(exceptions.for_requests(0, lint::UNREAD_REQUEST_BODY), None);
    }

    #[test]
    fn a_service_with_too_many_reasons_still_has_its_exceptions() {
        let exceptions = Exceptions::default();
        let of_connections = || lint::all().filter(|lint| !lint.is_of_messages());
        assert!(of_connections().count() <= Exceptions::NUMBERS - Exceptions::REASONS);
        for number in 0..1_000 {
            let reason = Arc::from(number.to_string());
            let bit = exceptions.of_requests(lint::SILENT_CLOSE, &reason);
            assert!(exceptions.for_requests(bit, lint::SILENT_CLOSE).is_some(), "{number}");
        }
        for lint in of_connections() {
            let bit = exceptions.of_requests(lint, &Arc::from("late"));
            assert!(exceptions.for_requests(bit, lint).is_some(), "{lint}");
        }
        assert!(exceptions.known().requests.len() <= Exceptions::NUMBERS, "the table is bounded");
    }
}
