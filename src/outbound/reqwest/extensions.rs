use std::mem;

use http::{Extensions, Uri};
use reqwest::{Body, Request};

/// Lends what rides with a request, which reqwest shows on its way into the types of http and
/// nowhere else (0.13.5). Its URL and its body stay as they are.
pub(super) fn lend<T>(request: &mut Request, lend_to: impl FnOnce(&mut Extensions) -> T) -> T {
    // What is no URI would not come back; reqwest refuses it by itself.
    if request.url().as_str().parse::<Uri>().is_err() {
        return lend_to(&mut Extensions::new());
    }
    let (url, body) = (request.url().clone(), request.body_mut().take());
    let bare = Request::new(request.method().clone(), url.clone());
    let lent = match http::Request::<Body>::try_from(mem::replace(request, bare)) {
        Ok(mut shown) => {
            let lent = lend_to(shown.extensions_mut());
            if let Ok(back) = Request::try_from(shown) {
                *request = back;
            }
            lent
        }
        Err(_) => lend_to(&mut Extensions::new()),
    };
    *request.url_mut() = url;
    *request.body_mut() = body;
    lent
}
