//! A registry on loopback, as far as pulling goes (OCI distribution specification 1.1, "Pull"): below
//! `private/` it asks for a password.

use std::collections::HashMap;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::http;
use crate::images::{Image, hello, sha256};

/// Who may pull below `private/`.
pub(crate) const USER: &str = "ci";
pub(crate) const PASSWORD: &str = "a \"b\" $c:d";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A running registry, with one image: `team/hello:1`, which is `private/hello:1` too.
pub(crate) struct Registry {
    pub(crate) port: u16,
    /// The manifest's digest, `sha256:...`.
    pub(crate) digest: String,
}

/// Starts it; it ends with the process.
pub(crate) fn serve() -> Registry {
    let Image { layer, config } = hello();
    let mut blobs = HashMap::new();
    let mut descriptor = |kind: &str, content: Vec<u8>| {
        let (digest, size) = (format!("sha256:{}", sha256(&content)), content.len());
        blobs.insert(digest.clone(), Bytes::from(content));
        json!({"mediaType": kind, "digest": digest, "size": size})
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config.into_bytes()),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    let manifest = manifest.to_string();
    let digest = format!("sha256:{}", sha256(manifest.as_bytes()));
    let content = Arc::new(Content { blobs, manifest: manifest.into(), digest: digest.clone() });
    let port = http::serve(move |request| {
        let content = content.clone();
        async move { content.answer(&request) }
    });
    Registry { port, digest }
}

struct Content {
    blobs: HashMap<String, Bytes>,
    manifest: Bytes,
    digest: String,
}

impl Content {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let missing = || Response::builder().status(StatusCode::NOT_FOUND).body(Full::default()).unwrap();
        // /v2/team/hello/manifests/1
        let parts: Vec<&str> = request.uri().path().trim_start_matches("/v2/").split('/').collect();
        let [team, "hello", kind, name] = parts[..] else { return missing() };
        if team == "private" && !http::knows(request, USER, PASSWORD) {
            return http::unauthorized();
        }
        let (kind, digest, body) = match (kind, self.blobs.get(name)) {
            ("manifests", _) if name == "1" || name == self.digest => {
                (MANIFEST, self.digest.as_str(), self.manifest.clone())
            }
            ("blobs", Some(blob)) => ("application/octet-stream", name, blob.clone()),
            _ => return missing(),
        };
        let response = Response::builder()
            .header("Content-Type", kind)
            .header("Content-Length", body.len())
            .header("Docker-Content-Digest", digest);
        let body = if request.method() == Method::HEAD { Bytes::new() } else { body };
        response.body(Full::new(body)).unwrap()
    }
}
