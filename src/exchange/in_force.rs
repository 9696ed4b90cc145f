use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::Role;
use crate::connection::Bounds;
use crate::heal::Cures;
use crate::lint::{Level, Lint};
use crate::policy::{Beside, Environment, Instance, Policy, PolicyError, PolicySource, Table};
#[cfg(feature = "config")]
use crate::policy::{PolicyErrors, Severity};

/// The policy in force, which may be replaced while requests are under way: those hold on to the
/// table that they started with.
#[derive(Debug)]
pub(crate) struct InForce {
    table: ArcSwap<Table>,
    /// Of that table. Released after it, so that who sees its number finds no older table.
    brief: AtomicU64,
    now: Mutex<Now>,
    /// Held while another policy is made ready, so that of two at a time the later one holds.
    /// Files are read under it, which may take long: nothing else waits for it.
    turn: Mutex<()>,
    beside: Settings,
}

#[derive(Debug)]
struct Now {
    policy: Arc<Policy>,
    /// The hash of what the files say since, where that is wrong.
    refused: Option<u64>,
}

/// What reading the files again came to.
#[cfg(feature = "config")]
pub(crate) enum Reread {
    Unchanged,
    Replaced,
    Refused {
        errors: PolicyErrors,
        /// The same was refused before.
        again: bool,
    },
}

/// What bears on levels beside the policy, and stays.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) code: Vec<(Lint, Level)>,
    pub(crate) environment: Environment,
    pub(crate) instance: Instance,
    pub(crate) bounds: Option<Bounds>,
    pub(crate) cures: Cures,
    pub(crate) role: Role,
    /// Whether each exchange is followed as a whole, and not by what its connection remembers.
    pub(crate) follows_each: bool,
}

/// What is asked of a table with each request at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brief(u64);

// === impl InForce ===

impl InForce {
    pub(crate) fn new(policy: Policy, beside: Settings, now: Instant) -> InForce {
        let table = Table::new(&policy, &beside.at(now), None);
        let brief = AtomicU64::new(Brief::of(&table, beside.follows_each).0);
        let now = Now { policy: Arc::new(policy), refused: None };
        let (table, now) = (ArcSwap::from_pointee(table), Mutex::new(now));
        InForce { table, brief, now, turn: Mutex::new(()), beside }
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }

    /// What the brief of this table is, as long as it is in force.
    pub(super) fn brief_of(&self, table: &Table) -> Brief {
        Brief::of(table, self.beside.follows_each)
    }

    #[inline]
    pub(crate) fn brief(&self) -> Brief {
        Brief(self.brief.load(Ordering::Acquire))
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        lock(&self.now).policy.clone()
    }

    /// What code sets below the policy's floors.
    pub(crate) fn lowered_by_code(&self) -> Vec<PolicyError> {
        self.policy().lowered_by_code(&self.beside.code, self.beside.bounds)
    }

    pub(crate) fn source(&self) -> PolicySource {
        let now = lock(&self.now);
        if now.refused.is_some() { PolicySource::LastGood } else { now.policy.source() }
    }

    pub(crate) fn replace(&self, policy: Policy, now: Instant) {
        let _turn = lock(&self.turn);
        self.put(policy, now);
    }

    /// Reads the policy's files again, and puts what they say in force unless it is wrong.
    #[cfg(feature = "config")]
    pub(crate) fn reread(&self, now: Instant) -> Reread {
        let _turn = lock(&self.turn);
        let policy = self.policy();
        let refused = lock(&self.now).refused;
        let Some(next) = policy.read_again() else { return Reread::Unchanged };
        if next.hash() == policy.hash() && refused.is_none() {
            return Reread::Unchanged;
        }
        match next.problems().filter(|errors| errors.severity() == Severity::Error) {
            Some(errors) if next.hash() != policy.hash() => {
                lock(&self.now).refused = next.hash();
                Reread::Refused { errors: errors.clone(), again: refused == next.hash() }
            }
            _ => {
                self.put(next, now);
                Reread::Replaced
            }
        }
    }

    /// Under the turn.
    fn put(&self, policy: Policy, now: Instant) {
        let table = Table::new(&policy, &self.beside.at(now), Some(&self.table()));
        let brief = Brief::of(&table, self.beside.follows_each);
        self.table.store(Arc::new(table));
        self.brief.store(brief.0, Ordering::Release);
        *lock(&self.now) = Now { policy: Arc::new(policy), refused: None };
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Settings ===

impl Settings {
    fn at(&self, now: Instant) -> Beside<'_> {
        let Settings { code, environment, instance, bounds, cures, role, follows_each: _ } = self;
        let (instance, bounds, cures, role) = (*instance, *bounds, *cures, *role);
        Beside { code, environment, instance, bounds, cures, role, now }
    }
}

// === impl Brief ===

impl Brief {
    const KNOWS_BY_LABEL: u64 = 1;
    const READS_PATHS: u64 = 1 << 1;
    const HEALS: u64 = 1 << 2;
    const VERSION: u32 = 3;

    fn of(table: &Table, follows_each: bool) -> Brief {
        let knows = table.knows_by_label() && !follows_each;
        let knows = u64::from(knows) * Brief::KNOWS_BY_LABEL;
        let reads = u64::from(table.reads_inbound_paths()) * Brief::READS_PATHS;
        let heals = u64::from(table.heals()) * Brief::HEALS;
        Brief(u64::from(table.version) << Brief::VERSION | heals | reads | knows)
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

    /// Whether any cure is switched on.
    #[inline]
    pub(crate) fn heals(self) -> bool {
        self.0 & Brief::HEALS != 0
    }

    #[inline]
    pub(crate) fn reads_inbound_paths(self) -> bool {
        self.0 & Brief::READS_PATHS != 0
    }
}
