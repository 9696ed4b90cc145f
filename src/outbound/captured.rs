use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::{Extensions, Request};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, capture_connection};

use crate::connection::{EndCause, Record};
use crate::handle::ConnHandle;

/// The connection that a request of ours goes out on, known before its response. Dropped before
/// one came, the request was given up, and the connection's record says so.
pub(super) struct Captured(Option<CaptureConnection>);

// === impl Captured ===

impl Captured {
    pub(super) fn of<B>(request: &mut Request<B>) -> Captured {
        Captured(Some(capture_connection(request)))
    }

    /// The request was answered, or failed by itself.
    pub(super) fn settle(&mut self) {
        self.0 = None;
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        let Some(captured) = self.0.take() else { return };
        let connected = captured.connection_metadata();
        if let Some(record) = connected.as_ref().and_then(record_in) {
            record.see(EndCause::DroppedRequest);
        }
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Captured").field(&self.0.is_some()).finish()
    }
}

/// The connection that a call failed on, where the client's error tells.
pub(super) fn record_of(error: &(dyn StdError + 'static)) -> Option<Arc<Record>> {
    record_in(error.downcast_ref::<legacy::Error>()?.connect_info()?)
}

fn record_in(connected: &Connected) -> Option<Arc<Record>> {
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    extras.get::<ConnHandle>().map(|handle| handle.record().clone())
}
