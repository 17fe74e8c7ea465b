//! Scenario 15: interrupted anywhere, the next run converges and leaks nothing.

use std::rc::Rc;

use devbox::cluster::{ApplyOptions, Change, DownOptions};
use tokio::sync::Notify;

use crate::faults::{Fault, Proxy};
use crate::trial::{changes, config_map, deployment, trial};

/// Drops an apply when its `n`-th write arrives at the proxy, before or after it is sent on.
async fn interrupted_at(t: &Rc<crate::trial::Trial>, bundle: &str, n: usize, after: bool) -> bool {
    let stop = Rc::new(Notify::new());
    let stopping = stop.clone();
    let writes = std::cell::Cell::new(0);
    let proxy = Proxy::start(t, move |seen| {
        if seen.method == "GET" {
            return Fault::None;
        }
        writes.set(writes.get() + 1);
        if writes.get() < n {
            return Fault::None;
        }
        stopping.notify_one();
        if after { Fault::CutAfter } else { Fault::Hang }
    })
    .await;
    let cluster = proxy.connect().await;
    tokio::select! {
        biased;
        () = stop.notified() => true,
        result = t.up_with(&cluster, bundle, ApplyOptions::default()) => {
            result.unwrap();
            false
        }
    }
}

#[test]
fn a_down_interrupted_at_any_write_converges_when_run_again() {
    trial(async |t| {
        let bundle = t.namespace_yaml()
            + &config_map("a", "1")
            + &config_map("b", "1")
            + &deployment("web", "nginx", "");
        let mut n = 1;
        loop {
            t.up_all(&bundle).await;
            let stop = Rc::new(Notify::new());
            let stopping = stop.clone();
            let writes = std::cell::Cell::new(0);
            let proxy = Proxy::start(&t, move |seen| {
                writes.set(writes.get() + usize::from(seen.method != "GET"));
                if writes.get() < n || seen.method == "GET" {
                    return Fault::None;
                }
                stopping.notify_one();
                if n % 2 == 0 { Fault::CutAfter } else { Fault::Hang }
            })
            .await;
            let cluster = proxy.connect().await;
            let confirmed = crate::trial::accepted(&cluster, t.namespace());
            let options = DownOptions::default();
            let stopped = tokio::select! {
                biased;
                () = stop.notified() => true,
                down = cluster.down(&confirmed, &t.environment, &options, &t.events) => {
                    down.unwrap();
                    false
                }
            };
            let down = t.down(DownOptions::default()).await;
            assert!(down.error().is_none(), "write {n}: {down:?}");
            assert!(
                t.get(&format!("/api/v1/namespaces/{}", t.namespace())).await.is_none(),
                "write {n}: {down:?}"
            );
            if !stopped {
                break;
            }
            n += 1;
        }
        assert!(n > 5, "{n}");
    });
}

#[test]
fn an_up_interrupted_at_any_write_converges_when_run_again_and_leaks_nothing() {
    trial(async |t| {
        let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, annotations: {devbox.internal/generate: password}}\n";
        let old = t.namespace_yaml() + &config_map("old", "1") + &config_map("a", "0");
        let new = t.namespace_yaml() + &config_map("a", "1") + secret + &deployment("web", "nginx", "");
        let mut n = 1;
        loop {
            // From what an earlier version left, and from nothing, in turn.
            if n % 2 == 0 {
                t.up_all(&old).await;
            }
            let stopped = interrupted_at(&t, &new, n, n % 3 == 0).await;
            let applied = t.up_all(&new).await;
            let names: Vec<String> =
                t.everything().await.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
            assert_eq!(
                names,
                ["configmaps/a", "configmaps/devbox-shop", "deployments/web", "secrets/db"],
                "write {n}"
            );
            let again = t.up_all(&new).await;
            let still: Vec<&devbox::cluster::AppliedObject> = again
                .objects
                .iter()
                .filter(|o| o.change != Change::Unchanged && o.key.kind != "Deployment")
                .collect();
            assert!(still.is_empty(), "write {n}: {:?} after {:?}", changes(&again), changes(&applied));
            let down = t.down(DownOptions::default()).await;
            assert!(down.error().is_none() && down.namespace_removed, "write {n}: {down:?}");
            if !stopped {
                break;
            }
            n += 1;
        }
        assert!(n > 5, "{n}");
    });
}
