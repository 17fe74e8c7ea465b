//! What a person gets in the end: what happened, how to use it, what it cannot do.

use std::time::Duration;

use serde_json::json;

use super::access::Lasts;
use crate::cluster::{Applied, Readiness};
use crate::config::EnvironmentRecord;
use crate::env::Env;
use crate::plan::{Plan, Role};
use crate::ui::{Format, Page, Ui};

/// The result of a deployment.
pub(super) struct Handover<'a> {
    pub(super) plan: &'a Plan,
    pub(super) record: &'a EnvironmentRecord,
    pub(super) context: String,
    pub(super) applied: &'a Applied,
    pub(super) readiness: Option<&'a Readiness>,
    pub(super) lasts: Lasts,
    pub(super) elapsed: Duration,
    pub(super) limits: &'static [&'static str],
}

impl Handover<'_> {
    /// Shows it: the `export` line on stdout, everything else on stderr; or one JSON document.
    pub(super) fn show(&self, env: &Env, ui: &Ui) {
        if ui.format == Format::Json {
            return ui.json(&self.json());
        }
        ui.show(&self.page(env));
        if let Some(kubeconfig) = &self.record.kubeconfig {
            ui.status("");
            ui.data(&format!("export KUBECONFIG={}", shell_quoted(&kubeconfig.display().to_string())));
        }
    }

    fn is_ready(&self) -> bool {
        self.readiness.is_some_and(Readiness::is_ready)
    }

    fn page(&self, env: &Env) -> Page {
        let seconds = self.elapsed.as_secs_f32();
        let (created, configured, unchanged) = self.applied.counts();
        let mut page = Page::new();
        page.heading(match self.readiness {
            None => format!("{} is applied, in {seconds:.1} s", self.plan.project.name),
            Some(_) if self.is_ready() => format!("{} is ready, in {seconds:.1} s", self.plan.project.name),
            Some(_) => format!("{} is applied but not ready, after {seconds:.1} s", self.plan.project.name),
        });
        page.row("objects", format!("{created} created, {configured} changed, {unchanged} unchanged"), "");
        page.row("namespace", &self.record.namespace, "");
        page.row("context", &self.context, self.lasts.note());
        for unit in self.plan.of_role(Role::Component) {
            if let Some(port) = unit.values.get("port").filter(|port| !port.value.is_null()) {
                let port = port.shown();
                page.row(&unit.name, format!("kubectl port-forward svc/{} {port}:{port}", unit.name), "");
            }
        }
        page.row("look", "devbox status", "");
        page.row("remove", "devbox down", "");
        if let Some(readiness) = self.readiness {
            for (key, what) in &readiness.waiting {
                page.row(key.to_string(), what, "");
            }
        }
        if !self.limits.is_empty() {
            page.heading("On the sandbox");
            for limit in self.limits {
                page.text(*limit);
            }
        }
        if let Some(kubeconfig) = &self.record.kubeconfig {
            page.heading("Use it in this shell")
                .text(format!("(the next line; {})", env.display(kubeconfig)));
        }
        page
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "schema": 1,
            "project": self.plan.project.name,
            "namespace": self.record.namespace,
            "context": self.context,
            "kubeconfig": self.record.kubeconfig,
            "tokenExpires": self.lasts.until(),
            "ready": self.readiness.map(Readiness::is_ready),
            "readiness": self.readiness,
            "objects": self.applied.objects,
            "pruned": self.applied.pruned,
            "warnings": self.applied.warnings,
            "limits": self.limits,
        })
    }
}

pub(super) fn local(time: jiff::Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Quotes a word for a POSIX shell where it needs it.
fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::shell_quoted;

    #[test]
    fn a_path_with_a_blank_or_a_quote_survives_the_shell() {
        assert_eq!(shell_quoted("/home/me/.local/x.yaml"), "/home/me/.local/x.yaml");
        assert_eq!(shell_quoted("/home/my self/it's"), r"'/home/my self/it'\''s'");
    }
}
