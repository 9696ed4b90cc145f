use std::sync::Arc;

use http::Response;
use http_body::Body;

use super::{Exchange, Placement};
use crate::connection::Record;
use crate::field::Signs;
use crate::handle::ConnHandle;
use crate::lint::Calm;

/// A clean request, as an inner layer follows it whose edge has counted it: what its response is
/// judged by stands in the connection's record, and is read only if the response is not clean.
#[derive(Debug)]
pub(crate) struct Remembered {
    placement: Arc<Placement>,
    record: Arc<Record>,
    signs: Signs,
}

// === impl Remembered ===

impl Remembered {
    /// None where the layer has to remember the request by itself.
    #[inline]
    pub(crate) fn of(placement: &Arc<Placement>, handle: &ConnHandle) -> Option<Remembered> {
        let arrival = handle.arrival()?;
        let is_ours = arrival.lint == placement.shared.mark();
        if !(arrival.is_remembered && is_ours && arrival.policy == placement.table.version) {
            return None;
        }
        let record = handle.record();
        placement.except_on(record);
        Some(Remembered {
            placement: placement.clone(),
            record: record.clone(),
            signs: arrival.signs,
        })
    }

    /// What its response is judged by.
    #[inline]
    pub(crate) fn calm(&self) -> Calm {
        Calm::after(self.signs)
    }

    /// The response, which is not quiet.
    pub(crate) fn answer<B: Body>(&self, response: &mut Response<B>) {
        let (placement, record) = (self.placement.clone(), self.record.clone());
        Exchange::remembered(placement, record, self.signs).answer(response);
    }
}
