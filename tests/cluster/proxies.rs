//! The way through a proxy: the cluster entry's own, the surroundings', and who goes round it.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use devbox::cluster::{Cluster, ClusterError, Reach};
use devbox::env::Env;
use devbox::error::Explain;
use devbox::kubeconfig::Kubeconfigs;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::trial::{Trial, trial};

/// A proxy that tunnels everything to the test's API server, whatever its name, and keeps what it was
/// asked. Where `password` is given, it wants it (`user:password` in base64).
struct Tunnel {
    address: String,
    asked: Rc<RefCell<Vec<String>>>,
}

impl Tunnel {
    async fn start(t: &Trial, password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Rc<RefCell<Vec<String>>> = Rc::default();
        let (log, server) = (asked.clone(), address_of(t));
        tokio::task::spawn_local(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::task::spawn_local(tunnel(near, log.clone(), server.clone(), password));
            }
        });
        Self { address, asked }
    }
}

async fn tunnel(
    mut near: TcpStream,
    log: Rc<RefCell<Vec<String>>>,
    server: String,
    password: Option<&'static str>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    log.borrow_mut().push(head.lines().next().unwrap().to_owned());
    let knows = |password: &str| {
        head.to_lowercase().contains("proxy-authorization: basic") && head.contains(password)
    };
    if password.is_some_and(|password| !knows(password)) {
        near.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
        return;
    }
    let mut far = TcpStream::connect(server).await.unwrap();
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
}

fn address_of(t: &Trial) -> String {
    t.cluster.identity().server.trim_start_matches("https://").to_owned()
}

/// The name of a server that only the proxy can resolve.
const FAR: &str = "cluster.invalid:6443";

/// Connects with a change to the cluster entry, in these surroundings.
async fn connect(
    t: &Trial,
    change: Value,
    https_proxy: Option<&str>,
    no_proxy: Option<&str>,
) -> Result<Cluster, ClusterError> {
    let admin = std::fs::read_to_string(crate::sandbox::kubeconfig()).unwrap();
    let mut kubeconfig: Value = serde_yaml::from_str(&admin).unwrap();
    for (key, value) in change.as_object().unwrap() {
        kubeconfig["clusters"][0]["cluster"][key] = value.clone();
    }
    let file = t.kubeconfig("proxied", &kubeconfig.to_string());
    let mut env = Env::under(Path::new("/nonexistent"));
    env.https_proxy = https_proxy.map(Into::into);
    env.no_proxy = no_proxy.map(Into::into);
    let target = Kubeconfigs::load(&env, Some(&file)).unwrap().target(None).unwrap();
    Cluster::connect(&target).await
}

fn far() -> Value {
    json!({"server": format!("https://{FAR}"), "tls-server-name": "localhost"})
}

#[test]
fn the_proxy_of_the_cluster_entry_is_used_for_every_server() {
    trial(async |t| {
        let tunnel = Tunnel::start(&t, None).await;
        let change = json!({"proxy-url": format!("http://{}", tunnel.address)});
        let cluster = connect(&t, change, None, None).await.unwrap();
        assert_eq!(cluster.identity().uid, t.cluster.identity().uid);
        assert_eq!(*tunnel.asked.borrow(), [format!("CONNECT {} HTTP/1.1", address_of(&t))]);
    });
}

#[test]
fn the_proxy_of_the_surroundings_is_used_and_resolves_the_name() {
    trial(async |t| {
        let tunnel = Tunnel::start(&t, None).await;
        let proxy = format!("http://{}", tunnel.address);
        let cluster = connect(&t, far(), Some(&proxy), Some("example.com,.internal")).await.unwrap();
        assert_eq!(cluster.identity().uid, t.cluster.identity().uid);
        assert_eq!(*tunnel.asked.borrow(), [format!("CONNECT {FAR} HTTP/1.1")]);
    });
}

#[test]
fn what_no_proxy_lists_and_loopback_go_round_the_proxy_of_the_surroundings() {
    trial(async |t| {
        let tunnel = Tunnel::start(&t, None).await;
        let proxy = format!("http://{}", tunnel.address);
        for list in ["cluster.invalid", ".invalid", "a.example, invalid", "*"] {
            let error = connect(&t, far(), Some(&proxy), Some(list)).await.unwrap_err();
            assert!(matches!(error, ClusterError::Unreachable { reach: Reach::Dns, .. }), "{list}: {error}");
        }
        connect(&t, json!({}), Some(&proxy), None).await.unwrap();
        assert!(tunnel.asked.borrow().is_empty(), "{:?}", tunnel.asked);
    });
}

#[test]
fn a_proxy_that_wants_a_password_gets_the_one_in_its_url_and_is_named_without_it() {
    trial(async |t| {
        // "me:hush"
        let tunnel = Tunnel::start(&t, Some("bWU6aHVzaA==")).await;
        let with = format!("http://me:hush@{}", tunnel.address);
        connect(&t, far(), Some(&with), None).await.unwrap();
        let without = format!("http://me:wrong-hush@{}", tunnel.address);
        let error = connect(&t, far(), Some(&without), None).await.unwrap_err();
        let hints = error.hints();
        let failure = devbox::error::Failure::from(error);
        assert_eq!(failure.what, format!("cannot reach `https://{FAR}`: the proxy does not let us through"));
        assert!(hints[0].contains("HTTPS_PROXY"), "{hints:?}");
        assert!(!format!("{failure:?}").contains("hush"), "{failure:?}");
    });
}

#[test]
fn a_proxy_that_is_not_there_and_one_of_another_kind_are_named() {
    trial(async |t| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let nowhere = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = connect(&t, far(), Some(&nowhere), None).await.unwrap_err();
        assert!(matches!(error, ClusterError::Unreachable { reach: Reach::Proxy, .. }), "{error}");
        let error = connect(&t, far(), Some("socks5://127.0.0.1:1"), None).await.unwrap_err();
        let failure = devbox::error::Failure::from(error);
        assert!(failure.causes.join(" ").contains("use an `http://` proxy"), "{failure:?}");
    });
}
