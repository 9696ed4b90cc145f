use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::kept::Kept;
use crate::connection::{Ended, Opened};
use crate::lint::{Finding, Label};
use crate::report::Reporter;
use crate::{ConnLint, Policy};

/// What a lint reports, kept for a test to look at and to assert. A clone keeps in the same place.
///
/// It counts since its beginning, and windows that slide don't matter to it. Counts are exact; of
/// findings and of connections that ended the first 1,000 are kept whole.
///
/// ```
/// use tower_conn_lint::ConnLint;
/// use tower_conn_lint::test_util::Recorder;
///
/// let recorder = Recorder::new();
/// let lint = ConnLint::builder().reporter(recorder.clone()).build();
/// // ... the client or the server under test, wired with this lint ...
/// recorder.assert_no_findings();
/// ```
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Kept>>);

// === impl Recorder ===

impl Recorder {
    /// A recorder that has seen nothing.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// A lint for a test: it reports here and nowhere else, and `CONN_LINT` doesn't reach it. For
    /// a builder of your own there is [`ConnLintBuilder::reporter`](crate::ConnLintBuilder::reporter).
    ///
    /// ```
    /// use tower_conn_lint::{Preset, test_util::Recorder};
    ///
    /// let recorder = Recorder::new();
    /// let lint = recorder.lint(Preset::Recommended1);
    /// ```
    pub fn lint(&self, policy: impl Into<Policy>) -> ConnLint {
        let builder = ConnLint::builder().policy(policy).environment("").without_tracing();
        #[cfg(feature = "metrics")]
        let builder = builder.without_metrics();
        builder.reporter(self.clone()).build()
    }

    /// The findings, in the order in which they were made: the first 1,000. Those that an
    /// exception in code silenced are not among them.
    ///
    /// ```
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// for finding in Recorder::new().findings() {
    ///     println!("{finding}");
    /// }
    /// ```
    pub fn findings(&self) -> Vec<Finding> {
        self.kept().findings().to_vec()
    }

    /// The connections that ended, in the order in which they did: the first 1,000.
    ///
    /// ```
    /// use tower_conn_lint::connection::Side;
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// let ended = Recorder::new().ended();
    /// let served = ended.iter().filter(|connection| connection.side == Side::Inbound);
    /// assert_eq!(served.count(), 0);
    /// ```
    pub fn ended(&self) -> Vec<Ended> {
        self.kept().ended().to_vec()
    }

    /// How many connections clients of this name have dialled, those included that no request
    /// came to use: a pool that dials for two requests at once may keep one of them so.
    ///
    /// ```
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// assert_eq!(Recorder::new().connections("gateway"), 0);
    /// ```
    pub fn connections(&self, client: impl AsRef<str>) -> u64 {
        self.kept().traffic(Some(Label::new(client.as_ref()))).connections
    }

    /// How many connections servers have accepted.
    ///
    /// ```
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// assert_eq!(Recorder::new().served_connections(), 0);
    /// ```
    pub fn served_connections(&self) -> u64 {
        self.kept().traffic(None).connections
    }

    /// Waits until every connection that was opened has ended, at once where none is open. A
    /// client keeps its idle connections: drop it before, with all its clones.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use std::time::Duration;
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// let recorder = Recorder::new();
    /// let ended = tokio::time::timeout(Duration::from_secs(5), recorder.all_ended()).await;
    /// assert!(ended.is_ok(), "a connection is still open");
    /// # }
    /// ```
    pub async fn all_ended(&self) {
        poll_fn(|context| self.kept().poll_all_ended(context)).await;
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic can't leave it half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Recorder {
    fn finding(&self, finding: &Finding) {
        self.kept().find(finding);
    }

    fn accepted(&self, finding: &Finding) {
        self.kept().accept(finding);
    }

    fn opened(&self, connection: &Opened) {
        self.kept().open(connection.handle().record().clone());
    }

    fn ended(&self, connection: &Ended) {
        let waiting = self.kept().end(connection);
        // Whoever is woken may ask at once, so not with the lock.
        waiting.into_iter().for_each(|waker| waker.wake());
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("Recorder")
            .field("findings", &kept.counted())
            .field("open", &kept.open_connections())
            .finish_non_exhaustive()
    }
}
