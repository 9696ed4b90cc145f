use std::sync::Arc;
#[cfg(feature = "hyper")]
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(feature = "hyper")]
use http::Request;
#[cfg(feature = "hyper")]
use http_body::Body;

use super::Guard;
use crate::connection::{Flag, Record};
use crate::exchange::Shared;
#[cfg(feature = "hyper")]
use crate::heal::Upload;

/// A connection, as the services of a server know it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: Arc<Record>,
    /// Of the request under way, where its rest is read away if the handler leaves it.
    #[cfg(feature = "hyper")]
    upload: Mutex<Option<Arc<Upload>>>,
    /// The services stand for a connection whose socket nobody watches.
    _guard: Option<Guard>,
}

// === impl Link ===

impl Link {
    /// To a connection whose socket is watched.
    pub(crate) fn new(shared: Arc<Shared>, record: Arc<Record>) -> Link {
        record.raise(Flag::CanClose);
        Link {
            shared,
            record,
            #[cfg(feature = "hyper")]
            upload: Mutex::default(),
            _guard: None,
        }
    }

    /// Follows the content of a request, where its rest is to be read.
    #[cfg(feature = "hyper")]
    #[cold]
    pub(crate) fn follow<B: Body>(&self, request: &Request<B>) {
        *self.upload() = Upload::of(self, request);
    }

    #[cfg(feature = "hyper")]
    pub(crate) fn upload(&self) -> MutexGuard<'_, Option<Arc<Upload>>> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To a connection that ends with its services.
    #[cfg(feature = "axum")]
    pub(crate) fn guarding(shared: Arc<Shared>, guard: Guard) -> Link {
        let record = guard.record().clone();
        Link { _guard: Some(guard), ..Link::new(shared, record) }
    }
}
