//! `devbox sandbox`: start, stop and look at the local control plane.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::runtime;
use crate::cli::{
    SandboxCommand, SandboxImage, SandboxLoad, SandboxNode, SandboxStart, SandboxStop, SandboxSupervise,
};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::sandbox::{self, Condition, NodeKind, ProcessId, RunningComponent, StartOptions, Status};
use crate::ui::{Format, Page, Ui};

/// Runs `devbox sandbox ...`.
///
/// # Errors
/// Whatever the sandbox says, ready to be shown.
pub(super) fn run(command: SandboxCommand, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match command {
        SandboxCommand::Start(args) => runtime::run(start(args, env, ui)),
        SandboxCommand::Stop(args) => runtime::run(stop(args, env, ui)),
        SandboxCommand::Status(args) => runtime::run(status(&args.name, env, ui)),
        SandboxCommand::Load(args) => runtime::run(load(args, env, ui)),
        SandboxCommand::Image(args) => runtime::run(image(args, env, ui)),
        SandboxCommand::Supervise(args) => supervise(args, env),
    }
}

async fn start(args: SandboxStart, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let options = StartOptions {
        name: args.sandbox.name,
        follow: args.exit_with_parent.then(ProcessId::parent).flatten(),
        audit: args.audit,
        node: args.node.map(|node| match node {
            SandboxNode::Simulated => NodeKind::Simulated,
            SandboxNode::Containers => NodeKind::Containers,
        }),
        host_ports: args.host_ports,
    };
    let running = sandbox::start(env, &options, ui.sink().as_ref()).await?;
    if ui.format == Format::Json {
        ui.json(&json!({
            "schema": 1,
            "name": running.name,
            "kubernetes": running.kubernetes,
            "server": running.server,
            "kubeconfig": running.kubeconfig,
            "context": running.context,
            "node": running.node,
            "ranAlready": running.ran_already,
            "limits": running.node.limits(),
        }));
        return Ok(Exit::Done);
    }
    let words = if running.ran_already { "runs already" } else { "runs" };
    let mut page = Page::new();
    page.heading(format!("The sandbox `{}` {words}", running.name))
        .row("Kubernetes", &running.kubernetes, "")
        .row("API server", &running.server, "loopback only")
        .row("node", running.node.word(), about_node(running.node))
        .row("context", &running.context, "")
        .row("kubeconfig", running.kubeconfig.display().to_string(), "");
    limits(&mut page, running.node);
    page.heading("Next")
        .text(format!("export KUBECONFIG={}", running.kubeconfig.display()))
        .text("devbox init --sandbox");
    ui.page(&page);
    Ok(Exit::Done)
}

async fn stop(args: SandboxStop, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let name = args.sandbox.name;
    let stopped = sandbox::stop(env, &name, args.delete, ui.sink().as_ref()).await?;
    if ui.format == Format::Json {
        ui.json(&json!({"schema": 1, "name": name, "ran": stopped.ran, "deleted": stopped.deleted}));
        return Ok(Exit::Done);
    }
    ui.status(&match (stopped.ran, stopped.deleted) {
        (true, true) => format!("the sandbox `{name}` is stopped and its data is deleted"),
        (true, false) => format!("the sandbox `{name}` is stopped; its data is kept"),
        (false, true) => format!("the data of the sandbox `{name}` is deleted; it was not running"),
        (false, false) => format!("the sandbox `{name}` was not running"),
    });
    Ok(Exit::Done)
}

async fn status(name: &str, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let status = sandbox::status(env, name).await?;
    match ui.format {
        Format::Json => ui.json(&as_json(&status)),
        Format::Human => ui.page(&as_page(&status, env)),
    }
    Ok(if status.condition == Condition::Ready { Exit::Done } else { Exit::NotReady })
}

async fn load(args: SandboxLoad, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let images = sandbox::load_image(env, &args.sandbox.name, &args.archive).await?;
    taken(&images, &args.sandbox.name, ui);
    Ok(Exit::Done)
}

async fn image(args: SandboxImage, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let recipe = sandbox::ImageRecipe {
        name: args.image,
        env: args.env,
        entrypoint: args.entrypoint,
        command: args.command,
        user: args.user,
        workdir: args.workdir,
        stop_signal: args.stop_signal,
    };
    let images = sandbox::wrap_image(env, &args.sandbox.name, &recipe, &args.rootfs).await?;
    taken(&images, &args.sandbox.name, ui);
    Ok(Exit::Done)
}

fn taken(images: &[String], name: &str, ui: &Ui) {
    match ui.format {
        Format::Json => ui.json(&json!({"schema": 1, "name": name, "images": images})),
        Format::Human => {
            for image in images {
                ui.status(&format!("the sandbox `{name}` has the image `{image}`"));
            }
        }
    }
}

/// Not by [`runtime::run`], which would drop the work at the first signal: the supervisor stops what
/// it runs in good order, and listens to signals itself.
fn supervise(args: SandboxSupervise, env: &Env) -> Result<Exit, Failure> {
    let follow = args.follow_pid.zip(args.follow_started).map(|(pid, started)| ProcessId { pid, started });
    let options = sandbox::SuperviseOptions {
        name: args.sandbox.name,
        program: args.program,
        follow,
        audit: args.audit,
        containers: args.containers,
        host_ports: args.host_ports,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("cannot start the asynchronous runtime").cause(error.to_string()))?;
    runtime.block_on(sandbox::supervise(env, options))?;
    Ok(Exit::Done)
}

fn about_node(node: NodeKind) -> &'static str {
    match node {
        NodeKind::Simulated => "nothing runs",
        NodeKind::Containers => "runs containers",
    }
}

fn limits(page: &mut Page, node: NodeKind) {
    page.heading("What it cannot do");
    for limit in node.limits() {
        page.text(*limit);
    }
}

fn as_page(status: &Status, env: &Env) -> Page {
    let mut page = Page::new();
    page.heading(format!("The sandbox `{}` {}", status.name, sentence(status)));
    if let Some(version) = &status.kubernetes {
        page.row("Kubernetes", version, "");
    }
    if let Some(since) = status.since.filter(|_| status.server.is_some()) {
        page.row("since", local(since), "");
    }
    if status.condition != Condition::Absent {
        page.row("node", status.node.word(), about_node(status.node));
    }
    if let Some(server) = &status.server {
        page.row("API server", server, "loopback only");
        page.row("context", &status.context, "");
    }
    if let Some(kubeconfig) = status.kubeconfig.as_ref().filter(|_| status.server.is_some()) {
        page.row("kubeconfig", kubeconfig.display().to_string(), "");
    }
    if status.condition != Condition::Absent {
        page.row("folder", env.display(&status.folder), "");
    }
    if let Some(failed) = status.failed.as_ref().filter(|_| status.condition == Condition::Failed) {
        page.heading(format!("{} ended: {}", failed.component, failed.status));
        page.row("when", local(failed.at), "");
        for line in &failed.lines {
            page.text(line);
        }
    }
    let living: Vec<&RunningComponent> = status.components.iter().filter(|c| c.pid.is_some()).collect();
    if !living.is_empty() {
        page.heading("Components");
        for component in &living {
            page.row(&component.name, about(component), if component.ready { "" } else { "not ready" });
        }
        let memory = living.iter().filter_map(|component| component.memory).sum();
        page.row("all", mebibytes(memory), "");
    }
    if status.condition == Condition::Ready {
        limits(&mut page, status.node);
    } else if let Some(next) = next(status) {
        page.heading("Next").text(next);
    }
    page
}

fn sentence(status: &Status) -> &'static str {
    match status.condition {
        Condition::Absent => "was never started, or was deleted",
        Condition::Starting => "is being started",
        Condition::Ready => "runs",
        Condition::Silent => "runs, but its API server does not answer",
        Condition::Stopping => "is being stopped",
        Condition::Stopped => "is stopped; its data is kept",
        Condition::Failed => "ended by itself",
        Condition::Dead => "is dead: its supervisor was killed, or this machine was started anew",
        Condition::Damaged => "has a damaged record",
    }
}

fn next(status: &Status) -> Option<String> {
    let name = match status.name.as_str() {
        sandbox::DEFAULT_NAME => String::new(),
        name => format!(" --name {name}"),
    };
    match status.condition {
        Condition::Ready | Condition::Starting | Condition::Stopping => None,
        _ => Some(format!("devbox sandbox start{name}")),
    }
}

fn about(component: &RunningComponent) -> String {
    let pid = component.pid.map(|pid| format!("pid {pid}"));
    let port = component.port.map(|port| format!("127.0.0.1:{port}"));
    [component.memory.map(mebibytes), pid, port].into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn mebibytes(bytes: u64) -> String {
    format!("{:>4} MiB", bytes / (1 << 20))
}

fn local(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn as_json(status: &Status) -> Value {
    let components = status.components.iter().map(|component| {
        json!({
            "name": component.name,
            "pid": component.pid,
            "port": component.port,
            "memoryBytes": component.memory,
            "ready": component.ready,
        })
    });
    json!({
        "schema": 1,
        "name": status.name,
        "state": status.condition.word(),
        "kubernetes": status.kubernetes,
        "since": status.since,
        "server": status.server,
        "context": status.context,
        "kubeconfig": status.kubeconfig,
        "folder": status.folder,
        "program": status.program,
        "node": status.node,
        "components": components.collect::<Vec<_>>(),
        "failed": status.failed,
        "limits": status.node.limits(),
    })
}
