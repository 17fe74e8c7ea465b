//! The order of a start: etcd, then the API server, then everything that talks to it, at once.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;

use super::children::{Children, Ended};
use super::components::{self, ContainersNode, Setup};
use super::pki::Pki;
use super::supervise::Stop;
use super::{ComponentState, Layout, Record, SandboxError, access, api, logs, ports};
use crate::fs::{self, Access};

/// How long the whole start may take; it takes about eight seconds on two idle cores.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// How often a start is tried again because somebody took a port that had just been free.
const ATTEMPTS: usize = 3;

/// The last lines of a log that are kept with a failure.
const LINES: usize = 8;

/// Every request by its verb, user and object; no bodies, which would hold secrets.
const AUDIT_POLICY: &str =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";

/// What a start is made from.
pub(super) struct Plan<'a> {
    pub(super) layout: &'a Layout,
    pub(super) pki: &'a Pki,
    pub(super) audit: bool,
    pub(super) previous_api_port: Option<u16>,
    pub(super) containers: Option<&'a ContainersNode>,
}

/// How a start went.
pub(super) enum Outcome {
    /// Everything runs.
    Up,
    /// Somebody asked to stop.
    Stopped,
    /// A component ended, or took too long.
    Failed(Ended),
}

/// Starts every component and waits until each does its work.
pub(super) async fn bring_up(
    plan: &Plan<'_>,
    record: &mut Record,
    children: &mut Children,
    stop: &mut Stop,
) -> Result<Outcome, SandboxError> {
    let mut previous = plan.previous_api_port;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let outcome = attempt_once(plan, previous, record, children, stop).await?;
        match outcome {
            Outcome::Failed(ended) if attempt < ATTEMPTS && port_was_taken(plan.layout, &ended) => {
                children.stop().await;
                previous = None;
                *record = Record {
                    audit: plan.audit,
                    node: record.node,
                    host_ports: record.host_ports.clone(),
                    ..Record::new(record.program.clone())
                };
            }
            other => return Ok(other),
        }
    }
}

async fn attempt_once(
    plan: &Plan<'_>,
    previous: Option<u16>,
    record: &mut Record,
    children: &mut Children,
    stop: &mut Stop,
) -> Result<Outcome, SandboxError> {
    let layout = plan.layout;
    let reserved = ports::reserve(previous)?;
    let ports = reserved.ports;
    access::write(layout, plan.pki, ports.api)?;
    let policy = layout.folder().join("audit-policy.yaml");
    if plan.audit {
        fs::write_atomic(&policy, AUDIT_POLICY.as_bytes(), Access::Private)?;
    }
    if plan.containers.is_some() {
        let file = layout.folder().join(components::EGRESS_FILE);
        fs::write_atomic(&file, components::egress().as_bytes(), Access::Private)?;
    }
    let program = record.program.clone();
    let setup = Setup {
        layout,
        pki: plan.pki,
        ports,
        audit: plan.audit.then_some(policy.as_path()),
        program: &program,
        containers: plan.containers,
    };
    // A kubelet says when it last said that it is ready, to the second.
    let since = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
    record.ports = Some(ports);
    let client = api::connect(&layout.kubeconfig()).await?;
    drop(reserved);

    let mut start = Start { setup, record, children, stop };
    start.spawn(components::ETCD)?;
    if let Some(end) = start.wait(components::ETCD, listens(ports.etcd_client)).await? {
        return Ok(end);
    }
    start.spawn(components::API_SERVER)?;
    if let Some(end) = start.wait(components::API_SERVER, api::ready(&client)).await? {
        return Ok(end);
    }
    for name in [components::CONTROLLER_MANAGER, components::SCHEDULER, components::NODE] {
        start.spawn(name)?;
    }
    let account = api::default_service_account(&client);
    if let Some(end) = start.wait(components::CONTROLLER_MANAGER, account).await? {
        return Ok(end);
    }
    let heard = plan.containers.is_some().then_some(since);
    if let Some(end) = start.wait(components::NODE, api::node(&client, heard)).await? {
        return Ok(end);
    }
    // It serves nothing that could be asked: running for as long as the others took has to do.
    start.set(components::SCHEDULER, ComponentState::Ready)?;
    record.kubernetes = api::version(&client).await;
    Ok(Outcome::Up)
}

/// One attempt under way.
struct Start<'a> {
    setup: Setup<'a>,
    record: &'a mut Record,
    children: &'a mut Children,
    stop: &'a mut Stop,
}

impl Start<'_> {
    fn spawn(&mut self, name: &'static str) -> Result<(), SandboxError> {
        let process = self.children.spawn(name, &self.setup)?;
        if let Some(component) = self.record.components.iter_mut().find(|c| c.name == name) {
            component.process = process;
            component.port = self.setup.port(name);
        }
        self.set(name, ComponentState::Starting)
    }

    fn set(&mut self, name: &str, state: ComponentState) -> Result<(), SandboxError> {
        if let Some(component) = self.record.components.iter_mut().find(|c| c.name == name) {
            component.state = state;
        }
        Ok(self.record.write(self.setup.layout)?)
    }

    /// Waits for a component's first sign of work; `Some` where something else came first.
    async fn wait<T>(
        &mut self,
        name: &'static str,
        sign: impl Future<Output = T>,
    ) -> Result<Option<Outcome>, SandboxError> {
        tokio::select! {
            _ = sign => {
                self.set(name, ComponentState::Ready)?;
                Ok(None)
            }
            ended = self.children.first_ended() => Ok(Some(Outcome::Failed(ended))),
            () = self.stop.asked() => Ok(Some(Outcome::Stopped)),
            () = tokio::time::sleep(PATIENCE) => Ok(Some(Outcome::Failed(Ended {
                name,
                status: format!("not ready after {} s", PATIENCE.as_secs()),
            }))),
        }
    }
}

async fn listens(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Go's words for EADDRINUSE.
fn port_was_taken(layout: &Layout, ended: &Ended) -> bool {
    log_tail(layout, ended.name).iter().any(|line| line.contains("address already in use"))
}

/// The last lines of a component's log.
pub(super) fn log_tail(layout: &Layout, component: &str) -> Vec<String> {
    logs::tail(&layout.log(component), LINES)
}
