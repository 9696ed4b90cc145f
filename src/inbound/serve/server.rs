use std::error::Error as StdError;
use std::fmt;
use std::future::{self, Future, IntoFuture, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::{Builder, UpgradeableConnection};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::time::sleep;
use tower_service::Service;

use super::{Accepted, Listen, ShutdownSignal};
use crate::connection::{Addresses, TrackedBody};
use crate::exchange::Shared;
use crate::report::Part;

/// A server around a listener: hyper-util's for HTTP/1 and HTTP/2, in an accept loop whose
/// connections have records. It runs as it is awaited; made by
/// [`ConnLint::serve`](crate::ConnLint::serve).
///
/// ```no_run
/// # async fn serve() -> std::io::Result<()> {
/// use std::time::Duration;
/// use http::{Request, Response};
/// use hyper::body::Incoming;
/// use hyper_util::{rt::{TokioExecutor, TokioTimer}, server::conn::auto};
/// use tower_conn_lint::{ConnLint, connection::TrackedBody};
///
/// let lint = ConnLint::new();
/// let hello = tower::service_fn(async |_: Request<TrackedBody<Incoming>>| {
///     Ok::<_, std::convert::Infallible>(Response::new("hello".to_owned()))
/// });
///
/// let mut builder = auto::Builder::new(TokioExecutor::new());
/// builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30));
///
/// let tcp = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// let ctrl_c = async { _ = tokio::signal::ctrl_c().await };
/// lint.serve(tcp, hello).builder(builder).with_graceful_shutdown(ctrl_c).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a server runs only as it is awaited"]
pub struct Serve<L, S, F = future::Pending<()>> {
    listener: L,
    service: S,
    builder: Builder<TokioExecutor>,
    signal: F,
    shared: Arc<Shared>,
}

/// A [`Serve`] that runs. It ends once it was shut down and its connections ended; without a signal
/// it does not. Dropped, it stops to accept, and its connections end gracefully by themselves.
///
/// ```
/// use tower_conn_lint::inbound::ServeFuture;
///
/// fn is_named(_: ServeFuture) {}
/// ```
pub struct ServeFuture(Pin<Box<dyn Future<Output = ()> + Send>>);

/// How long a server waits that can't accept.
const PAUSE: Duration = Duration::from_secs(1);

type BoxError = Box<dyn StdError + Send + Sync>;

// === impl Serve ===

impl<L, S> Serve<L, S> {
    pub(crate) fn new(listener: L, service: S, shared: Arc<Shared>) -> Serve<L, S> {
        let builder = Builder::new(TokioExecutor::new());
        Serve { listener, service, builder, signal: future::pending(), shared }
    }

    /// Shuts down as this ends: no connection is accepted any more, those that are open end
    /// gracefully, and the server ends with the last of them. Put a timeout around it where that
    /// may take too long. Default: nothing shuts it down.
    ///
    /// The lint sees the signal coming, as by
    /// [`ConnLint::shutdown_signal`](crate::ConnLint::shutdown_signal).
    pub fn with_graceful_shutdown<F>(self, signal: F) -> Serve<L, S, ShutdownSignal<F>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Serve { listener, service, builder, signal: _, shared } = self;
        shared.wiring.add(Part::ShutdownSignal);
        let signal = ShutdownSignal::new(signal, shared.clone());
        Serve { listener, service, builder, signal, shared }
    }
}

impl<L, S, F> Serve<L, S, F> {
    /// Serves connections by this one: its timeouts, its limits, HTTP/1 or HTTP/2 only. HTTP/2
    /// takes the feature `http2`. Default: as hyper-util makes it, which has no timer, so that no
    /// timeout of it holds.
    pub fn builder(self, builder: Builder<TokioExecutor>) -> Serve<L, S, F> {
        Serve { builder, ..self }
    }
}

impl<L, S, F, R> Serve<L, S, F>
where
    L: Listen,
    S: Service<Request<TrackedBody<Incoming>>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    R: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    async fn run(self) {
        let Serve { mut listener, service, builder, signal, shared } = self;
        let (builder, mut signal) = (Arc::new(builder), pin!(signal));
        let (drain, drained) = watch::channel(());
        while let Some((stream, peer)) = next(&mut listener, signal.as_mut(), &shared).await {
            let addresses = Addresses { peer, ..Addresses::of(&stream) };
            let (stream, connection) = Accepted::new(&shared, stream, addresses);
            let service = TowerToHyperService::new(connection.service(service.clone()));
            let (builder, mut drained) = (builder.clone(), drained.clone());
            tokio::spawn(async move {
                let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
                let served = connection.serve(served, UpgradeableConnection::graceful_shutdown);
                let (mut served, mut drained) = (pin!(served), pin!(drained.changed()));
                let mut drains = false;
                // How a connection ends, its record tells.
                _ = poll_fn(|cx| {
                    // The end of the server without a word is a shutdown, too.
                    if !drains && drained.as_mut().poll(cx).is_ready() {
                        drains = true;
                        served.as_mut().graceful_shutdown();
                    }
                    served.as_mut().poll(cx)
                })
                .await;
            });
        }
        drop((listener, drained));
        drain.send_replace(());
        drain.closed().await;
    }
}

impl<L, S, F, R> IntoFuture for Serve<L, S, F>
where
    L: Listen,
    S: Service<Request<TrackedBody<Incoming>>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    R: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    type Output = ();
    type IntoFuture = ServeFuture;

    fn into_future(self) -> ServeFuture {
        ServeFuture(Box::pin(self.run()))
    }
}

// === impl ServeFuture ===

impl Future for ServeFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ServeFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeFuture").finish_non_exhaustive()
    }
}

/// The next connection; none once the signal came.
async fn next<L: Listen>(
    listener: &mut L,
    mut signal: Pin<&mut impl Future<Output = ()>>,
    shared: &Shared,
) -> Option<(L::Stream, Option<SocketAddr>)> {
    loop {
        match unless(signal.as_mut(), listener.accept()).await? {
            Ok(accepted) => return Some(accepted),
            Err(error) if is_of_connection(&error) => {}
            // It would fail again at once, and tasks that free a descriptor need the time.
            Err(error) => {
                shared.reporter.accept_failed(&error);
                unless(signal.as_mut(), sleep(PAUSE)).await?;
            }
        }
    }
}

/// What comes of a future, unless the signal comes first.
async fn unless<T: Future>(
    mut signal: Pin<&mut impl Future<Output = ()>>,
    future: T,
) -> Option<T::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if signal.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(ready!(future.as_mut().poll(cx))))
    })
    .await
}

/// Whether it is the error of one connection, and none of the listener's.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
