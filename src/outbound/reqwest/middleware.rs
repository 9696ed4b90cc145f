use std::future::{Future, poll_fn};
use std::pin::Pin;

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::call::Call;
use crate::outbound::{self, OutboundLayer};

/// As `async_trait` writes it.
type Handling<'a> = Pin<Box<dyn Future<Output = Result<Response>> + Send + 'a>>;

impl Middleware for OutboundLayer {
    fn handle<'layer, 'extensions, 'next, 'a>(
        &'layer self,
        mut request: Request,
        extensions: &'extensions mut Extensions,
        next: Next<'next>,
    ) -> Handling<'a>
    where
        'layer: 'a,
        'extensions: 'a,
        'next: 'a,
        Self: 'a,
    {
        Box::pin(async move {
            // Middlewares are shared, so a call has one of its own.
            let mut placed = self.placed.clone();
            let placement = placed.placement();
            if placement.is_off() {
                return next.run(request, extensions).await;
            }
            let call = Call::begin(placement, &mut request, Some(extensions))
                .map_err(|denied| Error::middleware(outbound::Error::Denied(denied)))?;
            let mut handling = next.run(request, extensions);
            let polled = poll_fn(|cx| call.scope.poll(|| handling.as_mut().poll(cx)));
            let response = polled.await?;
            Ok(call.answered(response))
        })
    }
}
