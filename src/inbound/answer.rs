use std::any::{Any, TypeId};

/// Makes the body of a denial from its text. Implemented for closures, as given to
/// [`deny_with`](super::InboundLayer::deny_with), and for [`KnownBodies`].
///
/// ```
/// use tower_conn_lint::inbound::Answer;
///
/// let answer = |text: String| text.into_bytes();
/// assert!(Answer::<Vec<u8>>::can_answer(&answer));
/// ```
pub trait Answer<B> {
    /// Whether a body can be made: where not, a denial stands aside.
    fn can_answer(&self) -> bool;

    /// The body.
    ///
    /// # Panics
    ///
    /// May panic where [`can_answer`](Answer::can_answer) is false.
    fn body(&self, text: String) -> B;
}

/// Answers with the body types that are known: `String`; with the feature `axum`
/// `axum::body::Body`; with `tonic` `tonic::body::Body`; with one of these or `hyper-util` also `Full<Bytes>`, and `BoxBody` and
/// `UnsyncBoxBody` of `Bytes` whose error is `Infallible` or `Box<dyn Error + Send + Sync>`.
/// The layer works with any other body type too, but can't answer a denial with it.
///
/// ```
/// use tower_conn_lint::inbound::{Answer, KnownBodies};
///
/// assert!(Answer::<String>::can_answer(&KnownBodies));
/// assert!(!Answer::<Vec<u8>>::can_answer(&KnownBodies));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownBodies;

impl<B, F> Answer<B> for F
where
    F: Fn(String) -> B,
{
    fn can_answer(&self) -> bool {
        true
    }

    fn body(&self, text: String) -> B {
        self(text)
    }
}

impl<B: 'static> Answer<B> for KnownBodies {
    fn can_answer(&self) -> bool {
        known().any(|(body, _)| body == TypeId::of::<Option<B>>())
    }

    fn body(&self, text: String) -> B {
        let mut body: Option<B> = None;
        for (_, make) in known() {
            make(&mut body, &text);
        }
        body.expect("asked only for a type that it can answer with")
    }
}

/// Puts the text into a slot, if it is a slot for this type of body.
type Make = fn(&mut dyn Any, &str);

/// Each known body: the type of its slot, and how it is made.
fn known() -> impl Iterator<Item = (TypeId, Make)> {
    #[cfg(feature = "hyper")]
    use self::boxed::{BoxBody, BoxError, Bytes, Full, UnsyncBoxBody, boxed, unsync};
    #[cfg(feature = "hyper")]
    use std::convert::Infallible;

    [
        slot::<String>(|slot, text| put(slot, || text.to_owned())),
        #[cfg(feature = "axum")]
        slot::<axum::body::Body>(|slot, text| {
            put(slot, || axum::body::Body::from(text.to_owned()))
        }),
        #[cfg(feature = "tonic")]
        slot::<tonic::body::Body>(|slot, text| {
            put(slot, || tonic::body::Body::new(Full::<Bytes>::from(text.to_owned())))
        }),
        #[cfg(feature = "hyper")]
        slot::<Full<Bytes>>(|slot, text| put(slot, || Full::<Bytes>::from(text.to_owned()))),
        #[cfg(feature = "hyper")]
        slot::<BoxBody<Bytes, Infallible>>(|slot, text| put(slot, || boxed::<Infallible>(text))),
        #[cfg(feature = "hyper")]
        slot::<BoxBody<Bytes, BoxError>>(|slot, text| put(slot, || boxed::<BoxError>(text))),
        #[cfg(feature = "hyper")]
        slot::<UnsyncBoxBody<Bytes, Infallible>>(|slot, text| {
            put(slot, || unsync::<Infallible>(text))
        }),
        #[cfg(feature = "hyper")]
        slot::<UnsyncBoxBody<Bytes, BoxError>>(|slot, text| put(slot, || unsync::<BoxError>(text))),
    ]
    .into_iter()
}

fn slot<B: 'static>(make: Make) -> (TypeId, Make) {
    (TypeId::of::<Option<B>>(), make)
}

fn put<B: 'static>(slot: &mut dyn Any, body: impl FnOnce() -> B) {
    if let Some(slot) = slot.downcast_mut::<Option<B>>() {
        *slot = Some(body());
    }
}

#[cfg(feature = "hyper")]
mod boxed {
    use std::convert::Infallible;

    pub(super) use bytes::Bytes;
    use http_body_util::BodyExt as _;
    pub(super) use http_body_util::Full;
    pub(super) use http_body_util::combinators::{BoxBody, UnsyncBoxBody};

    pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

    pub(super) fn boxed<E: From<Infallible> + 'static>(text: &str) -> BoxBody<Bytes, E> {
        Full::<Bytes>::from(text.to_owned()).map_err(E::from).boxed()
    }

    pub(super) fn unsync<E: From<Infallible> + 'static>(text: &str) -> UnsyncBoxBody<Bytes, E> {
        Full::<Bytes>::from(text.to_owned()).map_err(E::from).boxed_unsync()
    }
}
