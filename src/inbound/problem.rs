use http::{HeaderValue, Response, StatusCode, header};

use crate::denied::Denied;
use crate::exchange::Refusal;
use crate::intent::IntentionalClose;
use crate::lint::Findings;

/// The answer to a denied request: problem details (RFC 9457), or for gRPC a status without
/// content. Nothing of the request stands in it.
pub(super) fn response(refusal: &Refusal, findings: Findings) -> Response<String> {
    let denied = refusal.denied;
    let mut response = if refusal.is_grpc { grpc(denied) } else { problem_details(denied) };
    if refusal.leaves_content {
        // Said, so that the caller sends nothing more on a connection that is about to end.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
            .extensions_mut()
            .insert(IntentionalClose("a denied request's content is not read"));
    }
    response.extensions_mut().insert(denied);
    response.extensions_mut().insert(findings);
    response
}

fn problem_details(denied: Denied) -> Response<String> {
    let lint = denied.lint();
    // The texts are the catalogue's, which has neither quotes nor control characters.
    let body = format!(
        r#"{{"type":"{}","title":"{}","status":{},"detail":"{}","lint":"{lint}"}}"#,
        lint.url(),
        lint.summary(),
        denied.status().as_u16(),
        lint.fix(),
    );
    let mut response = Response::new(body);
    *response.status_mut() = denied.status();
    let content_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn grpc(denied: Denied) -> Response<String> {
    let mut response = Response::new(String::new());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from(grpc_status(denied.status())));
    let message = HeaderValue::try_from(denied.to_string());
    headers.insert("grpc-message", message.expect("a lint's name is visible ASCII"));
    response
}

/// The status of gRPC that says the same as one of HTTP.
fn grpc_status(status: StatusCode) -> u16 {
    const INVALID_ARGUMENT: u16 = 3;
    const PERMISSION_DENIED: u16 = 7;
    const RESOURCE_EXHAUSTED: u16 = 8;
    const FAILED_PRECONDITION: u16 = 9;
    const UNAVAILABLE: u16 = 14;
    const UNAUTHENTICATED: u16 = 16;

    match status {
        StatusCode::BAD_REQUEST => INVALID_ARGUMENT,
        StatusCode::UNAUTHORIZED => UNAUTHENTICATED,
        StatusCode::FORBIDDEN => PERMISSION_DENIED,
        StatusCode::TOO_MANY_REQUESTS => RESOURCE_EXHAUSTED,
        StatusCode::SERVICE_UNAVAILABLE => UNAVAILABLE,
        _ => FAILED_PRECONDITION,
    }
}
