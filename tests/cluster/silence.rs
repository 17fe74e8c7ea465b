//! Servers that say nothing: every verb ends by itself, and says for how long it waited.

use std::cell::Cell;
use std::process::Stdio;
use std::rc::Rc;

use devbox::cluster::ApplyOptions;
use devbox::error::Explain;

use crate::faults::{Fault, Proxy};
use crate::support::Devbox;
use crate::trial::{Trial, config_map, trial};

/// What the verbs meet once the environment is there.
#[derive(Clone, Copy, PartialEq)]
enum Silence {
    /// No request is answered.
    Unanswered,
    /// Answers begin and never end.
    Unfinished,
    /// Connections are taken and nothing is ever said.
    Mute,
}

#[test]
fn every_verb_ends_where_the_server_says_nothing() {
    trial(async |t| {
        t.namespace_before().await;
        let all = [Silence::Unanswered, Silence::Unfinished, Silence::Mute];
        futures::future::join_all(all.map(|silence| every_verb_ends(&t, silence))).await;
    });
}

async fn every_verb_ends(t: &Rc<Trial>, silence: Silence) {
    let silent = Rc::new(Cell::new(false));
    let asked = silent.clone();
    let proxy = Proxy::start(t, move |_| match (asked.get(), silence) {
        (true, Silence::Unanswered) => Fault::Hang,
        (true, Silence::Unfinished) => Fault::Stall,
        _ => Fault::None,
    })
    .await;
    let kubeconfig = std::fs::read_to_string(proxy.kubeconfig()).unwrap();
    let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig);
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::from(devbox.command(env!("CARGO_BIN_EXE_devbox")));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&["init", "--yes", "--no-wait", "--namespace", t.namespace()]).await;
    assert_eq!(code, Some(0), "{text}");

    silent.set(true);
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    if silence == Silence::Mute {
        let mut kubeconfig: serde_json::Value = serde_yaml::from_str(&kubeconfig).unwrap();
        kubeconfig["clusters"][0]["cluster"]["server"] =
            format!("https://{}", mute.local_addr().unwrap()).into();
        std::fs::write(devbox.home().join(".kube/config"), kubeconfig.to_string()).unwrap();
    }
    let verbs: [&[&str]; 5] = [&["up"], &["diff"], &["status"], &["down", "--yes"], &["down", "--dry-run"]];
    let ends = futures::future::join_all(verbs.map(async |verb| (verb, run(verb).await))).await;
    for (verb, (code, text)) in ends {
        assert_eq!(code, Some(1), "{verb:?}: {text}");
        assert!(text.contains("no answer in time"), "{verb:?}: {text}");
        assert!(text.contains("caused by: it did not answer within 15 s"), "{verb:?}: {text}");
        assert!(text.contains("hint: "), "{verb:?}: {text}");
    }
    assert!(proxy.mutating().iter().all(|seen| seen.method != "DELETE"));
}

#[test]
fn a_server_that_falls_silent_in_the_middle_is_given_up_on_with_the_object_named_and_the_rest_applied() {
    trial(async |t| {
        t.namespace_before().await;
        let (a, b) = (t.core("configmaps", "a"), t.core("configmaps", "b"));
        let proxy = Proxy::start(&t, move |seen| match seen.method == "PATCH" {
            true if seen.path == a => Fault::Hang,
            true if seen.path == b => Fault::Stall,
            _ => Fault::None,
        })
        .await;
        let cluster = proxy.connect().await;
        let bundle = config_map("a", "1") + &config_map("b", "1") + &config_map("c", "1");
        let applied = t.up_with(&cluster, &bundle, ApplyOptions::default()).await.unwrap();
        assert_eq!(applied.failures.len(), 2);
        for (failure, name) in applied.failures.iter().zip(["a", "b"]) {
            let text = failure.error.to_string();
            let expected = format!("cannot apply ConfigMap/{name}: gave up after 2 tries in ");
            assert!(text.starts_with(&expected), "{text}");
            assert!(failure.error.hints().iter().any(|hint| hint.contains("run the same command again")));
        }
        let text = applied.error().unwrap().to_string();
        assert!(text.contains("no answer in time: it did not answer within 30 s"), "{text}");
        assert!(t.get(&t.core("configmaps", "c")).await.is_some());
        // And the next run goes on.
        t.up_all(&bundle).await;
    });
}
