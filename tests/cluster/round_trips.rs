//! What waits for what: how many round trips a verb takes, counted by the proxy.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::rc::Rc;

use devbox::cluster::{ApplyOptions, Cluster, Down, DownOptions};
use tokio::sync::Notify;

use crate::faults::{Fault, Flights, PATIENCE, Proxy, Seen};
use crate::support::Devbox;
use crate::trial::{Trial, accepted, config_map, deployment, trial};

const SECRET: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {key: dmFsdWU=}\n";
const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";

fn bundle(t: &Trial) -> String {
    let web = deployment("web", "nginx", "").replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector");
    t.namespace_yaml() + &config_map("a", "1") + &config_map("b", "1") + SECRET + SERVICE + &web
}

/// Removes the environment over a new connection, knowing what kinds it has.
async fn down(t: &Rc<Trial>, fault: impl Fn(&Seen) -> Fault + 'static) -> (Down, Proxy) {
    let kinds = t.up_all(&bundle(t)).await.kinds;
    assert_eq!(kinds, BTreeSet::from(["ConfigMap", "Deployment.apps", "Secret", "Service"].map(Into::into)));
    let proxy = Proxy::start(t, fault).await;
    let removing = async {
        let mut cluster = Cluster::dial(&proxy.target()).await.unwrap();
        let seen = cluster.see_standing(&t.environment, &kinds, &t.events).await.unwrap();
        let confirmed = accepted(&cluster, t.namespace());
        let down = cluster.down_seen(seen, &confirmed, &DownOptions::default(), &t.events).await.unwrap();
        assert!(down.error().is_none(), "{down:?}");
        down
    };
    let down = tokio::time::timeout(PATIENCE, removing).await.expect("no flight waits for another's answer");
    assert_eq!(proxy.connections(), 1);
    (down, proxy)
}

#[test]
fn a_down_reads_everything_at_once_deletes_by_wave_and_then_the_record() {
    trial(async |t| {
        t.namespace_before().await;
        let flights = Flights::of(&[7, 2, 3, 1]);
        let held = flights.clone();
        let (down, _) = down(&t, move |seen| held.hold(seen)).await;
        assert!(!down.namespace_removed);
        let (namespace, api) = (format!("namespaces/{}", t.namespace()), "/api/v1/");
        let seen = flights.seen(&namespace);
        let core = |verb: &str, rest: &str| format!("{verb} {api}{rest}");
        let apps = |verb: &str, rest: &str| format!("{verb} /apis/apps/v1/{rest}");
        assert_eq!(
            seen,
            [
                vec![
                    core("GET", ""),
                    core("GET", "/configmaps"),
                    core("GET", "/configmaps/devbox-shop"),
                    core("GET", "/secrets"),
                    core("GET", "/services"),
                    core("GET", "namespaces/kube-system"),
                    apps("GET", "/deployments"),
                ],
                vec![core("DELETE", "/services/web"), apps("DELETE", "/deployments/web")],
                vec![
                    core("DELETE", "/configmaps/a"),
                    core("DELETE", "/configmaps/b"),
                    core("DELETE", "/secrets/db"),
                ],
                vec![core("DELETE", "/configmaps/devbox-shop")],
            ]
        );
    });
}

#[test]
fn a_namespace_of_ours_is_looked_through_once_and_its_end_is_watched_for() {
    trial(async |t| {
        let (down, proxy) = down(&t, |_| Fault::None).await;
        assert!(down.namespace_removed);
        let of_namespace = format!("/api/v1/namespaces/{}", t.namespace());
        let count = |method: &str, path: &str, watch: bool| {
            let seen = proxy.seen();
            seen.iter().filter(|s| s.method == method && s.path == path && s.watch == watch).count()
        };
        assert_eq!(count("GET", "/api/v1/namespaces/kube-system", false), 1);
        assert_eq!(count("GET", &of_namespace, false), 1);
        assert_eq!((count("GET", "/api", false), count("GET", "/apis", false)), (1, 1));
        assert_eq!(count("DELETE", &of_namespace, false), 1);
        assert_eq!(count("GET", "/api/v1/namespaces", true), 1);
        // Once for what is ours, once for what is not.
        assert_eq!(count("GET", t.core("configmaps", "").trim_end_matches('/'), false), 2);
        // Once for what is not ours, once for what is still going.
        assert!(count("GET", t.core("pods", "").trim_end_matches('/'), false) <= 2);
    });
}

#[test]
fn the_program_knows_from_its_last_up_what_to_ask_for_and_asks_for_it_once() {
    trial(async |t| {
        t.namespace_before().await;
        let proxy = Proxy::start(&t, |_| Fault::None).await;
        let kubeconfig = std::fs::read_to_string(proxy.kubeconfig()).unwrap();
        let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig);
        let run = async |arguments: &[&str]| {
            let mut command = tokio::process::Command::from(devbox.command(env!("CARGO_BIN_EXE_devbox")));
            let output = command.args(arguments).stdin(Stdio::null()).output().await.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        run(&["init", "--yes", "--no-wait", "--namespace", t.namespace()]).await;
        proxy.reset();
        let before = proxy.connections();
        run(&["down", "--yes", "--volumes"]).await;
        assert_eq!(proxy.connections() - before, 1);
        let twice: Vec<Seen> = proxy.seen().into_iter().filter(|seen| seen.before > 0).collect();
        assert!(twice.is_empty(), "{twice:?}");
        // Everything is read before anything is deleted; claims that something holds are watched then.
        let seen = proxy.seen();
        let reads = seen.iter().take_while(|seen| seen.method == "GET").count();
        let rest = &seen[reads..];
        assert!(reads > 5 && rest.iter().all(|seen| seen.method == "DELETE" || seen.watch), "{seen:?}");
        assert!(crate::inventory::inventory(&t).await.is_empty());
    });
}

#[test]
fn what_a_finalizer_holds_for_a_while_is_watched_and_where_that_is_not_allowed_looked_at() {
    trial(async |t| {
        t.namespace_before().await;
        let held =
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [toys.dev/hold]}\n";
        for allowed in [true, false] {
            t.up_all(&(config_map("a", "1") + held)).await;
            let (maps, path) = (t.core("configmaps", ""), t.core("configmaps", "held"));
            let maps = maps.trim_end_matches('/').to_owned();
            let waiting = Rc::new(Notify::new());
            let (waits, watched) = (waiting.clone(), maps.clone());
            let proxy = Proxy::start(&t, move |seen| {
                // Listed once with everything; from then on it is waited for.
                if seen.path == watched && (seen.watch || seen.before > 0) {
                    waits.notify_one();
                }
                match seen.watch && !allowed {
                    true => Fault::Status(403, "configmaps is forbidden: you may not watch"),
                    false => Fault::None,
                }
            })
            .await;
            let cluster = proxy.connect().await;
            let confirmed = accepted(&cluster, t.namespace());
            let options = DownOptions::default();
            let releasing = async {
                waiting.notified().await;
                let none = serde_json::json!({"metadata": {"finalizers": null}});
                t.edit(&path, &none).await;
            };
            let down = cluster.down(&confirmed, &t.environment, &options, &t.events);
            let (down, ()) = futures::future::join(down, releasing).await;
            assert!(down.unwrap().error().is_none());
            assert!(t.get(&t.core("configmaps", "devbox-shop")).await.is_none());
            let asked = proxy.seen().iter().filter(|seen| seen.path == maps && !seen.watch).count();
            assert!(if allowed { asked == 1 } else { asked > 1 }, "{asked}");
            // The next round begins with nothing.
            t.up_with(&t.cluster, &config_map("a", "1"), ApplyOptions::default()).await.unwrap();
            t.down(options).await;
        }
    });
}
