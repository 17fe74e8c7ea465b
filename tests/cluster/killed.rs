//! Promise 6 with the real binary: `kill -9` at every write of an `up` and of a `down`, before the write
//! is sent on and after; the next run converges and nothing is leaked.

use std::cell::Cell;
use std::process::Stdio;
use std::rc::Rc;

use crate::faults::{Fault, Proxy};
use crate::inventory::inventory;
use crate::support::Devbox;
use crate::trial::{Trial, trial};

/// When to kill whom.
#[derive(Default)]
struct Killer {
    process: Cell<Option<u32>>,
    /// At the write of this number, from 1.
    at: Cell<usize>,
    /// Whether that write is sent on.
    after: Cell<bool>,
    writes: Cell<usize>,
}

impl Killer {
    /// Called for each write.
    fn write(&self) -> Fault {
        let Some(process) = self.process.get() else { return Fault::None };
        self.writes.set(self.writes.get() + 1);
        if self.writes.get() != self.at.get() {
            return Fault::None;
        }
        self.process.set(None);
        let process = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        if self.after.get() { Fault::CutAfter } else { Fault::Hang }
    }
}

/// A project whose only cluster is behind the proxy.
struct Bench {
    devbox: Devbox,
    killer: Rc<Killer>,
    namespace: String,
}

impl Bench {
    async fn new(t: &Rc<Trial>) -> Self {
        t.namespace_before().await;
        let killer = Rc::new(Killer::default());
        let killing = killer.clone();
        let proxy =
            Proxy::start(
                t,
                move |seen| {
                    if seen.method == "GET" || seen.dry_run { Fault::None } else { killing.write() }
                },
            )
            .await;
        let kubeconfig = std::fs::read_to_string(proxy.kubeconfig()).unwrap();
        let devbox = Devbox::new().project("go-http").kubeconfig(&kubeconfig);
        let bench = Self { devbox, killer, namespace: t.namespace().to_owned() };
        bench.ok(&["init", "--yes", "--no-wait", "--namespace", &bench.namespace]).await;
        bench
    }

    /// Runs devbox to its end, or to its death; gives whether it lived.
    async fn run(&self, arguments: &[&str], kill: Option<(usize, bool)>) -> bool {
        let mut command = tokio::process::Command::from(self.devbox.command(env!("CARGO_BIN_EXE_devbox")));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        if let Some((at, after)) = kill {
            self.killer.at.set(at);
            self.killer.after.set(after);
            self.killer.writes.set(0);
            self.killer.process.set(child.id());
        }
        let output = child.wait_with_output().await.unwrap();
        self.killer.process.set(None);
        let lived = output.status.code().is_some();
        assert!(
            !lived || output.status.success(),
            "devbox {arguments:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        lived
    }

    /// After a removal the folder has no environment any more, so namespace and cluster are named.
    fn up(&self) -> [&str; 6] {
        ["up", "--no-wait", "--namespace", &self.namespace, "--context", "proxy"]
    }

    async fn ok(&self, arguments: &[&str]) {
        assert!(self.run(arguments, None).await);
    }

    /// The names of the files in the home folder.
    fn files(&self) -> Vec<String> {
        self.devbox.files().into_iter().map(|(name, _)| name).collect()
    }
}

const DOWN: [&str; 3] = ["down", "--yes", "--volumes"];

#[test]
fn an_up_killed_at_any_write_converges_when_run_again_and_leaks_nothing() {
    trial(async |t| {
        let bench = Bench::new(&t).await;
        let whole = inventory(&t).await;
        bench.ok(&DOWN).await;
        let (nothing, files) = (inventory(&t).await, bench.files());
        assert!(whole.len() > 10 && nothing.is_empty(), "{whole:?} {nothing:?}");
        let mut n = 1;
        while !bench.run(&bench.up(), Some((n, n % 2 == 0))).await {
            bench.ok(&bench.up()).await;
            assert_eq!(inventory(&t).await, whole, "killed at write {n}");
            bench.ok(&["diff", "--exit-code"]).await;
            bench.ok(&DOWN).await;
            assert_eq!(inventory(&t).await, nothing, "killed at write {n}");
            assert_eq!(bench.files(), files, "killed at write {n}");
            n += 1;
        }
        assert!(n > whole.len(), "{n}");
    });
}

#[test]
fn a_down_killed_at_any_write_converges_when_run_again_and_leaks_nothing() {
    trial(async |t| {
        let bench = Bench::new(&t).await;
        let whole = inventory(&t).await;
        let mut n = 1;
        while !bench.run(&DOWN, Some((n, n % 2 == 1))).await {
            bench.ok(&DOWN).await;
            assert!(inventory(&t).await.is_empty(), "killed at write {n}: {:?}", inventory(&t).await);
            bench.ok(&bench.up()).await;
            assert_eq!(inventory(&t).await, whole, "killed at write {n}");
            n += 1;
        }
        assert!(n > whole.len(), "{n}");
        assert!(inventory(&t).await.is_empty());
    });
}
