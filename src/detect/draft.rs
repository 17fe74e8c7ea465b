//! A component while rules fill it. Rules run in the order of their precedence: the first answer to a
//! field stands, a later different one stays as evidence against it.

use std::collections::{BTreeMap, BTreeSet};

pub(super) use super::claim::{At, Given, PortSource, Slot};

use super::claim::{EnvClaim, PortClaim, ServiceClaim};
use super::facts::{Ambiguity, Component, ComponentKind, EnvVar, Evidence, Service};
use super::read::extension;
use super::rule::secret;

/// A component under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) c: Component,
    /// The ecosystem's name, such as `node`.
    pub(super) ecosystem: &'static str,
    /// How much of an application it is: 0 a bare manifest, 1 a package, 2 something that runs, 3 a server.
    pub(super) strength: u8,
    /// Only holds other components together.
    pub(super) aggregator: bool,
    /// Names by which siblings refer to this component.
    pub(super) aliases: BTreeSet<String>,
    /// Names or paths of siblings that this component uses.
    pub(super) needs: BTreeSet<String>,
    /// The variable that the code listens on and that has no fallback there.
    pub(super) port_variable: Option<String>,
    /// Dependencies by name, for look-ups after the ecosystem's own rules.
    pub(super) ambiguous: Vec<Ambiguity>,
    /// Variables that say where the code listens.
    pub(super) port_names: BTreeSet<String>,
    ports: Vec<PortClaim>,
    services: BTreeMap<String, ServiceClaim>,
    env: BTreeMap<String, EnvClaim>,
    kind_confidence: f64,
}

/// Ports on which debuggers and inspectors listen.
const DEBUG_PORTS: &[u16] = &[9229, 9230, 5005, 2345, 5678, 35729, 24678, 40000];

impl Draft {
    pub(super) fn new(ecosystem: &'static str, path: &str) -> Self {
        let c = Component { path: path.to_owned(), ..Component::default() };
        Self { c, ecosystem, ..Self::default() }
    }

    /// Records where a value came from.
    pub(super) fn note(&mut self, field: &str, value: &str, at: &At, confidence: f64) {
        let evidence = Evidence {
            field: field.to_owned(),
            value: value.to_owned(),
            file: at.file.clone(),
            line: at.line,
            confidence,
        };
        let same = |e: &Evidence| e.field == field && e.value == value && e.file == at.file;
        if !self.c.evidence.iter().any(same) {
            self.c.evidence.push(evidence);
        }
    }

    pub(super) fn name(&mut self, name: &str, at: &At) {
        let name = name.trim();
        if self.c.name.is_empty() && !name.is_empty() && name.len() <= 214 {
            self.c.name = name.to_owned();
            self.note("name", name, at, 0.95);
        }
    }

    pub(super) fn language(&mut self, language: &str, at: &At, confidence: f64) {
        self.note("language", language, at, confidence);
        self.c.language.get_or_insert_with(|| language.to_owned());
    }

    pub(super) fn framework(&mut self, name: &str, version: Option<String>, at: &At, confidence: f64) {
        self.note("framework", name, at, confidence);
        if self.c.framework.is_none() {
            self.c.framework = Some(name.to_owned());
            if let Some(version) = &version {
                self.note("frameworkVersion", version, at, confidence);
            }
            self.c.framework_version = version;
        }
    }

    pub(super) fn manager(&mut self, manager: &str, at: &At, confidence: f64) {
        self.note("packageManager", manager, at, confidence);
        self.c.package_manager.get_or_insert_with(|| manager.to_owned());
    }

    pub(super) fn runtime(&mut self, runtime: &str, at: &At, confidence: f64) {
        self.note("runtime", runtime, at, confidence);
        self.c.runtime.get_or_insert_with(|| runtime.to_owned());
    }

    /// Takes a kind unless something surer was said before.
    pub(super) fn kind(&mut self, kind: ComponentKind, at: &At, confidence: f64) {
        if confidence > self.kind_confidence {
            self.kind_confidence = confidence;
            self.c.kind = kind;
        }
        self.note("kind", kind.name(), at, confidence);
    }

    /// Says that what a framework's table takes for a server serves nobody: no default port, another kind.
    pub(super) fn unserved(&mut self, kind: ComponentKind, at: &At, confidence: f64) {
        self.open_port();
        self.kind_confidence = 0.0;
        self.kind(kind, at, confidence);
    }

    pub(super) fn command(&mut self, slot: Slot, command: &str, at: &At, confidence: f64) {
        let place = slot.place(&mut self.c.commands);
        if place.is_none() && !command.trim().is_empty() {
            *place = Some(command.to_owned());
            self.note(slot.field(), command, at, confidence);
        }
    }

    /// A command that no file of the repository says as such: its evidence is a source.
    pub(super) fn made_up(&self, slot: Slot) -> Option<&str> {
        let command = slot.of(&self.c.commands)?;
        let made = |e: &Evidence| {
            let source = matches!(extension(&e.file), "py" | "php");
            e.field == slot.field() && e.value == command && source
        };
        self.c.evidence.iter().any(made).then_some(command)
    }

    /// Writes a command that was made up in another way.
    pub(super) fn tell(&mut self, slot: Slot, command: String) {
        let Some(place) = slot.place(&mut self.c.commands).as_mut() else { return };
        for evidence in self.c.evidence.iter_mut().filter(|e| e.field == slot.field() && e.value == *place) {
            evidence.value.clone_from(&command);
        }
        *place = command;
    }

    /// Drops the commands of running that no script says: a library is not started.
    pub(super) fn forget_guessed_start(&mut self) {
        self.forget_start(0.8);
    }

    /// Drops the commands of running that are less sure than `confidence`.
    pub(super) fn forget_start(&mut self, confidence: f64) {
        for slot in [Slot::Start, Slot::Dev] {
            let guessed = |e: &Evidence| e.field == slot.field() && e.confidence < confidence;
            if self.c.evidence.iter().any(guessed) {
                self.c.evidence.retain(|e| !guessed(e));
                *slot.place(&mut self.c.commands) = None;
            }
        }
    }

    pub(super) fn port(&mut self, port: u16, source: PortSource, at: &At) {
        // An image offers its debugger's port beside its own; code that listens on one means it.
        let debug = DEBUG_PORTS.contains(&port) && matches!(source, PortSource::Expose | PortSource::Compose);
        let known = self.ports.iter().any(|claim| claim.port == port && claim.source == source);
        if port > 0 && !debug && !known {
            self.ports.push(PortClaim { port, source, at: at.clone() });
        }
    }

    /// The port that a variable's value says, where the variable is one that says where to listen.
    pub(super) fn port_of_variable(&self, name: &str, value: &str) -> Option<u16> {
        const USUAL: &[&str] = &[
            "PORT",
            "SERVER_PORT",
            "ASPNETCORE_URLS",
            "ASPNETCORE_HTTP_PORTS",
            "QUARKUS_HTTP_PORT",
            "MICRONAUT_SERVER_PORT",
            "ROCKET_PORT",
        ];
        let known = USUAL.contains(&name) || self.port_names.contains(name);
        let address = value.split([';', ',']).next().unwrap_or_default().trim().trim_end_matches('/');
        let port = address.rsplit(':').next().unwrap_or_default();
        known.then(|| port.parse().ok()).flatten()
    }

    /// Says that the environment alone decides the port: the framework's default does not hold.
    pub(super) fn open_port(&mut self) {
        self.ports.retain(|claim| claim.source != PortSource::Default);
    }

    /// The port that the strongest source says.
    pub(super) fn best_port(&self) -> Option<u16> {
        self.ports.iter().min_by_key(|claim| claim.source).map(|claim| claim.port)
    }

    /// Whether something at least as strong as `source` says a port.
    pub(super) fn has_port(&self, source: PortSource) -> bool {
        self.ports.iter().any(|claim| claim.source <= source)
    }

    pub(super) fn service(&mut self, kind: &str, version: Option<String>, at: &At, confidence: f64) {
        self.note(&format!("services.{kind}"), version.as_deref().unwrap_or(kind), at, confidence);
        let claim = self.services.entry(kind.to_owned()).or_default();
        if claim.version.is_none() {
            claim.version = version;
        }
    }

    pub(super) fn has_service(&self, kind: &str) -> bool {
        self.services.contains_key(kind)
    }

    pub(super) fn service_kinds(&self) -> Vec<String> {
        self.services.keys().cloned().collect()
    }

    /// Every service with its version and where it was seen.
    pub(super) fn services_seen(&self) -> Vec<(String, Option<String>, At)> {
        let at = |kind: &str| {
            let field = format!("services.{kind}");
            let evidence = self.c.evidence.iter().find(|e| e.field == field);
            evidence.map_or_else(|| At::file(&self.c.path), |e| At::line(e.file.clone(), e.line))
        };
        self.services.iter().map(|(kind, claim)| (kind.clone(), claim.version.clone(), at(kind))).collect()
    }

    /// Takes over a service of a library unless it, or a relative of it, is known.
    pub(super) fn service_through(&mut self, kind: &str, version: Option<String>, at: &At) {
        let relative = match kind {
            "mysql" => "mariadb",
            "redis" => "valkey",
            "elasticsearch" => "opensearch",
            _ => kind,
        };
        if !self.services.contains_key(relative) {
            self.service(kind, version, at, 0.7);
        }
    }

    /// Says that a more exact name is known for a service: `mysql` is really `mariadb`.
    pub(super) fn rename_service(&mut self, from: &str, to: &str) {
        if let Some(claim) = self.services.remove(from) {
            let into = self.services.entry(to.to_owned()).or_default();
            into.version = into.version.take().or(claim.version);
            into.env.extend(claim.env);
        }
    }

    /// Says that a variable carries the connection of a service.
    pub(super) fn service_env(&mut self, kind: &str, name: &str) {
        if let Some(claim) = self.services.get_mut(kind) {
            claim.env.insert(name.to_owned());
        }
    }

    /// Records a variable.
    pub(super) fn env(&mut self, name: &str, given: Given<'_>, at: &At, confidence: f64) {
        let (default, by_code) = match given {
            Given::Nothing | Given::Copes => (None, false),
            Given::Code(default) => (Some(default), true),
            Given::File(default) => (Some(default), false),
        };
        let default = default.map(str::trim).filter(|text| !text.is_empty());
        let secret = secret::name(name) || default.is_some_and(|value| secret::value_of(name, value));
        let claim = self.env.entry(name.to_owned()).or_default();
        claim.secret |= secret;
        claim.optional |= matches!(given, Given::Copes) || (by_code && default.is_some());
        if claim.default.is_none() {
            claim.default = default.map(str::to_owned);
        }
        self.note(&format!("env.{name}"), name, at, confidence);
    }

    pub(super) fn env_names(&self) -> Vec<String> {
        self.env.keys().cloned().collect()
    }

    pub(super) fn env_default(&self, name: &str) -> Option<&str> {
        self.env.get(name).and_then(|claim| claim.default.as_deref())
    }

    /// Leaves a field open, naming the candidates.
    pub(super) fn ambiguous(&mut self, field: &str, candidates: Vec<(String, At)>, reason: String) {
        let evidence = candidates.into_iter().map(|(value, at)| Evidence {
            field: field.to_owned(),
            value,
            file: at.file,
            line: at.line,
            confidence: 0.5,
        });
        self.ambiguous.push(Ambiguity {
            component: self.c.path.clone(),
            field: field.to_owned(),
            candidates: evidence.collect(),
            reason,
        });
    }

    /// Takes over what another draft of the same folder knows beside its own language: services,
    /// variables and ports that files of the folder say.
    pub(super) fn absorb(&mut self, other: Self) {
        for (kind, claim) in other.services {
            let into = self.services.entry(kind).or_default();
            into.version = into.version.take().or(claim.version);
            into.env.extend(claim.env);
        }
        for (name, claim) in other.env {
            self.env.entry(name).or_insert(claim);
        }
        let kept = |e: &Evidence| e.field.starts_with("services.") || e.field.starts_with("env.");
        self.c.evidence.extend(other.c.evidence.into_iter().filter(kept));
        self.needs.extend(other.needs);
        self.aliases.extend(other.aliases);
    }

    /// Settles ports, services and variables and gives the finished component.
    pub(super) fn finish(mut self) -> (Component, Vec<Ambiguity>) {
        self.settle_ports();
        let services = std::mem::take(&mut self.services).into_iter().map(|(kind, claim)| Service {
            kind,
            version: claim.version,
            env: claim.env.into_iter().collect(),
        });
        self.c.services = services.collect();
        let carried = |name: &String| {
            let upper = name.to_uppercase();
            ["URL", "URI", "DSN"].iter().any(|part| upper.split('_').any(|word| word == *part))
                && self.c.services.iter().any(|service| service.env.contains(name))
        };
        let env = std::mem::take(&mut self.env).into_iter().map(|(name, claim)| {
            // The address of a service carries its password as a rule, unless the one given has none.
            let secret = claim.secret || (claim.default.is_none() && carried(&name));
            EnvVar {
                name,
                // What a file gives a secret is an example to be replaced.
                required: !claim.optional && (secret || claim.default.is_none()),
                secret,
                default: claim.default.filter(|_| !secret),
            }
        });
        self.c.env = env.collect();
        (self.c, self.ambiguous)
    }

    fn settle_ports(&mut self) {
        let mut claims = std::mem::take(&mut self.ports);
        claims.sort_by_key(|claim| claim.source);
        for claim in &claims {
            self.note("ports", &claim.port.to_string(), &claim.at, claim.source.confidence());
        }
        if matches!(self.c.kind, ComponentKind::Library | ComponentKind::Cli) {
            // What serves nobody has no port, whatever its sources could do.
            return;
        }
        let Some(best) = claims.first().map(|claim| claim.source) else { return };
        let last = if best == PortSource::DockerEnv { PortSource::Expose } else { best };
        for claim in claims.into_iter().filter(|claim| claim.source <= last) {
            if !self.c.ports.contains(&claim.port) {
                self.c.ports.push(claim.port);
            }
        }
    }
}
