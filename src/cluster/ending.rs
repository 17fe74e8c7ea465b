//! How a container's run ended, by its status. Pure.

use jiff::Timestamp;
use serde_json::Value;

/// How a run of a container ended that should have gone on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// Which run it was, counted from 0.
    pub(super) run: i64,
    /// Its exit code.
    pub(super) code: i64,
    /// The runtime's word for it: `Error`, `OOMKilled`, `StartError`, `Completed`.
    pub(super) reason: String,
    /// The runtime's or the program's last message.
    pub(super) message: String,
    /// It ran for as long as its startup probe had been given.
    pub(super) too_slow: bool,
}

impl Ending {
    /// The last ending of a container. `spec` is its pod's, `status` one of the pod's container statuses.
    pub(super) fn of(spec: &Value, status: &Value) -> Option<Self> {
        let restarts = status["restartCount"].as_i64().unwrap_or(0);
        let state = &status["state"];
        let (ended, run) = if state["terminated"].is_object() {
            (&state["terminated"], restarts)
        } else if state["running"].is_object() {
            (&status["lastState"]["terminated"], restarts - 1)
        } else {
            (&status["lastState"]["terminated"], restarts)
        };
        let code = ended["exitCode"].as_i64()?;
        let container = container(spec, status["name"].as_str()?)?;
        let policy = container.always.then_some("Always").or(spec["restartPolicy"].as_str());
        let goes_on = match policy.unwrap_or("Always") {
            "Never" => return None,
            "Always" => !container.init || container.always,
            _ => false,
        };
        let text = |field: &str| ended[field].as_str().unwrap_or_default().trim().to_owned();
        (code != 0 || goes_on).then(|| Self {
            run: run.max(0),
            code,
            reason: Some(text("reason")).filter(|reason| !reason.is_empty()).unwrap_or("Error".into()),
            message: text("message"),
            too_slow: ran_out_of_time(&container.spec["startupProbe"], ended),
        })
    }

    /// What usually goes on after `it`.
    pub(super) fn words(&self) -> String {
        let text = format!("ended with exit code {} ({})", self.code, self.reason);
        match self.message.lines().next() {
            Some(line) if self.reason == "StartError" || self.reason == "ContainerCannotRun" => {
                format!("{text}: {line}")
            }
            _ => text,
        }
    }

    /// No second run can end in another way.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self.code, 126 | 127)
            || matches!(self.reason.as_str(), "StartError" | "ContainerCannotRun")
            || self.too_slow
    }

    /// Whatever it waits for, that is not why it ended.
    pub(super) fn is_its_own(&self) -> bool {
        self.code == 0 || self.reason == "OOMKilled"
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.code, &self.reason) == (other.code, &other.reason)
    }
}

struct Container<'a> {
    spec: &'a Value,
    init: bool,
    /// An init container that goes on beside the others.
    always: bool,
}

fn container<'a>(spec: &'a Value, name: &str) -> Option<Container<'a>> {
    [("initContainers", true), ("containers", false)].into_iter().find_map(|(field, init)| {
        let spec = spec[field].as_array()?.iter().find(|container| container["name"] == name)?;
        Some(Container { spec, init, always: init && spec["restartPolicy"] == "Always" })
    })
}

/// Whether a run was as long as its startup probe allows, give or take a probe.
fn ran_out_of_time(probe: &Value, ended: &Value) -> bool {
    if !probe.is_object() {
        return false;
    }
    let number = |field: &str, default: i64| probe[field].as_i64().unwrap_or(default);
    let budget = number("initialDelaySeconds", 0)
        + (number("failureThreshold", 3) - 1) * number("periodSeconds", 10).max(1);
    let time = |field: &str| ended[field].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let (Some(started), Some(finished)) = (time("startedAt"), time("finishedAt")) else { return false };
    finished.duration_since(started).as_secs() >= budget.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(yaml: &str) -> Value {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn ending(status: &str) -> Option<Ending> {
        let spec = "initContainers: [{name: init}, {name: side, restartPolicy: Always}]
containers: [{name: app, startupProbe: {periodSeconds: 2, failureThreshold: 5}}]";
        Ending::of(&value(spec), &value(status))
    }

    #[test]
    fn an_ending_is_found_wherever_the_status_has_it() {
        let ended = "{terminated: {exitCode: 3, reason: Error}}";
        let run = |status: &str| ending(status).map(|ending| ending.run);
        assert_eq!(run(&format!("{{name: app, state: {ended}, restartCount: 1}}")), Some(1));
        assert_eq!(
            run(&format!("{{name: app, state: {{running: {{}}}}, lastState: {ended}, restartCount: 1}}")),
            Some(0)
        );
        assert_eq!(
            run(&format!("{{name: app, state: {{waiting: {{}}}}, lastState: {ended}, restartCount: 1}}")),
            Some(1)
        );
        assert_eq!(run("{name: app, state: {running: {}}}"), None);
    }

    #[test]
    fn an_init_container_may_end_well_and_a_container_may_not() {
        let well = |name: &str| ending(&format!("{{name: {name}, state: {{terminated: {{exitCode: 0}}}}}}"));
        assert_eq!(well("init"), None);
        assert!(well("app").is_some() && well("side").is_some());
        let job = value("{restartPolicy: OnFailure, containers: [{name: app}]}");
        let status = value("{name: app, state: {terminated: {exitCode: 0}}}");
        assert_eq!(Ending::of(&job, &status), None);
        let once = value("{restartPolicy: Never, containers: [{name: app}]}");
        assert_eq!(Ending::of(&once, &value("{name: app, state: {terminated: {exitCode: 1}}}")), None);
    }

    #[test]
    fn a_run_as_long_as_the_startup_probe_allows_was_too_slow() {
        let ran = |finished: &str| {
            ending(&format!(
                "{{name: app, state: {{terminated: {{exitCode: 137, startedAt: '2026-01-01T00:00:00Z', finishedAt: '{finished}'}}}}}}"
            ))
            .unwrap()
            .too_slow
        };
        assert!(ran("2026-01-01T00:00:08Z"));
        assert!(!ran("2026-01-01T00:00:07Z"));
    }
}
