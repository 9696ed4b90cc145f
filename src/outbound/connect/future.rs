use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Extensions, Version};
use hyper_util::client::legacy::connect::{self, HttpInfo};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;

use super::{Connection, failure};
use crate::connection::{Addresses, DialError, Dialler, Flag, Io, Party, Side};
use crate::exchange::Shared;
use crate::lint::printable;
use crate::wired::Guard;

pin_project! {
    /// A dial of a [`Connector`](super::Connector), timed.
    ///
    /// ```
    /// use tower_conn_lint::outbound::Dialling;
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
struct Dial {
    shared: Arc<Shared>,
    dialler: Arc<Dialler>,
    upstream: String,
    began: Instant,
    is_settled: bool,
}

// === impl Dialling ===

impl<F> Dialling<F> {
    pub(super) fn new(
        future: F,
        shared: Arc<Shared>,
        dialler: Arc<Dialler>,
        upstream: String,
    ) -> Dialling<F> {
        let began = shared.clock.now();
        Dialling { future, dial: Dial { shared, dialler, upstream, began, is_settled: false } }
    }
}

impl<F, T, E> Future for Dialling<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
    TokioIo<T>: AsyncRead,
    T: connect::Connection + 'static,
{
    type Output = Result<Connection<T>, Box<dyn StdError + Send + Sync>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.future.poll(cx) else { return Poll::Pending };
        this.dial.is_settled = true;
        Poll::Ready(match result {
            Ok(stream) => {
                let guard = this.dial.connected(&stream);
                Ok(TokioIo::new(Io::new(TokioIo::new(stream), guard)))
            }
            Err(error) => {
                let error = error.into();
                this.dial.failed(failure(&*error));
                Err(error)
            }
        })
    }
}

// === impl Dial ===

impl Dial {
    fn connected<T: connect::Connection>(&self, stream: &T) -> Option<Guard> {
        let Dial { shared, dialler, began, .. } = self;
        if shared.off {
            return None;
        }
        let connected = stream.connected();
        let mut extras = Extensions::new();
        connected.get_extras(&mut extras);
        let addresses = extras.get::<HttpInfo>().map(|info| Addresses {
            local: Some(info.local_addr()),
            peer: Some(info.remote_addr()),
        });
        let now = shared.clock.now();
        let addresses = addresses.unwrap_or_default();
        let took = now.saturating_duration_since(*began);
        let at_dial = shared.slow_dials.ask(addresses, took);
        let record = shared.record(Side::Outbound, now, addresses);
        if shared.wiring.tells_no_responses() {
            record.raise(Flag::Blind);
        }
        let record = Arc::new(record.dialled(dialler.clone(), took).counted(at_dial));
        if connected.is_negotiated_h2() {
            record.speaks(Version::HTTP_2);
        }
        shared.dialled(&record, self.party());
        Some(Guard::new(shared.clone(), record))
    }

    fn failed(&self, error: DialError) {
        let Dial { shared, dialler, began, .. } = self;
        if !shared.off {
            let took = shared.clock.now().saturating_duration_since(*began);
            shared.dial_failed(dialler, &self.party(), error, took);
        }
    }

    fn party(&self) -> Party {
        Party::upstream(self.dialler.client.name, printable(&self.upstream, 96))
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        if !self.is_settled {
            self.failed(DialError::GivenUp);
        }
    }
}
