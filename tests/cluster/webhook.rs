//! Scenario 11: an admission webhook that refuses, or is not there yet.

use std::rc::Rc;
use std::sync::Arc;

use devbox::cluster::ClusterError;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::faults::{Fault, Proxy};
use crate::trial::{Trial, config_map, trial};

/// A webhook for the ConfigMaps of one namespace that denies those called `bad`.
struct Webhook {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    name: String,
}

impl Webhook {
    /// Registers one that nobody answers for yet, and waits until the API server asks it.
    async fn register(t: &Trial) -> Self {
        let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let tls = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let name = format!("{}.example.com", t.namespace());
        let ca = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certified.cert.pem());
        t.create(CONFIGURATIONS, &json!({
            "metadata": {"name": name},
            "webhooks": [{
                "name": name,
                "clientConfig": {"url": format!("https://{address}/"), "caBundle": ca},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": t.namespace()}},
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "timeoutSeconds": 1,
            }],
        }))
        .await;
        let maps = t.core("configmaps", "").trim_end_matches('/').to_owned();
        let probe = json!({"metadata": {"name": "probe"}});
        loop {
            let path = format!("{maps}?dryRun=All");
            let (code, _) = t.send(http::Method::POST, &path, "application/json", &probe).await;
            if code == 500 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(tls)), name }
    }

    /// Answers from now on.
    async fn serve(self: Rc<Self>) {
        while let Ok((stream, _)) = self.listener.accept().await {
            let this = self.clone();
            tokio::task::spawn_local(async move {
                let Ok(stream) = this.acceptor.accept(stream).await else { return };
                let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
                    let bad = review["request"]["name"] == "bad";
                    let answer = json!({
                        "apiVersion": "admission.k8s.io/v1",
                        "kind": "AdmissionReview",
                        "response": {
                            "uid": review["request"]["uid"],
                            "allowed": !bad,
                            "status": {"code": 403, "message": "no bad maps here"},
                        },
                    });
                    let answer = Full::new(bytes::Bytes::from(answer.to_string()));
                    Ok::<_, hyper::Error>(
                        http::Response::builder()
                            .header("content-type", "application/json")
                            .body(answer)
                            .unwrap_or_default(),
                    )
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }
}

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

#[test]
fn a_webhook_that_is_not_there_yet_is_waited_for_and_one_that_denies_is_quoted() {
    trial(async |t| {
        t.namespace_before().await;
        let webhook = Rc::new(Webhook::register(&t).await);
        let configuration = format!("{CONFIGURATIONS}/{}", webhook.name);
        // It comes up once the first write was refused twice.
        let serving = std::cell::Cell::new(Some(webhook));
        let path = t.core("configmaps", "devbox-shop");
        let proxy = Proxy::start(&t, move |seen| {
            if seen.path == path
                && seen.method == "PATCH"
                && seen.before == 2
                && let Some(webhook) = serving.take()
            {
                tokio::task::spawn_local(webhook.serve());
            }
            Fault::None
        })
        .await;
        let cluster = proxy.connect().await;
        let bundle = config_map("a", "1") + &config_map("bad", "1");
        let result = t.up_with(&cluster, &bundle, Default::default()).await;
        t.delete(&configuration).await;
        let applied = result.unwrap();
        assert!(t.get(&t.core("configmaps", "a")).await.is_some());
        assert_eq!(applied.failures.len(), 1, "{applied:?}");
        let error = &applied.failures[0].error;
        assert!(matches!(error, ClusterError::Rejected { .. }), "{error}");
        assert!(error.to_string().contains("no bad maps here"), "{error}");
        assert!(t.get(&t.core("configmaps", "bad")).await.is_none());
    });
}
