use crate::connection::TrackedBody;

/// Which type of body the services of a stack get and give for one of type `B` that is tracked.
///
/// ```
/// use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
/// use tower_conn_lint::connection::TrackedBody;
/// use tower_conn_lint::inbound::Bodies;
///
/// /// For a stack whose bodies are boxed before and after.
/// struct Boxed;
///
/// impl Bodies<UnsyncBoxBody<bytes::Bytes, std::io::Error>> for Boxed {
///     type Body = UnsyncBoxBody<bytes::Bytes, std::io::Error>;
///
///     fn tracked(body: TrackedBody<Self::Body>) -> Self::Body {
///         body.boxed_unsync()
///     }
///
///     fn plain(body: Self::Body) -> Self::Body {
///         body
///     }
/// }
/// ```
pub trait Bodies<B> {
    /// The type that the services get.
    type Body;

    /// A body that is tracked, in that type.
    fn tracked(body: TrackedBody<B>) -> Self::Body;

    /// A body that need not be tracked, in that type: it is at its end already.
    fn plain(body: B) -> Self::Body;
}

/// Bodies become [`TrackedBody`], without an allocation: for services that take and give any body,
/// as those of hyper do.
///
/// ```
/// use tower_conn_lint::inbound::{Bodies, Tracked};
///
/// assert_eq!(std::mem::size_of::<Tracked>(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracked;

/// Bodies have the same type within and without, which is axum's or tonic's. What is tracked is boxed once
/// more; a body that is at its end already stays as it is.
///
/// ```
/// use tower_conn_lint::inbound::Same;
///
/// assert_eq!(std::mem::size_of::<Same>(), 0);
/// ```
#[cfg(any(feature = "axum", feature = "tonic"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Same;

impl<B: http_body::Body> Bodies<B> for Tracked {
    type Body = TrackedBody<B>;

    fn tracked(body: TrackedBody<B>) -> TrackedBody<B> {
        body
    }

    fn plain(body: B) -> TrackedBody<B> {
        TrackedBody::untracked(body)
    }
}

#[cfg(feature = "axum")]
impl Bodies<axum::body::Body> for Same {
    type Body = axum::body::Body;

    fn tracked(body: TrackedBody<axum::body::Body>) -> axum::body::Body {
        axum::body::Body::new(body)
    }

    fn plain(body: axum::body::Body) -> axum::body::Body {
        body
    }
}

#[cfg(feature = "tonic")]
impl Bodies<tonic::body::Body> for Same {
    type Body = tonic::body::Body;

    fn tracked(body: TrackedBody<tonic::body::Body>) -> tonic::body::Body {
        tonic::body::Body::new(body)
    }

    fn plain(body: tonic::body::Body) -> tonic::body::Body {
        body
    }
}
