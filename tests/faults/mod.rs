//! A proxy between devbox and the API server that counts requests and does what networks do.
//!
//! It ends TLS with a certificate of its own, speaks HTTP/2 and HTTP/1.1, and sends each request on
//! over the administrator's connection.

mod body;
mod flights;

use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use devbox::cluster::Cluster;
use devbox::env::Env;
use devbox::kubeconfig::{Kubeconfigs, Target};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use body::{BoxBody, boxed, in_pieces, torn};
pub(crate) use flights::Flights;

/// What a proxy is put in front of.
pub(crate) trait Upstream {
    /// The administrator's connection to it.
    fn client(&self) -> kube::Client;
    /// A folder of the test's own, for the proxy's kubeconfig.
    fn folder(&self) -> &Path;
}

/// A request as the proxy saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    /// It is a watch.
    pub(crate) watch: bool,
    /// It asks what would happen.
    pub(crate) dry_run: bool,
    /// The bearer token that it came with; empty where there was none.
    pub(crate) token: String,
    /// How often this method and path were seen before.
    pub(crate) before: usize,
}

/// What happens to a request.
pub(crate) enum Fault {
    None,
    /// Something happens first.
    Before(Pin<Box<dyn Future<Output = ()>>>),
    /// Answered by the proxy itself: status, `Retry-After`.
    Answer(u16, Option<&'static str>),
    /// Answered by the proxy itself with a failed `Status` of this message.
    Status(u16, &'static str),
    /// Answered by the proxy itself with an object.
    Json(&'static str),
    /// Sent on; the answer arrives in small pieces.
    Slow,
    /// Sent on; the answer ends in its middle.
    Truncate,
    /// Sent on; the connection then takes no more requests (HTTP/2 GOAWAY).
    GoAway,
    /// Sent on; then the connection is cut before the answer.
    CutAfter,
    /// The connection is cut at once.
    CutBefore,
    /// Never answered.
    Hang,
    /// Sent on; the answer begins and never goes on.
    Stall,
}

/// The proxy of one test. Its tasks end with the test's runtime.
pub(crate) struct Proxy {
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
    kubeconfig: std::path::PathBuf,
}

impl Proxy {
    pub(crate) async fn start(before: &Rc<impl Upstream>, fault: impl Fn(&Seen) -> Fault + 'static) -> Self {
        let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let mut tls = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let fault: Rc<dyn Fn(&Seen) -> Fault> = Rc::new(fault);
        let upstream = before.client();
        let (log, count) = (seen.clone(), connections.clone());
        local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, upstream, log, fault) =
                    (acceptor.clone(), upstream.clone(), log.clone(), fault.clone());
                *count.lock().unwrap() += 1;
                local(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let ends = Ends::default();
                    let ending = ends.clone();
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (upstream, log, fault, ends) =
                            (upstream.clone(), log.clone(), fault.clone(), ends.clone());
                        async move { Ok::<_, Infallible>(handle(request, upstream, log, fault, ends).await) }
                    });
                    let server = hyper_util::server::conn::auto::Builder::new(Local);
                    let connection = server.serve_connection(TokioIo::new(stream), service);
                    let mut connection = std::pin::pin!(connection);
                    loop {
                        tokio::select! {
                            _ = &mut connection => break,
                            () = ending.cut.notified() => break,
                            () = ending.go_away.notified() => connection.as_mut().graceful_shutdown(),
                        }
                    }
                });
            }
        });
        let kubeconfig = before.folder().join("proxy");
        let content = serde_json::json!({
                "current-context": "proxy",
                "contexts": [{"name": "proxy", "context": {"cluster": "proxy"}}],
                "clusters": [{"name": "proxy", "cluster": {
                    "server": format!("https://127.0.0.1:{port}"),
                    "certificate-authority-data": base64::Engine::encode(
                        &base64::engine::general_purpose::STANDARD,
                        certified.cert.pem(),
                    ),
                }}],
        });
        std::fs::write(&kubeconfig, content.to_string()).unwrap();
        Self { seen, connections, kubeconfig }
    }

    /// The kubeconfig whose only context, `proxy`, leads through it.
    pub(crate) fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }

    /// What devbox makes of it.
    pub(crate) fn target(&self) -> Target {
        let env = Env::under(Path::new("/nonexistent"));
        Kubeconfigs::load(&env, Some(&self.kubeconfig)).unwrap().target(None).unwrap()
    }

    /// Connects devbox through the proxy.
    pub(crate) async fn connect(&self) -> Cluster {
        Cluster::connect(&self.target()).await.unwrap()
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Forgets what was seen.
    pub(crate) fn reset(&self) {
        self.seen.lock().unwrap().clear();
    }

    /// Requests that can change something.
    pub(crate) fn mutating(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.method != "GET" && !seen.dry_run).collect()
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// How a connection may end.
#[derive(Clone, Default)]
struct Ends {
    cut: Rc<Notify>,
    go_away: Rc<Notify>,
}

async fn handle(
    request: Request<Incoming>,
    upstream: kube::Client,
    log: Arc<Mutex<Vec<Seen>>>,
    fault: Rc<dyn Fn(&Seen) -> Fault>,
    ends: Ends,
) -> Response<BoxBody> {
    let (parts, body) = request.into_parts();
    let seen = {
        let mut log = log.lock().unwrap();
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let watch = parts.uri.query().is_some_and(|query| query.contains("watch=true"));
        let dry_run = parts.uri.query().is_some_and(|query| query.contains("dryRun=All"));
        let token = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
        let same = |other: &&Seen| other.method == method && other.path == path && other.watch == watch;
        let before = log.iter().filter(same).count();
        let seen = Seen { method, path, watch, dry_run, token, before };
        log.push(seen.clone());
        seen
    };
    let never = async || -> Response<BoxBody> { std::future::pending().await };
    let mut action = fault(&seen);
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    match &mut action {
        Fault::Before(work) => work.await,
        Fault::Answer(code, retry_after) => {
            let mut response = Response::builder().status(*code);
            if let Some(value) = retry_after {
                response = response.header("retry-after", *value);
            }
            return response.body(boxed(Full::new(Bytes::from_static(b"no")))).unwrap();
        }
        Fault::Status(code, message) => {
            let status = serde_json::json!({
                "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": *code, "message": *message,
            });
            let response = Response::builder().status(*code).header("content-type", "application/json");
            return response.body(boxed(Full::new(Bytes::from(status.to_string())))).unwrap();
        }
        Fault::Json(body) => {
            let response = Response::builder().header("content-type", "application/json");
            return response.body(boxed(Full::new(Bytes::from_static((*body).as_bytes())))).unwrap();
        }
        Fault::CutBefore => {
            ends.cut.notify_one();
            return never().await;
        }
        Fault::Hang => return never().await,
        Fault::GoAway => ends.go_away.notify_one(),
        Fault::None | Fault::CutAfter | Fault::Slow | Fault::Truncate | Fault::Stall => {}
    }
    let mut onward =
        Request::builder().method(parts.method).uri(parts.uri.path_and_query().unwrap().as_str());
    for name in ["content-type", "accept"] {
        if let Some(value) = parts.headers.get(name) {
            onward = onward.header(name, value);
        }
    }
    let response = upstream.send(onward.body(Body::from(body.to_vec())).unwrap()).await.unwrap();
    if matches!(action, Fault::CutAfter) {
        let _ = response.into_body().collect().await;
        ends.cut.notify_one();
        return never().await;
    }
    let (mut head, body) = response.into_parts();
    for name in ["connection", "transfer-encoding", "content-length"] {
        head.headers.remove(name);
    }
    head.version = http::Version::default();
    let body = match action {
        Fault::Stall => torn(),
        Fault::Slow if !seen.watch => in_pieces(body.collect().await.unwrap().to_bytes(), None),
        Fault::Truncate if !seen.watch => {
            let whole = body.collect().await.unwrap().to_bytes();
            in_pieces(whole.slice(..whole.len() / 2), Some("cut in its middle"))
        }
        // A watch that ends before its first event is whole.
        Fault::Truncate => in_pieces(Bytes::from_static(b"{\"type\": \"ADD"), Some("cut in its middle")),
        _ => boxed(body),
    };
    Response::from_parts(head, body)
}

/// Runs something beside the test, on its thread.
fn local(work: impl Future<Output = ()> + 'static) {
    tokio::task::spawn_local(work);
}

/// hyper's executor for a single thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        local(future);
    }
}

/// For faults that end after some tries.
pub(crate) fn first(times: usize, seen: &Seen, fault: Fault) -> Fault {
    if seen.before < times { fault } else { Fault::None }
}

/// How long a test may take to get through a few bounded retries.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
