use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Extensions, Version};
use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use pin_project_lite::pin_project;

use super::scope::Scope;
use crate::connection::{Addresses, DialError, Dialler, Party, Side};
use crate::exchange::Shared;
use crate::kernel::DialLayer;
use crate::outbound::connect::failure;

pin_project! {
    /// A dial of a [`Connector`](super::Connector), timed.
    ///
    /// ```
    /// use tower_conn_lint::outbound::reqwest::Dialling;
    ///
    /// fn is_named<F>(_: Dialling<F>) {}
    /// ```
    #[derive(Debug)]
    pub struct Dialling<F> {
        #[pin]
        future: F,
        dial: Dial,
    }
}

/// A dial that is under way.
#[derive(Debug)]
pub(super) struct Dial {
    shared: Arc<Shared>,
    dialler: Arc<Dialler>,
    /// The call that it is for.
    scope: Option<Arc<Scope>>,
    upstream: Option<Party>,
    under_way: usize,
    began: Instant,
    is_settled: bool,
}

// === impl Dialling ===

impl<F> Dialling<F> {
    pub(super) fn new(future: F, dial: Dial) -> Dialling<F> {
        Dialling { future, dial }
    }
}

impl<F, T, E> Future for Dialling<F>
where
    F: Future<Output = Result<T, E>>,
    T: Connection,
    E: AsRef<dyn StdError + Send + Sync>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(cx) else { return Poll::Pending };
        this.dial.is_settled = true;
        match &result {
            Ok(stream) => this.dial.connected(stream),
            Err(error) => this.dial.failed(failure(error.as_ref())),
        }
        Poll::Ready(result)
    }
}

// === impl Dial ===

impl Dial {
    pub(super) fn begin(shared: &Arc<Shared>, dialler: &Arc<Dialler>) -> Dial {
        let scope = Scope::current(dialler.client.name, shared.mark());
        Dial {
            upstream: scope.as_ref().and_then(|scope| scope.upstream()),
            under_way: scope.as_ref().map_or(1, |scope| scope.under_way()),
            scope,
            began: shared.clock.now(),
            shared: shared.clone(),
            dialler: dialler.clone(),
            is_settled: false,
        }
    }

    fn connected<T: Connection>(&self, stream: &T) {
        let Dial { shared, dialler, scope, upstream, under_way, began, is_settled: _ } = self;
        if shared.off {
            return;
        }
        let connected = stream.connected();
        let mut extras = Extensions::new();
        connected.get_extras(&mut extras);
        let addresses = extras.get::<HttpInfo>().map(|info| Addresses {
            local: Some(info.local_addr()),
            peer: Some(info.remote_addr()),
            ..Addresses::default()
        });
        let now = shared.clock.now();
        let addresses = addresses.unwrap_or_default();
        let took = now.saturating_duration_since(*began);
        let at_dial = shared.kernel.at_dial(addresses, took, DialLayer::AboveTls);
        let record = shared.record(Side::Outbound, now, addresses);
        let record = Arc::new(record.dialled(dialler.clone(), took).counted(at_dial));
        if connected.is_negotiated_h2() {
            record.speaks(Version::HTTP_2);
        }
        if let Some(scope) = scope {
            scope.dialled(record.id);
        }
        shared.dialled_hidden(&record, upstream.clone(), *under_way);
    }

    fn failed(&self, error: DialError) {
        let Dial { shared, dialler, upstream, began, .. } = self;
        if !shared.off {
            let took = shared.clock.now().saturating_duration_since(*began);
            let unknown = || Party::upstream(dialler.client.name, "unknown");
            let upstream = upstream.clone().unwrap_or_else(unknown);
            shared.dial_failed(dialler, &upstream, error, took);
        }
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        if !self.is_settled {
            self.failed(DialError::GivenUp);
        }
    }
}
