//! Servers on loopback: git's own http backend behind a small server that can want a login, cut an answer
//! short, hold one back or redirect, over http or https; and a proxy.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::organisation::{Organisation, program};

/// How a server behaves.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// The login that it wants: `user:password`.
    pub(crate) login: Option<&'static str>,
    /// The answer to a POST is cut off after so many bytes.
    pub(crate) cut_after: Option<usize>,
    /// The answer to a POST is held back until [`Server::go_on`].
    pub(crate) held: bool,
    /// Where every GET is sent instead; `{}` is the path asked for.
    pub(crate) redirect: Option<String>,
    /// It speaks TLS.
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
}

/// A running server. Its threads end with the test's process.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Manner,
    root: std::path::PathBuf,
    seen: Mutex<Vec<String>>,
    news: Condvar,
    released: Mutex<bool>,
}

impl Server {
    pub(crate) fn start(organisation: &Organisation, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            manner,
            root: organisation.root(),
            seen: Mutex::default(),
            news: Condvar::new(),
            released: Mutex::new(false),
        });
        let server = Self { port, shared };
        let accepting = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting.shared);
                std::thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.shared.manner.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/presets.git", self.port)
    }

    /// The requests so far: method, path, and the header of the login.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests with this method came.
    pub(crate) fn wait_for(&self, method: &str, count: usize) {
        let mut seen = self.shared.seen.lock().unwrap();
        while seen.iter().filter(|line| line.starts_with(method)).count() < count {
            let (next, timeout) = self.shared.news.wait_timeout(seen, Duration::from_secs(60)).unwrap();
            seen = next;
            assert!(!timeout.timed_out(), "no {method} came: {seen:?}");
        }
    }

    /// Sends what was held back.
    pub(crate) fn go_on(&self) {
        *self.shared.released.lock().unwrap() = true;
        self.shared.news.notify_all();
    }
}

struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &mut impl BufRead) -> io::Result<Self> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self { method, target, headers, body: Vec::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        request.body = vec![0; length];
        stream.read_exact(&mut request.body)?;
        Ok(request)
    }

    /// Sends it on to the server that its address names.
    fn forward(&self, to: &mut impl Write) -> io::Result<()> {
        let path = self.target.splitn(4, '/').nth(3).unwrap_or_default();
        write!(to, "{} /{path} HTTP/1.1\r\n", self.method)?;
        for (name, value) in self.headers.iter().filter(|(name, _)| !name.starts_with("proxy-")) {
            write!(to, "{name}: {value}\r\n")?;
        }
        to.write_all(b"\r\n")?;
        to.write_all(&self.body)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        match &self.manner.tls {
            None => self.answer(&mut BufReader::new(stream), |stream| stream),
            Some(config) => {
                let connection =
                    rustls::ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
                self.answer(&mut stream, |stream| &stream.sock)?;
                stream.get_mut().conn.send_close_notify();
                stream.get_mut().flush()
            }
        }
    }

    fn answer<S: Read + Write>(
        &self,
        stream: &mut BufReader<S>,
        socket: impl Fn(&S) -> &TcpStream,
    ) -> io::Result<()> {
        let request = Request::read(stream)?;
        let login = request.header("authorization").unwrap_or("-").to_owned();
        self.seen.lock().unwrap().push(format!("{} {} {login}", request.method, request.target));
        self.news.notify_all();
        let wanted = self.manner.login.map(|login| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login))
        });
        let out = stream.get_mut();
        if wanted.is_some_and(|wanted| wanted != login) {
            return out.write_all(b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"git\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        if let Some(to) = self.manner.redirect.as_ref().filter(|_| request.method == "GET") {
            let to = to.replace("{}", &request.target);
            return write!(
                out,
                "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
        }
        let (head, body) = self.backend(&request)?;
        let is_pack = request.method == "POST";
        if is_pack && self.manner.held {
            let mut released = self.released.lock().unwrap();
            while !*released {
                released = self.news.wait_timeout(released, Duration::from_secs(1)).unwrap().0;
            }
        }
        write!(out, "{head}content-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
        let sent = self.manner.cut_after.filter(|_| is_pack).unwrap_or(body.len()).min(body.len());
        out.write_all(&body[..sent])?;
        out.flush()?;
        if sent < body.len() {
            let _ = socket(out).shutdown(Shutdown::Both);
        }
        Ok(())
    }

    /// Runs `git http-backend` as a CGI program.
    fn backend(&self, request: &Request) -> io::Result<(String, Vec<u8>)> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut child = Command::new(program("git"))
            .arg("http-backend")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.root)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("REQUEST_METHOD", &request.method)
            .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        child.stdin.take().unwrap().write_all(&request.body)?;
        let output = child.wait_with_output()?.stdout;
        let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(output.len() - 4);
        let head = String::from_utf8_lossy(&output[..end]).into_owned();
        let status =
            head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
        let rest: String = head
            .lines()
            .filter(|line| !line.starts_with("Status: "))
            .map(|line| format!("{line}\r\n"))
            .collect();
        Ok((format!("HTTP/1.1 {status}\r\n{rest}"), output[end + 4..].to_vec()))
    }
}

/// A proxy that takes `CONNECT` for TLS and whole addresses for the rest, and leads to one port of this machine,
/// whatever host is named.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    let Ok(request) = Request::read(&mut reader) else { return };
                    let login = request.header("proxy-authorization").map(|login| format!(" {login}"));
                    let login = login.unwrap_or_default();
                    notes.lock().unwrap().push(format!("{} {}{login}", request.method, request.target));
                    let mut near = reader.into_inner();
                    let mut far = TcpStream::connect(("127.0.0.1", target)).unwrap();
                    match request.method.as_str() {
                        "CONNECT" => drop(near.write_all(b"HTTP/1.1 200 OK\r\n\r\n")),
                        _ => drop(request.forward(&mut far)),
                    }
                    let (mut back, mut forth) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                    std::thread::spawn(move || {
                        let _ = io::copy(&mut back, &mut forth);
                        let _ = forth.shutdown(Shutdown::Both);
                    });
                    let _ = io::copy(&mut near, &mut far);
                });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// A certificate for 127.0.0.1 and `git.example.test`, with the text that a client trusts.
pub(crate) fn certificate() -> (Arc<rustls::ServerConfig>, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "git.example.test".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private.into())
        .unwrap();
    (Arc::new(config), certificate.pem())
}
