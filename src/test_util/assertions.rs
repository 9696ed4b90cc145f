use super::Recorder;
use super::checks;
use super::failure::Failure;
use crate::connection::{Closer, EndCause};
use crate::lint::{Label, Lint};

// === impl Recorder ===

/// Each assertion panics where it doesn't hold, and says what was seen and what to change.
impl Recorder {
    /// Asserts that clients of this name reused their connections: for at least this share, from
    /// 0 to 1, of the requests that could have come on a connection which had served one before.
    /// Those are all that were answered, but the first ones on connections that were needed since
    /// no other was free. Connections that are still open count as well.
    ///
    /// Takes [`ConnLint::connector`](crate::ConnLint), and around the client
    /// [`ConnLint::outbound`](crate::ConnLint::outbound).
    ///
    /// # Panics
    ///
    /// If it was less, or if nothing tells: no request was recorded, or none could have come on
    /// such a connection, as where there was only one.
    ///
    /// ```should_panic
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// Recorder::new().assert_reused("gateway", 0.8); // nothing was recorded
    /// ```
    #[track_caller]
    pub fn assert_reused(&self, client: impl AsRef<str>, share: f64) {
        hold(checks::reused(&self.kept(), Label::new(client.as_ref()), share));
    }

    /// Asserts the same of the connections that servers accepted, for all callers and routes
    /// together.
    ///
    /// Takes [`ConnLint::make_service`](crate::ConnLint), or `ConnLint::accept`.
    ///
    /// # Panics
    ///
    /// As [`assert_reused`](Recorder::assert_reused) does.
    ///
    /// ```should_panic
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// Recorder::new().assert_served_reused(0.8); // nothing was recorded
    /// ```
    #[track_caller]
    pub fn assert_served_reused(&self, share: f64) {
        hold(checks::served_reused(&self.kept(), share));
    }

    /// Asserts that no lint fired. One that the policy allows, or that an exception in code
    /// silences, does not fire. This holds, too, where nothing was sent and where nothing is wired:
    /// assert beside it what has to be there.
    ///
    /// # Panics
    ///
    /// If a lint fired, with the diagnostic of each that did.
    ///
    /// ```
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// Recorder::new().assert_no_findings();
    /// ```
    #[track_caller]
    pub fn assert_no_findings(&self) {
        hold(checks::no_findings(&self.kept()));
    }

    /// Asserts that a lint fired, whatever was done about it.
    ///
    /// # Panics
    ///
    /// If it did not.
    ///
    /// ```should_panic
    /// use tower_conn_lint::{lint, test_util::Recorder};
    ///
    /// Recorder::new().assert_found(lint::CLIENT_SENDS_CLOSE); // nothing was sent
    /// ```
    #[track_caller]
    pub fn assert_found(&self, lint: Lint) {
        hold(checks::found(&self.kept(), "assert_found", lint).map(|_| ()));
    }

    /// Asserts that a message was rewritten for this lint. Whether its connection lived on is
    /// told by [`assert_reused`](Recorder::assert_reused).
    ///
    /// # Panics
    ///
    /// If the lint did not fire, or if none of its messages was rewritten.
    ///
    /// ```should_panic
    /// use tower_conn_lint::{lint, test_util::Recorder};
    ///
    /// Recorder::new().assert_rewritten(lint::CLIENT_SENDS_CLOSE); // nothing was sent
    /// ```
    #[track_caller]
    pub fn assert_rewritten(&self, lint: Lint) {
        hold(checks::rewritten(&self.kept(), lint));
    }

    /// Asserts that a connection ended for this cause, closed first by this side: as seen by the
    /// server's end or by the client's. Where both are wired, [`ended`](Recorder::ended) tells
    /// them apart. Await [`all_ended`](Recorder::all_ended) before.
    ///
    /// # Panics
    ///
    /// If none did.
    ///
    /// ```should_panic
    /// use tower_conn_lint::connection::{Closer, EndCause};
    /// use tower_conn_lint::test_util::Recorder;
    ///
    /// Recorder::new().assert_ended(EndCause::RequestClose, Closer::Peer); // none was opened
    /// ```
    #[track_caller]
    pub fn assert_ended(&self, cause: EndCause, closer: Closer) {
        hold(checks::ended(&self.kept(), cause, closer));
    }
}

#[track_caller]
fn hold(outcome: Result<(), Failure>) {
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
