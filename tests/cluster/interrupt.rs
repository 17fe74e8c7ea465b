//! Scenario 15: interrupted anywhere, the next run converges and leaks nothing.

use std::rc::Rc;

use devbox::cluster::{ApplyOptions, Change, DownOptions};
use tokio::sync::Notify;

use crate::faults::{Fault, Proxy};
use crate::support::{Devbox, Key};
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

#[test]
fn ctrl_c_in_the_middle_of_an_up_and_of_a_down_says_what_stays_and_how_to_go_on() {
    trial(async |t| {
        t.namespace_before().await;
        let hangs = Rc::new(std::cell::Cell::new(None));
        let hanging = hangs.clone();
        let proxy = Proxy::start(&t, move |seen| {
            let meant = hanging.get() == Some(seen.method.as_str()) && seen.path.ends_with("/quotes");
            if meant { Fault::Hang } else { Fault::None }
        })
        .await;
        let kubeconfig = std::fs::read_to_string(proxy.kubeconfig()).unwrap();
        let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig);
        let namespace = t.namespace().to_owned();
        // The terminal is waited for on a thread of its own: the proxy needs this one.
        let interrupted = async |method: Option<&'static str>, words: &[&str], shown: &'static str| {
            hangs.set(method);
            let call = words.iter().fold(devbox.call(), |call, word| call.arg(*word));
            let screen = tokio::task::spawn_blocking(move || {
                let mut terminal = call.terminal();
                terminal.wait_for(shown).send(Key::CtrlC);
                assert_eq!(terminal.exit_code(), 130);
                assert!(terminal.cursor_is_visible());
                terminal.screen()
            });
            screen.await.unwrap()
        };
        let init = ["init", "--yes", "--no-wait", "--namespace", &namespace];
        let screen = interrupted(Some("PATCH"), &init, "Deployment/quotes").await;
        let end = "error: interrupted\n  hint: what was applied so far stays: `devbox up` goes on, `devbox down` removes it";
        assert!(screen.ends_with(end), "{screen}");
        hangs.set(None);
        let run = async |words: &[&str]| {
            let mut command = tokio::process::Command::from(devbox.command(env!("CARGO_BIN_EXE_devbox")));
            command.args(words).stdin(std::process::Stdio::null()).output().await.unwrap().status.code()
        };
        assert_eq!(run(&["up", "--no-wait"]).await, Some(0));
        let screen = interrupted(Some("DELETE"), &["down", "--yes"], "Deployment/quotes").await;
        assert!(screen.contains("error: interrupted\n  hint: what was removed so far is gone"), "{screen}");
        hangs.set(None);
        assert_eq!(run(&["down", "--yes", "--volumes"]).await, Some(0));
        assert!(crate::inventory::inventory(&t).await.is_empty());
    });
}
