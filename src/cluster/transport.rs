//! The way to a server: proxy, TLS, credentials, HTTP/2.
//!
//! kube's own client speaks HTTP/1.1, so every parallel request would cost a handshake. Here the
//! hyper-rustls stack offers `h2` first and is handed to [`kube::Client::new`]; HTTP/1.1 stays
//! possible for servers behind an old proxy. The connection is opened before the first request, so
//! that the first requests already know what they speak and go over it all at once.

use std::error::Error as StdError;
use std::future::{Ready, poll_fn, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::Either;
use http::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ConfigExt};
use tower::{BoxError, Service, ServiceBuilder};

use super::error::{ClusterError, Subject, from_kube};
use super::request::{FIRST_TIMEOUT, no_answer};
use crate::kubeconfig::Target;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A dead connection is noticed within this while requests are open on it...
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// ...plus this.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How much the server may send of one answer, and of all, before it is taken note of: a small window
/// would make a large list wait for round trips.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// A client, and what its server speaks.
pub(super) struct Line {
    pub(super) client: kube::Client,
    pub(super) http2: bool,
}

/// Opens a connection and makes a client that uses it first; sends no request.
pub(super) async fn dial(target: &Target) -> Result<Line, ClusterError> {
    line(target, None).await
}

/// Makes a client with fresh credentials for a server that was reached before.
pub(super) async fn again(target: &Target, http2: bool) -> Result<kube::Client, ClusterError> {
    line(target, Some(http2)).await.map(|line| line.client)
}

async fn line(target: &Target, http2: Option<bool>) -> Result<Line, ClusterError> {
    let config = target.config()?;
    let setup = |source: BoxError| ClusterError::Setup { server: target.server.clone(), source };
    let (auth, tls) = credentials(config.clone(), target).await?;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let way = Way { target, config: &config, auth, tls, http2 };
    match proxy(target, &config.cluster_url).map_err(setup)? {
        None => way.over(http).await,
        Some((uri, authorization)) => {
            let mut tunnel = Tunnel::new(uri, http);
            if let Some(value) = authorization {
                tunnel = tunnel.with_auth(value);
            }
            way.over(tunnel).await
        }
    }
}

/// What a client is made from.
struct Way<'a> {
    target: &'a Target,
    config: &'a kube::Config,
    auth: Option<AuthLayer>,
    tls: rustls::ClientConfig,
    /// What the server speaks, where that is known; else a connection is opened.
    http2: Option<bool>,
}

impl Way<'_> {
    async fn over<C>(self, connector: C) -> Result<Line, ClusterError>
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
        C::Future: Send + 'static,
        C::Error: Into<BoxError> + StdError + Send + Sync + 'static,
    {
        let setup = |source: BoxError| ClusterError::Setup { server: self.target.server.clone(), source };
        let mut first = None;
        let http2 = match self.http2 {
            Some(http2) => http2,
            None => {
                let mut https = self.https(connector.clone(), false).map_err(setup)?;
                let opening = async {
                    poll_fn(|context| https.poll_ready(context)).await?;
                    https.call(self.config.cluster_url.clone()).await
                };
                let opened = match tokio::time::timeout(FIRST_TIMEOUT, opening).await {
                    Ok(opened) => opened,
                    Err(_) => Err(no_answer(FIRST_TIMEOUT).into()),
                };
                let what =
                    Subject { what: "connect", server: &self.target.server, context: &self.target.context };
                let stream = opened.map_err(|error| from_kube(kube::Error::Service(error), &what))?;
                first.insert(stream).connected().is_negotiated_h2()
            }
        };
        // Later connections speak what the first one did.
        let https = self.https(connector, http2).map_err(setup)?;
        let primed = Primed { first: Arc::new(Mutex::new(first)), then: https };
        let http: hyper_util::client::legacy::Client<_, Body> =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                // One connection for all, also where several requests want the first one at once.
                .http2_only(http2)
                .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
                .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
                .http2_initial_stream_window_size(STREAM_WINDOW)
                .http2_initial_connection_window_size(CONNECTION_WINDOW)
                .build(primed);
        let headers = self.config.extra_headers_layer().map_err(|error| setup(Box::new(error)))?;
        let service = ServiceBuilder::new()
            .layer(self.config.base_uri_layer())
            .option_layer(self.auth)
            .layer(headers)
            .map_err(BoxError::from)
            .service(http);
        Ok(Line { client: kube::Client::new(service, self.config.default_namespace.clone()), http2 })
    }

    fn https<C>(&self, connector: C, http2_only: bool) -> Result<HttpsConnector<C>, BoxError> {
        let mut builder = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        if let Some(name) = &self.config.tls_server_name {
            let resolver = FixedServerNameResolver::new(name.clone().try_into()?);
            builder = builder.with_server_name_resolver(resolver);
        }
        Ok(match http2_only {
            true => builder.enable_http2().wrap_connector(connector),
            false => builder.enable_all_versions().wrap_connector(connector),
        })
    }
}

/// A connector that gives away a connection that is open already before it opens others.
struct Primed<S, T> {
    first: Arc<Mutex<Option<T>>>,
    then: S,
}

impl<S: Clone, T> Clone for Primed<S, T> {
    fn clone(&self) -> Self {
        Self { first: self.first.clone(), then: self.then.clone() }
    }
}

impl<S, T> Service<Uri> for Primed<S, T>
where
    S: Service<Uri, Response = T>,
{
    type Response = T;
    type Error = S::Error;
    type Future = Either<Ready<Result<T, S::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.then.poll_ready(context)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(stream) => Either::Left(ready(Ok(stream))),
            None => Either::Right(self.then.call(server)),
        }
    }
}

type AuthLayer = kube::client::middleware::AuthLayer;

/// Runs the credential plugin, where there is one, on a thread of its own (it may ask for a login).
///
/// kube runs the plugin once for the header and once for the client certificate that it may give
/// instead; a plugin that gave a token is not run again.
async fn credentials(
    config: kube::Config,
    target: &Target,
) -> Result<(Option<AuthLayer>, rustls::ClientConfig), ClusterError> {
    let context = target.context.clone();
    let server = target.server.clone();
    let work = move || {
        let subject = Subject { what: "get a credential", server: &server, context: &context };
        let auth = config.auth_layer().map_err(|error| from_kube(error, &subject))?;
        let mut without_plugin = config;
        if auth.is_some() {
            without_plugin.auth_info.exec = None;
        }
        let tls = without_plugin
            .rustls_client_config()
            .map_err(|error| ClusterError::Setup { server: server.clone(), source: Box::new(error) })?;
        Ok((auth, tls))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ClusterError::Setup { server: target.server.clone(), source: Box::new(error) }),
    }
}

type ProxyParts = (Uri, Option<http::HeaderValue>);

/// The proxy that the way to the server leads through: the cluster entry's own for every server, the
/// surroundings' never for loopback (as Go's `http.ProxyURL` and `http.ProxyFromEnvironment` do).
fn proxy(target: &Target, server: &Uri) -> Result<Option<ProxyParts>, BoxError> {
    let setting = target.proxy();
    let Some(url) = setting.url else { return Ok(None) };
    let except = match setting.except {
        Some("*") => return Ok(None),
        Some(list) => format!("{list},localhost,127.0.0.0/8,::1"),
        None => String::new(),
    };
    let matcher = Matcher::builder().all(url).no(except).build();
    match matcher.intercept(server) {
        None => Ok(None),
        Some(intercept) if intercept.uri().scheme_str() == Some("http") => {
            Ok(Some((intercept.uri().clone(), intercept.basic_auth().cloned())))
        }
        Some(intercept) => Err(format!(
            "proxies of kind `{}` are not supported; use an `http://` proxy",
            intercept.uri().scheme_str().unwrap_or("unknown")
        )
        .into()),
    }
}
