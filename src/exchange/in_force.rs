use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::connection::Bounds;
use crate::lint::{Level, Lint};
use crate::policy::{Beside, Environment, Instance, Policy, PolicySource, Table};

/// The policy in force, which may be replaced while requests are under way: those hold on to the
/// table that they started with.
#[derive(Debug)]
pub(crate) struct InForce {
    table: ArcSwap<Table>,
    /// Of that table. Relaxed: a request that sees the one before is one that came before.
    brief: AtomicU64,
    /// Held while it is replaced, so that of two at a time the later one holds.
    policy: Mutex<Policy>,
    /// Whether its files say something else, and are wrong.
    failing: AtomicBool,
    beside: Settings,
}

/// What bears on levels beside the policy, and stays.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) code: Vec<(Lint, Level)>,
    pub(crate) environment: Environment,
    pub(crate) instance: Instance,
    pub(crate) bounds: Option<Bounds>,
}

/// What is asked of a table with each request at the edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brief(u64);

// === impl InForce ===

impl InForce {
    pub(crate) fn new(policy: Policy, beside: Settings, now: Instant) -> InForce {
        let table = Table::new(&policy, &beside.at(now), None);
        let brief = AtomicU64::new(Brief::of(&table).0);
        let (table, policy) = (ArcSwap::from_pointee(table), Mutex::new(policy));
        InForce { table, brief, policy, failing: AtomicBool::new(false), beside }
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }

    #[inline]
    pub(crate) fn brief(&self) -> Brief {
        Brief(self.brief.load(Ordering::Relaxed))
    }

    pub(crate) fn policy(&self) -> Policy {
        self.lock().clone()
    }

    pub(crate) fn source(&self) -> PolicySource {
        if self.is_failing() { PolicySource::LastGood } else { self.lock().source() }
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    pub(crate) fn hash(&self) -> Option<u64> {
        self.lock().hash()
    }

    #[cfg(feature = "config")]
    pub(crate) fn fails(&self, failing: bool) {
        self.failing.store(failing, Ordering::Relaxed);
    }

    /// Replaces the policy by what is made of it, unless that fails.
    pub(crate) fn replace<E>(
        &self,
        now: Instant,
        next: impl FnOnce(&Policy) -> Result<Option<Policy>, E>,
    ) -> Result<bool, E> {
        let mut policy = self.lock();
        let Some(next) = next(&policy)? else { return Ok(false) };
        let table = Table::new(&next, &self.beside.at(now), Some(&self.table()));
        let brief = Brief::of(&table);
        self.table.store(Arc::new(table));
        self.brief.store(brief.0, Ordering::Relaxed);
        self.failing.store(false, Ordering::Relaxed);
        *policy = next;
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, Policy> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Settings ===

impl Settings {
    fn at(&self, now: Instant) -> Beside<'_> {
        let Settings { code, environment, instance, bounds } = self;
        Beside { code, environment, instance: *instance, bounds: *bounds, now }
    }
}

// === impl Brief ===

impl Brief {
    const KNOWS_BY_LABEL: u64 = 1;
    const READS_PATHS: u64 = 1 << 1;
    const VERSION: u32 = 2;

    fn of(table: &Table) -> Brief {
        let knows = u64::from(table.knows_by_label()) * Brief::KNOWS_BY_LABEL;
        let reads = u64::from(table.reads_inbound_paths()) * Brief::READS_PATHS;
        Brief(u64::from(table.version) << Brief::VERSION | reads | knows)
    }

    /// Which policy it is, counted from one.
    #[inline]
    pub(crate) fn version(self) -> u32 {
        (self.0 >> Brief::VERSION) as u32
    }

    #[inline]
    pub(crate) fn knows_by_label(self) -> bool {
        self.0 & Brief::KNOWS_BY_LABEL != 0
    }

    #[inline]
    pub(crate) fn reads_inbound_paths(self) -> bool {
        self.0 & Brief::READS_PATHS != 0
    }
}
