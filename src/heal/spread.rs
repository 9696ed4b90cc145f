#[cfg(feature = "hyper")]
use std::future::Future;
#[cfg(feature = "hyper")]
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(feature = "hyper")]
use tokio::{runtime::Handle, time::Sleep, time::sleep};

use crate::exchange::Shared;

/// The time over which a drain tells connections to close, for who shuts the server down after it.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    /// None where the cure is not switched on.
    #[cfg(feature = "hyper")]
    rest: Option<Pin<Box<Sleep>>>,
}

// === impl Spread ===

impl Spread {
    /// Begins with the drain.
    #[cfg(feature = "hyper")]
    pub(crate) fn begin(shared: &Shared) -> Spread {
        let spread = shared.cures().drain.on().filter(|_| Handle::try_current().is_ok());
        Spread { rest: spread.map(|spread| Box::pin(sleep(spread))) }
    }

    #[cfg(not(feature = "hyper"))]
    pub(crate) fn begin(_: &Shared) -> Spread {
        Spread::default()
    }

    /// Ready as it is over.
    #[cfg(feature = "hyper")]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.rest.as_mut().map_or(Poll::Ready(()), |rest| rest.as_mut().poll(cx))
    }

    #[cfg(not(feature = "hyper"))]
    pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
