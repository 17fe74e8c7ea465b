//! Git's smart protocol over https and http: rustls with the system's certificate authorities, through the
//! surroundings' proxy, with a login from git's credential helpers where the server wants one.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

use super::credentials;
use super::error::Trouble;
use super::forward;
use super::gitconfig::GitConfig;
use super::proxy;
use super::watch::Watch;
use crate::env::Env;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// A server counts what it has before it answers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const MOST_REDIRECTS: usize = 5;

/// Servers tell git from browsers by this.
const USER_AGENT: &str = concat!("git/2.0 (devbox-k8s ", env!("CARGO_PKG_VERSION"), ")");

/// A repository behind http.
pub(super) struct Http {
    shared: Arc<Shared>,
}

struct Shared {
    env: Env,
    config: GitConfig,
    interactive: bool,
    watch: Arc<Watch>,
    state: Mutex<State>,
}

/// Where the repository turned out to be, and the login that the server took.
#[derive(Clone)]
struct State {
    url: String,
    login: Option<SecretString>,
    headers: Vec<(String, String)>,
}

impl Http {
    pub(super) fn new(url: &str, config: GitConfig, env: &Env, interactive: bool, watch: Arc<Watch>) -> Self {
        let state = State { url: url.to_owned(), login: None, headers: config.headers(url) };
        let shared = Shared { env: env.clone(), config, interactive, watch, state: Mutex::new(state) };
        Self { shared: Arc::new(shared) }
    }

    /// Asks for the branches and tags; follows redirects and logs in where it has to.
    pub(super) fn advertisement(&self) -> io::Result<Answer> {
        let shared = &self.shared;
        let mut tried = None;
        for _ in 0..=MOST_REDIRECTS + 1 {
            let state = shared.state();
            let url = format!("{}/info/refs?service=git-upload-pack", bare(&state.url));
            let request = shared.agent(&url)?.get(&url);
            let response = shared.send(with_headers(request, &state).call())?;
            match response.status().as_u16() {
                200 => {
                    if let Some(login) = tried {
                        credentials::Login::tell(&login, true, &shared.env);
                    }
                    return self.checked(response, "application/x-git-upload-pack-advertisement");
                }
                401 if tried.is_none() => {
                    let login = credentials::ask(&state.url, &shared.env, shared.interactive);
                    let Some(login) = login else {
                        return Err(shared.login(false, &state.url));
                    };
                    shared.change(|state| state.login = Some(login.basic()));
                    tried = Some(login);
                }
                401 | 403 if tried.is_some() => {
                    if let Some(login) = tried.filter(|_| response.status() == 401) {
                        login.tell(false, &shared.env);
                    }
                    return Err(shared.login(true, &state.url));
                }
                301 | 302 | 303 | 307 | 308 => {
                    let to = response.headers().get("location").and_then(|to| to.to_str().ok());
                    shared.follow(&url, &state, to.unwrap_or_default())?;
                }
                status => return Err(shared.status(status, &url)),
            }
        }
        Err(shared.answer("it redirects in a circle".into()))
    }

    /// Asks for objects: what is written is sent with the first read.
    pub(super) fn upload_pack(&self) -> Exchange {
        Exchange { http: Self { shared: Arc::clone(&self.shared) }, request: Vec::new(), answer: None }
    }

    fn post(&self, body: &[u8]) -> io::Result<Answer> {
        let state = self.shared.state();
        let url = format!("{}/git-upload-pack", bare(&state.url));
        let request = self
            .shared
            .agent(&url)?
            .post(&url)
            .header("content-type", "application/x-git-upload-pack-request")
            .header("accept", "application/x-git-upload-pack-result");
        let response = self.shared.send(with_headers(request, &state).send(body))?;
        match response.status().as_u16() {
            200 => self.checked(response, "application/x-git-upload-pack-result"),
            401 => Err(self.shared.login(state.login.is_some(), &state.url)),
            status => Err(self.shared.status(status, &url)),
        }
    }

    fn checked(&self, response: http::Response<Body>, wanted: &str) -> io::Result<Answer> {
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        if kind != Some(wanted) {
            let kind = kind.unwrap_or("nothing").escape_debug().to_string();
            let why = format!("the address answers with {kind}: no git repository over smart HTTP is there");
            return Err(self.shared.answer(why));
        }
        Ok(Answer {
            body: Box::new(response.into_body().into_reader()),
            watch: Arc::clone(&self.shared.watch),
        })
    }
}

impl Shared {
    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn answer(&self, why: String) -> io::Error {
        self.watch.fail(Trouble::Answer(why))
    }

    fn login(&self, tried: bool, url: &str) -> io::Error {
        self.watch.fail(Trouble::Login { tried, host: host(url).to_owned() })
    }

    fn status(&self, status: u16, url: &str) -> io::Error {
        let why = match status {
            403 => "the login may not read it",
            404 => "there is no repository, or it is not shown to whoever does not log in",
            407 => "the proxy wants a login",
            429 => "the server has too much to do",
            500.. => "the server failed",
            _ => "the server refuses",
        };
        self.answer(format!("HTTP {status} from `{}`: {why}", host(url)))
    }

    /// Takes the new place of the repository. A redirect never leads from https to http, never to an
    /// address that is not about this request, and logins stay with the host that they are for.
    fn follow(&self, from: &str, state: &State, to: &str) -> io::Result<()> {
        const TAIL: &str = "/info/refs?service=git-upload-pack";
        let scheme = from.split("://").next().unwrap_or_default();
        let to = match to {
            path if path.starts_with('/') && !path.starts_with("//") => {
                format!("{scheme}://{}{path}", host(from))
            }
            other => other.to_owned(),
        };
        let new_scheme = to.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let is_downgrade = match new_scheme.as_deref() {
            Some("https") => false,
            Some("http") => scheme != "http",
            _ => true,
        };
        let base = to.strip_suffix(TAIL).filter(|base| !base.contains(['@', '?', '#']));
        match base {
            Some(base) if !is_downgrade => {
                let same_host = host(base) == host(&state.url) && base.starts_with(scheme);
                self.change(|state| {
                    state.url = base.to_owned();
                    if !same_host {
                        state.login = None;
                        state.headers.clear();
                    }
                });
                Ok(())
            }
            _ => Err(self.answer("it redirects to an address that is not followed".into())),
        }
    }

    fn send(&self, result: Result<http::Response<Body>, ureq::Error>) -> io::Result<http::Response<Body>> {
        result.map_err(|error| self.watch.fail(Trouble::Network(network(&error))))
    }

    fn agent(&self, url: &str) -> io::Result<Agent> {
        let uri: http::Uri = url.parse().map_err(io::Error::other)?;
        let proxy = match proxy::for_url(&uri, self.config.proxy(), &self.env) {
            Some(proxy) => Some(Proxy::new(&proxy).map_err(|error| {
                self.watch.fail(Trouble::Network(format!("the proxy's address cannot be used: {error}")))
            })?),
            None => None,
        };
        let config = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(USER_AGENT)
                .accept_encoding("identity")
                .timeout_resolve(Some(CONNECT_TIMEOUT))
                .timeout_connect(Some(CONNECT_TIMEOUT))
                .timeout_recv_response(Some(ANSWER_TIMEOUT))
        };
        if uri.scheme_str() == Some("https") {
            return Ok(config().proxy(proxy).tls_config(self.tls()).build().new_agent());
        }
        // Without a proxy of ureq's own in it, which would tunnel.
        let plain = config().proxy(None).build();
        let forward = proxy.as_ref().and_then(|proxy| forward::agent(&plain, &uri, proxy));
        Ok(forward.unwrap_or_else(|| config().proxy(proxy).build().new_agent()))
    }

    /// The system's certificate authorities (`SSL_CERT_FILE` in their place), and git's own beside them.
    fn tls(&self) -> TlsConfig {
        let system = rustls_native_certs::load_native_certs().certs;
        let mut roots: Vec<Certificate<'static>> =
            system.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        if let Some(pem) = self.config.authorities(&self.env).and_then(|file| std::fs::read(file).ok()) {
            roots.extend(parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            }));
        }
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build()
    }
}

fn with_headers<B>(mut request: ureq::RequestBuilder<B>, state: &State) -> ureq::RequestBuilder<B> {
    for (name, value) in &state.headers {
        request = request.header(name, value);
    }
    match &state.login {
        Some(login) => request.header("authorization", login.expose_secret()),
        None => request,
    }
}

/// A URL without the name of a user in it, which goes to the credential helpers alone.
fn bare(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// What ureq says, without what it says about itself.
fn network(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "the host's name is not known".into(),
        ureq::Error::Timeout(_) => "the server does not answer".into(),
        ureq::Error::Rustls(error) => format!("the server's certificate is not accepted: {error}"),
        other => other.to_string(),
    }
}

/// An answer, counted.
pub(super) struct Answer {
    body: Box<dyn Read + Send>,
    watch: Arc<Watch>,
}

impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.body.read(buffer).map_err(|error| {
            let why = format!("the connection broke in the middle of an answer: {error}");
            self.watch.fail(Trouble::Network(why))
        })?;
        self.watch.received(length)?;
        Ok(length)
    }
}

impl Write for Answer {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("nothing is asked here"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A question and its answer.
pub(super) struct Exchange {
    http: Http,
    request: Vec<u8>,
    answer: Option<Answer>,
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.answer.is_none() {
            let request = std::mem::take(&mut self.request);
            self.answer = Some(self.http.post(&request)?);
        }
        match &mut self.answer {
            Some(answer) => answer.read(buffer),
            None => Ok(0),
        }
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.request.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
