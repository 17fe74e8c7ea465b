//! An HTTP server on loopback, whatever it serves.

use std::convert::Infallible;
use std::net::TcpListener;

use base64::Engine;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

/// Starts a server and gives its port; it ends with the process.
pub(crate) fn serve<F, A>(answer: F) -> u16
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| {
                        let response = answer(request);
                        async move { Ok::<_, Infallible>(response.await) }
                    });
                    let io = TokioIo::new(connection);
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
                });
            }
        });
    });
    port
}

/// A header of a request; empty where it has none.
pub(crate) fn header<'a>(request: &'a Request<Incoming>, name: &str) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether a request brings user and password.
pub(crate) fn knows(request: &Request<Incoming>, user: &str, password: &str) -> bool {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    header(request, "authorization") == format!("Basic {pair}")
}

/// Asks for user and password.
pub(crate) fn unauthorized() -> Response<Full<Bytes>> {
    let refused = Response::builder().status(StatusCode::UNAUTHORIZED);
    refused.header("WWW-Authenticate", "Basic realm=\"test\"").body(Full::default()).unwrap()
}
