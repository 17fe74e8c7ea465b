//! `devbox status`: what is in the environment, why something is not ready, how far it is from what
//! `devbox.yaml` says.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::deploy::Overfull;
use super::destination::Arrived;
use super::located::{self, Located};
use super::settled::Start;
use super::{place, runtime};
use crate::cli::{PlanArgs, StatusArgs};
use crate::cluster::{Diff, DiffOptions, EnvironmentStatus, State};
use crate::config::{FILE_NAME, Place};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::event::Silent;
use crate::ui::{Format, Page, Ui};

/// Between two looks with `--watch` where the cluster cannot be watched, and between two looks at whether
/// `devbox.yaml` changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A change seldom comes alone: this long others are waited for.
const SETTLED: Duration = Duration::from_millis(300);

/// Shows the environment.
///
/// # Errors
/// Where there is none, or its cluster cannot be reached.
pub(super) fn run(args: &StatusArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match runtime::run(status(args, env, ui)) {
        // That is how one ends watching.
        Err(failure) if args.watch && failure.exit == Exit::Interrupted => {
            ui.status("");
            Ok(Exit::Interrupted)
        }
        result => result,
    }
}

async fn status(args: &StatusArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let located = located::locate(env, &args.project, &args.target, args.namespace.as_deref())?;
    let Some(located) = located else {
        return Err(Failure::new("this folder has no environment on this machine")
            .hint("set it up: `devbox init`")
            .hint("see what devbox finds in it: `devbox detect`"));
    };
    let arrived = located.connect(env, ui, &args.target, None).await?;
    let limits = place::limits(env, &located.record.place)?;
    let mut last = None;
    let mut changes = Changes::new(&arrived, &located);
    loop {
        // Looking must not fail for want of a plan, or of the right to ask what would change.
        let drift = async { if located.present { drift(args, env, &located, &arrived).await } else { None } };
        let status = arrived.cluster.status(&located.environment, &Silent);
        let (status, drift) = futures::future::join(status, Box::pin(drift)).await;
        let status = status?;
        let drift = drift.filter(|_| status.exists);
        let ready = status.ready;
        let seen = (timeless(&status), drift.as_ref().map(Diff::counts));
        if last.as_ref() != Some(&seen) {
            show(
                ui,
                args.watch.then_some(last.is_some()),
                &View { status: &status, drift: drift.as_ref(), located: &located, limits },
            );
            last = Some(seen);
        }
        if !args.watch {
            return Ok(if ready { Exit::Done } else { Exit::NotReady });
        }
        changes.next().await;
    }
}

/// What a watched status waits for.
struct Changes<'a> {
    watching: Pin<Box<dyn Future<Output = ()> + 'a>>,
    told: mpsc::Receiver<()>,
    file: PathBuf,
    modified: Option<SystemTime>,
    /// The cluster is watched; where that is not allowed it is looked at again and again.
    watched: bool,
}

impl<'a> Changes<'a> {
    fn new(arrived: &'a Arrived, located: &'a Located) -> Self {
        let (sender, told) = mpsc::channel(1);
        let watching = async move {
            // It ends well where the record changed, and what is to be watched with it.
            while arrived.cluster.notice(&located.environment, &sender).await.is_ok() {
                tokio::time::sleep(SETTLED).await;
            }
        };
        let file = located.root.join(FILE_NAME);
        let modified = modified(&file);
        Self { watching: Box::pin(watching), told, file, modified, watched: true }
    }

    /// Waits until something may have changed: in the cluster or in `devbox.yaml`.
    async fn next(&mut self) {
        loop {
            tokio::select! {
                () = &mut self.watching, if self.watched => self.watched = false,
                Some(()) = self.told.recv(), if self.watched => break,
                () = tokio::time::sleep(LOOK_EVERY) => {
                    let modified = modified(&self.file);
                    if !self.watched || modified != self.modified {
                        self.modified = modified;
                        return;
                    }
                }
            }
        }
        // What comes meanwhile is told once more.
        tokio::select! {
            () = &mut self.watching, if self.watched => self.watched = false,
            () = tokio::time::sleep(SETTLED) => {}
        }
        let _ = self.told.try_recv();
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|data| data.modified()).ok()
}

/// What `up` would change; `None` where that cannot be told.
async fn drift(args: &StatusArgs, env: &Env, located: &Located, arrived: &Arrived) -> Option<Diff> {
    let (silent, plan) = (Ui::silent(), PlanArgs::default());
    let start = Start::read(env, "status", (&args.project, &plan, &args.target)).ok()?;
    let settled = start.settle(env, &silent, &plan, Overfull::Warned).ok()?;
    let Arrived { cluster, confirmed, .. } = arrived;
    let environment = settled.environment();
    if environment != located.environment {
        return None;
    }
    let options = DiffOptions { secrets: settled.secrets(), ..DiffOptions::default() };
    cluster.diff(confirmed, &environment, &settled.manifests, &options, &Silent).await.ok()
}

/// A status without what changes by itself.
fn timeless(status: &EnvironmentStatus) -> EnvironmentStatus {
    let mut status = status.clone();
    status.age_seconds = None;
    status.members.iter_mut().for_each(|member| member.age_seconds = 0);
    status
}

/// What is shown.
struct View<'a> {
    status: &'a EnvironmentStatus,
    drift: Option<&'a Diff>,
    located: &'a Located,
    limits: &'a [&'a str],
}

/// `watched` says whether it is shown again, where it is watched at all.
fn show(ui: &Ui, watched: Option<bool>, view: &View<'_>) {
    let View { status, drift, located, limits } = view;
    let place = &located.record.place;
    match ui.format {
        Format::Json => ui.json(&json!({
            "schema": 1,
            "place": place,
            "kubeconfig": located.record.kubeconfig,
            "status": status,
            "drift": drift.map(|diff| json!({
                "differs": diff.differs(),
                "counts": diff.counts().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect::<serde_json::Map<String, Value>>(),
            })),
            "limits": limits,
        })),
        Format::Human => match watched {
            Some(again) => ui.watched_page(&page(view, place), again),
            None => ui.page(&page(view, place)),
        },
    }
}

fn page(view: &View<'_>, at: &Place) -> Page {
    let View { status, drift, limits, .. } = view;
    let mut page = Page::new();
    let ready = match (status.exists, status.ready) {
        (false, _) => "is not there",
        (true, true) => "is ready",
        (true, false) => "is not ready",
    };
    let since = status.age_seconds.map(|seconds| format!(", for {}", age(seconds))).unwrap_or_default();
    page.heading(format!(
        "{} {ready}, in namespace {} on {}{since}",
        status.project,
        status.namespace,
        place::describe(at)
    ));
    for member in &status.members {
        page.row(member.key.to_string(), member.state.text(), age(member.age_seconds));
        if member.state == State::Ready && member.problems.is_empty() {
            page.minor();
        }
        for problem in &member.problems {
            page.text(format!("    {problem}"));
        }
    }
    if let Some(diff) = drift.filter(|diff| diff.differs()) {
        page.heading("Differs from devbox.yaml");
        for (name, count) in diff.counts() {
            if !["unchanged", "left alone", "kept"].contains(&name) {
                page.row(name, count.to_string(), "");
            }
        }
        page.text("see what `devbox up` would change with `devbox diff`");
    }
    if !status.addresses.is_empty() {
        page.heading("Reached at");
        for address in &status.addresses {
            let from = if address.external { "" } else { "inside the cluster" };
            page.row(address.key.to_string(), &address.address, from).minor();
        }
    }
    if !status.quota.is_empty() {
        page.heading("Quota");
        for quota in &status.quota {
            page.row(&quota.resource, format!("{} of {}", quota.used, quota.hard), "").minor();
        }
    }
    if !limits.is_empty() {
        page.heading("On the sandbox");
        for limit in *limits {
            page.text(*limit).minor();
        }
    }
    page
}

/// `42s`, `7m`, `3h`, `12d`: as kubectl's tables do.
fn age(seconds: i64) -> String {
    if seconds < 120 {
        format!("{seconds}s")
    } else if seconds < 7_200 {
        format!("{}m", seconds / 60)
    } else if seconds < 172_800 {
        format!("{}h", seconds / 3600)
    } else {
        format!("{}d", seconds / 86_400)
    }
}
