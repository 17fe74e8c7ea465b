//! One request and its answer: status, warnings and body kept, retried within a bound.

use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::core::Status;
use serde_json::Value;

use super::connect::Cluster;
use super::error::{self, ClusterError, Subject};
use super::retry::{self, Races};
use crate::event::{Event, Sink};

/// The server must have answered within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// On the first contact nobody wants to wait that long for a server that is not there.
pub(super) const FIRST_TIMEOUT: Duration = Duration::from_secs(15);

/// A request, ready to be sent as often as needed.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What it does, for messages: `apply Deployment/web`.
    pub(super) what: String,
    /// The step that a retry is reported on.
    pub(super) step: Option<String>,
    /// Nothing has worked yet: an unreachable server is not retried.
    pub(super) first_contact: bool,
    /// Short-lived states to retry through.
    pub(super) races: Races,
    method: Method,
    path: String,
    content_type: &'static str,
    accept: &'static str,
    body: Vec<u8>,
}

/// What metadata-only reads ask for.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const JSON: &str = "application/json";
const PLAIN: &str = "*/*";

/// An answer that is no error.
#[derive(Debug)]
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) code: StatusCode,
    /// How often it was sent; above 1, an earlier try may have done the work.
    pub(super) tries: u32,
    /// The texts of `Warning` headers.
    pub(super) warnings: Vec<String>,
    /// The body; `Null` where it is empty.
    pub(super) body: Value,
}

impl Call {
    fn new(method: Method, what: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            step: None,
            first_contact: false,
            races: Races::default(),
            method,
            path: path.into(),
            content_type: JSON,
            accept: JSON,
            body: Vec::new(),
        }
    }

    /// Reads an object or a list whole.
    pub(super) fn get(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(Method::GET, what, path)
    }

    /// Reads an object's metadata.
    pub(super) fn get_metadata(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self { accept: METADATA, ..Self::get(what, path) }
    }

    /// Reads a list's metadata.
    pub(super) fn list_metadata(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self { accept: METADATA_LIST, ..Self::get(what, path) }
    }

    /// Reads plain text, such as a log.
    pub(super) fn text(what: impl Into<String>, path: impl Into<String>) -> Self {
        Self { accept: PLAIN, ..Self::get(what, path) }
    }

    /// Asks for the discovery document of all groups.
    pub(super) fn discover(path: &str) -> Self {
        Self {
            accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
            ..Self::get("read what the cluster serves", path)
        }
    }

    /// Creates an object.
    pub(super) fn create(what: impl Into<String>, path: impl Into<String>, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..Self::new(Method::POST, what, path) }
    }

    /// Applies an object server-side (JSON is YAML).
    pub(super) fn apply(what: impl Into<String>, path: impl Into<String>, body: &Value) -> Self {
        Self {
            body: body.to_string().into_bytes(),
            content_type: "application/apply-patch+yaml",
            ..Self::new(Method::PATCH, what, path)
        }
    }

    /// Changes an object by a JSON patch (RFC 6902).
    pub(super) fn json_patch(what: impl Into<String>, path: impl Into<String>, patch: &Value) -> Self {
        Self {
            body: patch.to_string().into_bytes(),
            content_type: "application/json-patch+json",
            ..Self::new(Method::PATCH, what, path)
        }
    }

    /// Deletes an object if it still has this UID; its dependents follow in the background.
    pub(super) fn delete(what: impl Into<String>, path: impl Into<String>, uid: &str) -> Self {
        let body = serde_json::json!({
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        });
        Self { body: body.to_string().into_bytes(), ..Self::new(Method::DELETE, what, path) }
    }

    /// Reports retries on a step.
    pub(super) fn on(mut self, step: &str) -> Self {
        self.step = Some(step.to_owned());
        self
    }

    /// Retries through short-lived states.
    pub(super) fn through(mut self, races: Races) -> Self {
        self.races = races;
        self
    }

    fn request(&self) -> Result<Request<Body>, http::Error> {
        Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(header::CONTENT_TYPE, self.content_type)
            .header(header::ACCEPT, self.accept)
            .header(header::USER_AGENT, concat!("devbox/", env!("CARGO_PKG_VERSION")))
            .body(Body::from(self.body.clone()))
    }
}

/// One try that did not succeed.
struct Miss {
    error: ClusterError,
    /// Worth another try; the least wait that the server asks for.
    again: Option<Duration>,
    /// 401.
    unauthorized: bool,
}

impl Cluster {
    /// Sends a request, again where that can help, and gives its answer.
    pub(super) async fn call(&self, call: &Call, sink: &dyn Sink) -> Result<Reply, ClusterError> {
        let start = Instant::now();
        let mut delays = retry::delays();
        let mut tries = 0;
        let mut renewed = false;
        loop {
            let (generation, client) = self.generation();
            tries += 1;
            let miss = match self.once(call, &client).await {
                Ok(reply) => return Ok(Reply { tries, ..reply }),
                Err(miss) => miss,
            };
            if miss.unauthorized && !renewed && self.renew(generation).await? {
                renewed = true;
                continue;
            }
            let Some(least) = miss.again else { return Err(miss.error) };
            let next = delays.next().map(|delay| delay.max(least));
            match next.filter(|delay| start.elapsed() + *delay < retry::LONGEST) {
                Some(delay) => {
                    self.tell(call, &miss.error, delay, sink);
                    tokio::time::sleep(delay).await;
                }
                None => {
                    return Err(ClusterError::GaveUp {
                        what: call.what.clone(),
                        tries,
                        elapsed: start.elapsed(),
                        last: Box::new(miss.error),
                    });
                }
            }
        }
    }

    /// Says that a request is tried again: on its step, or once for all that have none.
    fn tell(&self, call: &Call, error: &ClusterError, delay: Duration, sink: &dyn Sink) {
        let text = format!("{}; trying again in {:.1} s", short(error), delay.as_secs_f64());
        match &call.step {
            Some(step) => sink.emit(Event::progress(step, text)),
            None if !self.told.swap(true, std::sync::atomic::Ordering::Relaxed) => {
                sink.emit(Event::note(format!("cannot {} yet: {text}", call.what)));
            }
            None => {}
        }
    }

    async fn once(&self, call: &Call, client: &kube::Client) -> Result<Reply, Miss> {
        let subject = self.subject(&call.what);
        let odd = |source: Box<dyn std::error::Error + Send + Sync>| Miss {
            error: ClusterError::Answer { what: call.what.clone(), source },
            again: None,
            unauthorized: false,
        };
        let lost = |error: kube::Error| {
            let error = error::from_kube(error, &subject);
            let network = matches!(error, ClusterError::Unreachable { .. });
            Miss {
                error,
                again: (network && !call.first_contact).then_some(Duration::ZERO),
                unauthorized: false,
            }
        };
        let request = call.request().map_err(|error| odd(Box::new(error)))?;
        let limit = if call.first_contact { FIRST_TIMEOUT } else { ANSWER_TIMEOUT };
        let exchange = async {
            let (head, body) = client.send(request).await?.into_parts();
            Ok::<_, kube::Error>((head, body.collect().await?.to_bytes()))
        };
        let (head, body) = match tokio::time::timeout(limit, exchange).await {
            Ok(result) => result.map_err(lost)?,
            Err(_) => return Err(lost(kube::Error::Service(Box::new(no_answer(limit))))),
        };
        let header = |name: header::HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
        if head.status.is_success() {
            let body = if body.is_empty() {
                Value::Null
            } else if call.accept == PLAIN {
                Value::String(String::from_utf8_lossy(&body).into_owned())
            } else {
                serde_json::from_slice(&body).map_err(|error| odd(Box::new(error)))?
            };
            let warnings = head.headers.get_all(header::WARNING).iter();
            let warnings =
                warnings.filter_map(|value| value.to_str().ok()).filter_map(warning_text).collect();
            return Ok(Reply { code: head.status, tries: 1, warnings, body });
        }
        // A proxy in between answers with HTML; its status still says what to do.
        let status = serde_json::from_slice::<Status>(&body).unwrap_or_default();
        let error = error::from_status(head.status, &status, &subject);
        let again = retry::is_transient(head.status, &status, call.races)
            .then(|| retry::retry_after(header(header::RETRY_AFTER), &status).unwrap_or(Duration::ZERO));
        Err(Miss { error, again, unauthorized: head.status == StatusCode::UNAUTHORIZED })
    }

    /// For the words of a failure.
    pub(super) fn subject<'a>(&'a self, what: &'a str) -> Subject<'a> {
        Subject { what, server: &self.target().server, context: &self.target().context }
    }

    /// Reads something that may not be there.
    pub(super) async fn find(&self, call: &Call, sink: &dyn Sink) -> Result<Option<Value>, ClusterError> {
        match self.call(call, sink).await {
            Ok(reply) => Ok(Some(reply.body)),
            Err(ClusterError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The failure of a server that lets a deadline pass.
pub(super) fn no_answer(within: Duration) -> std::io::Error {
    let text = format!("it did not answer within {} s", within.as_secs());
    std::io::Error::new(std::io::ErrorKind::TimedOut, text)
}

/// The reason of a failure in a few words, for a progress line.
fn short(error: &ClusterError) -> String {
    match error {
        ClusterError::Unreachable { reach, .. } => reach.to_string(),
        ClusterError::Server { code: 429, .. } => "the server asks to slow down (429)".into(),
        ClusterError::Server { code, .. } => format!("the server answered {code}"),
        other => other.to_string(),
    }
}

/// The text of a `Warning: 299 - "text"` header (RFC 7234 section 5.5; k8s.io/apimachinery/pkg/util/net).
fn warning_text(header: &str) -> Option<String> {
    let start = header.find('"')? + 1;
    let mut text = String::new();
    let mut chars = header[start..].chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            '"' => return Some(text),
            c => text.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_warning_header_is_read_with_its_escapes() {
        assert_eq!(warning_text(r#"299 - "use \"v1\" instead""#).as_deref(), Some(r#"use "v1" instead"#));
        assert_eq!(warning_text("garbage"), None);
    }
}
