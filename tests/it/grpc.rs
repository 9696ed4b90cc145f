//! A service of tonic's by hand, that tells what it is told of its caller, and a client for it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use http_body::Body as _;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::{Request, Response, Status};
use tower::Service;
use tower_conn_lint::ConnHandle;

/// Answers with a line of text.
#[derive(Clone, Default)]
pub(crate) struct Teller;

/// Messages of bytes, as they are.
#[derive(Clone, Copy)]
struct Raw;

struct Tell;

type Boxed<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Calls it: the text of the answer, and what came with it.
pub(crate) async fn call<T>(client: T) -> Result<Response<Bytes>, Status>
where
    T: GrpcService<Body>,
    T::Error: std::fmt::Debug,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    call_with(client, Request::new(Bytes::from_static(b"who am I?"))).await
}

/// The same, with metadata.
pub(crate) async fn call_with<T>(
    client: T,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, Status>
where
    T: GrpcService<Body>,
    T::Error: std::fmt::Debug,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut client = tonic::client::Grpc::new(client);
    client.ready().await.expect("the client is ready");
    client.unary(request, PathAndQuery::from_static("/test.Teller/Tell"), Raw).await
}

impl NamedService for Teller {
    const NAME: &'static str = "test.Teller";
}

impl Service<http::Request<Body>> for Teller {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Boxed<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        assert!(!request.body().is_end_stream(), "a message comes");
        Box::pin(async { Ok(tonic::server::Grpc::new(Raw).unary(Tell, request).await) })
    }
}

impl Service<Request<Bytes>> for Tell {
    type Response = Response<Bytes>;
    type Error = Status;
    type Future = Boxed<Response<Bytes>, Status>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let handle = request.extensions().get::<ConnHandle>();
        let number = handle.map(ConnHandle::request);
        let caller = request.remote_addr();
        let certificates = request.peer_certs().map(|certificates| certificates.len());
        let text = format!("request {number:?} from {caller:?} with {certificates:?}");
        Box::pin(async { Ok(Response::new(Bytes::from(text))) })
    }
}

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, dst: &mut EncodeBuf<'_>) -> Result<(), Status> {
        dst.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(src.copy_to_bytes(src.remaining())))
    }
}
