use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Extensions, Version};
use hyper_util::client::legacy::connect::{self, Connected, HttpInfo};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::io::AsyncRead;

use super::{Connection, Dial, failure};
use crate::connection::{Addresses, Io};
use crate::handle::ConnHandle;
use crate::outbound::join::Current;

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
        current: Arc<Current>,
    }
}

// === impl Dialling ===

impl<F> Dialling<F> {
    pub(super) fn new(future: F, dial: Dial, current: Arc<Current>) -> Dialling<F> {
        Dialling { future, dial, current }
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
        Poll::Ready(match result {
            Ok(stream) => {
                let connected = stream.connected();
                let version = connected.is_negotiated_h2().then_some(Version::HTTP_2);
                let guard = this.dial.led_to(addresses(&connected), version);
                if let Some(guard) = &guard {
                    this.current.replace(ConnHandle::of(guard.record().clone()));
                }
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

/// The ends of a connection, where its connector tells: of a Unix socket there are none.
fn addresses(connected: &Connected) -> Addresses {
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    let Some(info) = extras.get::<HttpInfo>() else { return Addresses::default() };
    let (local, peer) = (Some(info.local_addr()), Some(info.remote_addr()));
    Addresses { local, peer, unix: false }
}
