//! Scenario 12 and promise 2: what is sent, how often, and what a bad network does to it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use devbox::cluster::{ApplyOptions, Change, Cluster, ClusterError, Look};
use devbox::event::Event;
use tokio::sync::Notify;

use crate::faults::{Fault, PATIENCE, Proxy, first};
use crate::trial::{accepted, config_map, deployment, manifests, target, trial};

#[test]
fn a_second_up_sends_one_patch_per_object_and_no_other_write_over_one_connection() {
    trial(async |t| {
        let proxy = Proxy::start(&t, |_| Fault::None).await;
        let cluster = proxy.connect().await;
        let mut bundle = t.namespace_yaml();
        for number in 0..30 {
            bundle += &config_map(&format!("c{number}"), "1");
        }
        bundle += &deployment("web", "nginx", "");
        let applied = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        // Namespace, 30 maps, the deployment, and the record once.
        assert_eq!(proxy.mutating().len(), 33);
        proxy.reset();
        let before = t.everything().await;
        let again = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        let patches = proxy.mutating();
        assert_eq!(patches.len(), 32);
        assert!(patches.iter().all(|seen| seen.method == "PATCH" && seen.before == 0));
        // Identity, namespace, record, and one list for each of the two kinds.
        assert_eq!(proxy.seen().len() - patches.len(), 5);
        let maps = again.objects.iter().filter(|object| object.key.kind == "ConfigMap");
        assert!(maps.clone().all(|object| object.change == Change::Unchanged));
        let only_maps = |all: Vec<String>| {
            all.into_iter().filter(|line| line.starts_with("configmaps")).collect::<Vec<_>>()
        };
        assert_eq!(only_maps(t.everything().await), only_maps(before));
        assert_eq!(proxy.connections(), 1);
    });
}

#[test]
fn what_does_not_change_holds_nothing_up_and_what_changes_is_there_before_what_needs_it() {
    trial(async |t| {
        let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, annotations: {devbox.internal/generate: password}}\n";
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
        let bundle = |value: &str| {
            t.namespace_yaml() + &config_map("a", value) + secret + service + &deployment("web", "nginx", "")
        };
        t.up_all(&bundle("1")).await;
        // The answer for the map takes its time: has the deployment come by then?
        let (map, deployment) = (t.core("configmaps", "a"), t.path("apps/v1", "deployments", "web"));
        let together: Rc<Cell<Option<bool>>> = Rc::default();
        let (came, told) = (Rc::new(Notify::new()), together.clone());
        let proxy = Proxy::start(&t, move |seen| {
            if seen.method == "PATCH" && seen.path == deployment {
                came.notify_one();
            }
            if seen.method != "PATCH" || seen.path != map {
                return Fault::None;
            }
            let (came, told) = (came.clone(), told.clone());
            Fault::Before(Box::pin(async move {
                let waited = tokio::time::timeout(Duration::from_secs(1), came.notified()).await;
                told.set(Some(waited.is_ok()));
            }))
        })
        .await;
        let cluster = proxy.connect().await;
        let same = t.up_with(&cluster, &bundle("1"), ApplyOptions::default()).await.unwrap();
        assert!(same.error().is_none());
        assert_eq!(together.take(), Some(true));
        let other = t.up_with(&cluster, &bundle("2"), ApplyOptions::default()).await.unwrap();
        assert!(other.error().is_none());
        assert_eq!(together.take(), Some(false));
    });
}

#[test]
fn who_the_cluster_is_and_what_is_there_is_read_at_once_over_the_first_connection() {
    trial(async |t| {
        let bundle = t.namespace_yaml() + &config_map("a", "1") + &deployment("web", "nginx", "");
        t.up_all(&bundle).await;
        let proxy = Proxy::start(&t, |_| Fault::None).await;
        let mut cluster = Cluster::dial(&target(proxy.kubeconfig())).await.unwrap();
        assert!(proxy.seen().is_empty());
        let all = manifests(&bundle);
        let seen = cluster.see(&t.environment, &all, Look::ToApply, &t.events).await.unwrap();
        let confirmed = accepted(&cluster, t.namespace());
        // Identity, namespace, record, and one list for each of the two kinds.
        assert_eq!(proxy.seen().len(), 5);
        let options = ApplyOptions::default();
        let applied = cluster.apply_seen(seen, &confirmed, &all, &options, &t.events).await.unwrap();
        assert!(applied.error().is_none());
        assert_eq!((proxy.seen().len(), proxy.mutating().len(), proxy.connections()), (8, 3, 1));
    });
}

#[test]
fn throttling_is_waited_out_as_long_as_the_server_says() {
    trial(async |t| {
        let path = t.core("configmaps", "a");
        let proxy = Proxy::start(&t, move |seen| match seen.path == path && seen.method == "PATCH" {
            true => first(2, seen, Fault::Answer(429, Some("1"))),
            false => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let start = Instant::now();
        let bundle = t.namespace_yaml() + &config_map("a", "1");
        let applied = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        assert!(start.elapsed().as_secs() >= 2 && start.elapsed() < PATIENCE, "{:?}", start.elapsed());
        assert!(t.events.events().iter().any(|event| matches!(
            event,
            Event::Progress { id, text } if id == "apply/ConfigMap/a" && text.contains("429")
        )));
    });
}

#[test]
fn gateway_errors_and_cut_connections_are_retried_and_leave_one_object() {
    trial(async |t| {
        let secrets = t.core("secrets", "").trim_end_matches('/').to_owned();
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| t.core("configmaps", name));
        let posts = secrets.clone();
        let proxy = Proxy::start(&t, move |seen| match (seen.method.as_str(), &seen.path) {
            ("PATCH", path) if *path == a => first(2, seen, Fault::Answer(503, None)),
            ("PATCH", path) if *path == b => first(1, seen, Fault::CutAfter),
            ("PATCH", path) if *path == c => first(1, seen, Fault::CutBefore),
            ("PATCH", path) if *path == d => first(1, seen, Fault::Answer(504, None)),
            ("POST", path) if *path == posts => first(1, seen, Fault::CutAfter),
            _ => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, annotations: {devbox.internal/generate: password}}\n";
        let maps: String = ["a", "b", "c", "d"].iter().map(|name| config_map(name, "1")).collect();
        let bundle = t.namespace_yaml() + &maps + secret;
        let applied = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        assert!(applied.warnings.is_empty(), "{:?}", applied.warnings);
        // Four maps, the record and the secret, each once.
        assert_eq!(t.everything().await.len(), 6);
        let live = t.get(&t.core("secrets", "db")).await.unwrap();
        assert_eq!(live["data"]["password"].as_str().unwrap().len(), 44);
    });
}

#[test]
fn what_is_given_up_on_is_named() {
    trial(async |t| {
        let path = t.core("configmaps", "a");
        let proxy = Proxy::start(&t, move |seen| match seen.path == path && seen.method == "PATCH" {
            true => Fault::Answer(429, Some("120")),
            false => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let bundle = t.namespace_yaml() + &config_map("a", "1") + &config_map("b", "1");
        let applied = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        let error = applied.error().unwrap().to_string();
        assert!(error.contains("ConfigMap/a") && error.contains("gave up after 1 try"), "{error}");
        assert!(t.get(&t.core("configmaps", "b")).await.is_some());
    });
}

#[test]
fn a_server_that_is_not_there_is_named_at_once() {
    trial(async |t| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = connect_to(&t, &server).await;
        assert_eq!(error.to_string(), format!("cannot reach `{server}`: connection refused"));
        let error = connect_to(&t, "https://nowhere.invalid:6443").await;
        assert_eq!(
            error.to_string(),
            "cannot reach `https://nowhere.invalid:6443`: its name does not resolve"
        );
    });
}

#[test]
fn a_certificate_of_another_authority_is_named() {
    trial(async |t| {
        let server = t.cluster.identity().server.clone();
        let other = rcgen::generate_simple_self_signed(vec!["other".into()]).unwrap().cert.pem();
        let file = t.kubeconfig("ca.pem", &other);
        let kubeconfig = format!(
            "current-context: x\ncontexts: [{{name: x, context: {{cluster: c}}}}]\nclusters: [{{name: c, cluster: {{server: '{server}', certificate-authority: '{}'}}}}]\n",
            file.display()
        );
        let file = t.kubeconfig("other-ca", &kubeconfig);
        let error = devbox::cluster::Cluster::connect(&crate::trial::target(&file)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot trust `{server}`: its certificate is signed by another CA than the kubeconfig's")
        );
    });
}

#[test]
fn credentials_that_are_not_accepted_are_named() {
    trial(async |t| {
        let admin = std::fs::read_to_string(crate::sandbox::kubeconfig()).unwrap();
        let mut kubeconfig: serde_json::Value = serde_yaml::from_str(&admin).unwrap();
        kubeconfig["users"][0]["user"] = serde_json::json!({"token": "expired"});
        let file = t.kubeconfig("expired", &kubeconfig.to_string());
        let error = devbox::cluster::Cluster::connect(&crate::trial::target(&file)).await.unwrap_err();
        assert!(matches!(error, ClusterError::Unauthorized { .. }), "{error}");
    });
}

/// A credential plugin that gives a stale token on its first run and a good one after.
#[test]
fn a_credential_plugin_runs_once_and_again_only_when_its_token_is_refused() {
    trial(async |t| {
        use secrecy::ExposeSecret;
        use std::os::unix::fs::PermissionsExt;
        let account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n";
        t.up_all(&(t.namespace_yaml() + account)).await;
        let token = t.cluster.token(t.namespace(), "app", std::time::Duration::from_secs(600)).await.unwrap();
        t.kubeconfig("good", token.token.expose_secret());
        let script = "#!/bin/sh
cd \"$(dirname \"$0\")\"
echo run >> runs
token=stale
if [ \"$(wc -l < runs)\" -ne \"$STALE\" ]; then token=$(cat good); fi
echo '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"'$token'\", \"expirationTimestamp\": \"2100-01-01T00:00:00Z\"}}'
";
        let login = t.kubeconfig("login", script);
        std::fs::set_permissions(&login, std::fs::Permissions::from_mode(0o755)).unwrap();
        let runs = || std::fs::read_to_string(t.home.path().join("runs")).unwrap().lines().count();
        for (stale, expected) in [("0", 1), ("1", 2)] {
            let admin = std::fs::read_to_string(crate::sandbox::kubeconfig()).unwrap();
            let mut kubeconfig: serde_json::Value = serde_yaml::from_str(&admin).unwrap();
            kubeconfig["users"][0]["user"] = serde_json::json!({"exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "./login",
                "env": [{"name": "STALE", "value": stale}],
                "interactiveMode": "Never",
            }});
            let file = t.kubeconfig("exec", &kubeconfig.to_string());
            let cluster = devbox::cluster::Cluster::connect(&crate::trial::target(&file)).await.unwrap();
            assert_eq!(cluster.identity().uid, None);
            assert_eq!(runs(), expected);
            std::fs::remove_file(t.home.path().join("runs")).unwrap();
        }
    });
}

#[test]
fn a_credential_that_runs_out_in_the_middle_is_renewed_once_for_all_requests_and_for_open_watches() {
    trial(async |t| {
        use std::os::unix::fs::PermissionsExt;
        let bundle = (0..30).fold(t.namespace_yaml(), |all, n| all + &config_map(&format!("c{n}"), "1"))
            + &deployment("web", "nginx", "");
        let refused: Rc<Cell<(&str, bool)>> = Rc::new(Cell::new(("1", false)));
        let refusing = refused.clone();
        let proxy = Proxy::start(&t, move |seen| {
            let (token, watches) = refusing.get();
            let maps = seen.method == "PATCH" && seen.path.contains("/configmaps/c");
            match seen.token == token && if watches { seen.watch } else { maps } {
                true => Fault::Status(401, "Unauthorized"),
                false => Fault::None,
            }
        })
        .await;
        // The token is the number of the run.
        let script = "#!/bin/sh
cd \"$(dirname \"$0\")\"
echo run >> runs
echo '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"'$(($(wc -l < runs)))'\", \"expirationTimestamp\": \"2100-01-01T00:00:00Z\"}}'
";
        let login = t.kubeconfig("login", script);
        std::fs::set_permissions(&login, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut kubeconfig: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(proxy.kubeconfig()).unwrap()).unwrap();
        kubeconfig["contexts"][0]["context"]["user"] = "me".into();
        kubeconfig["users"] = serde_json::json!([{"name": "me", "user": {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "interactiveMode": "Never",
        }}}]);
        let file = t.kubeconfig("exec", &kubeconfig.to_string());
        let cluster = Cluster::connect(&target(&file)).await.unwrap();
        let runs = || std::fs::read_to_string(t.home.path().join("runs")).unwrap().lines().count();
        assert_eq!(runs(), 1);
        let applied = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        assert!(applied.error().is_none(), "{}", applied.error().unwrap());
        let refused_maps =
            proxy.seen().iter().filter(|s| s.path.contains("/configmaps/c") && s.token == "1").count();
        assert_eq!(refused_maps, 30);
        assert_eq!(runs(), 2);

        refused.set(("2", true));
        let options = devbox::cluster::WaitOptions { timeout: Duration::from_secs(60) };
        let readiness = cluster.wait(&t.environment, &applied, &options, &t.events).await.unwrap();
        assert!(readiness.is_ready(), "{readiness:?}");
        assert!(proxy.seen().iter().any(|seen| seen.watch && seen.token == "3"));
        assert_eq!(runs(), 3);
    });
}

async fn connect_to(t: &crate::trial::Trial, server: &str) -> ClusterError {
    let kubeconfig = format!(
        "current-context: x\ncontexts: [{{name: x, context: {{cluster: c}}}}]\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n"
    );
    let file = t.kubeconfig("elsewhere", &kubeconfig);
    devbox::cluster::Cluster::connect(&crate::trial::target(&file)).await.unwrap_err()
}
