//! What templates see.

use serde_json::{Map, Value, json};

use super::name::label_value;
use super::part::Part;
use super::unit::{EnvSource, Plan, Role, Unit};
use crate::config::Project;
use crate::detect::{Component, Service};

/// The facts of a component, with the first port and the settled version within reach.
pub(super) fn component(component: &Component) -> Value {
    json!({
        "path": component.path,
        "name": component.name,
        "kind": component.kind,
        "language": component.language,
        "framework": component.framework,
        "frameworkVersion": component.framework_version,
        "packageManager": component.package_manager,
        "runtime": component.runtime,
        "version": component.version.resolved,
        "constraint": component.version.constraint,
        "port": component.ports.first(),
        "ports": component.ports,
        "commands": component.commands,
        "services": component.services.iter().map(|s| s.kind.clone()).collect::<Vec<_>>(),
    })
}

/// The facts of a service: what the first component that names a version says.
pub(super) fn service(kind: &str, mentions: &[(&Component, &Service)]) -> Value {
    let version = mentions.iter().find_map(|(_, service)| service.version.as_deref().and_then(plain_version));
    let names: Vec<&String> = mentions.iter().flat_map(|(_, service)| &service.env).collect();
    let carries = |name: &&&String| matches!(Part::of(name), Some(Part::Url | Part::Password));
    // The app knows where the service is, and has no way to say a password.
    let passwordless = (!names.is_empty() && !names.iter().any(|name| carries(&name))).then_some(true);
    json!({ "kind": kind, "version": version, "env": names, "passwordless": passwordless })
}

/// The leading numbers of an image tag: `16` of `16-alpine`; nothing of `latest`.
fn plain_version(tag: &str) -> Option<String> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    let version = tag[..end].trim_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}

/// The repository, with the address that a pod can clone it from.
pub(super) fn project(project: &Project) -> Value {
    json!({
        "name": project.name,
        "label": label_value(&project.name),
        "remote": project.remote,
        "cloneUrl": project.remote.as_deref().and_then(clone_url),
        "branch": project.branch,
        "commit": project.commit,
        "published": project.published,
        "prefix": project.prefix,
    })
}

/// The address that a pod without keys can clone from: SSH becomes https, credentials are dropped;
/// `None` where only this machine can reach it.
pub(super) fn clone_url(remote: &str) -> Option<String> {
    let remote = remote.trim();
    if let Some((scheme, rest)) = remote.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
        return match scheme {
            "https" | "http" | "git" => Some(format!("{scheme}://{host}/{path}")),
            "ssh" | "git+ssh" | "ssh+git" => {
                let host = host.split(':').next()?;
                Some(format!("https://{host}/{path}"))
            }
            _ => None,
        };
    }
    // The scp form, `git@host:path`; a single letter before the colon is a Windows drive.
    let (host, path) = remote.split_once(':')?;
    let host = host.rsplit('@').next().filter(|host| host.len() > 1 && !host.contains(['/', '\\']))?;
    Some(format!("https://{host}/{}", path.trim_start_matches('/')))
}

/// What the templates of every unit see.
pub(crate) fn whole(plan: &Plan) -> Value {
    json!({
        "project": project(&plan.project),
        "user": plan.user,
        "namespace": plan.namespace_name(),
        "plan": {
            "components": plan.of_role(Role::Component).map(|unit| &unit.name).collect::<Vec<_>>(),
            "services": plan.of_role(Role::Service).map(|unit| &unit.name).collect::<Vec<_>>(),
            "needs": super::needs::needs(&plan.units),
        },
    })
}

/// What the templates of one unit see beside that. A secret's value is among it: a Secret is rendered from it.
pub(crate) fn unit(unit: &Unit) -> Value {
    let env: Vec<Value> = unit
        .env
        .iter()
        .map(|entry| match &entry.source {
            EnvSource::Value(value) => json!({ "name": entry.name, "value": value }),
            EnvSource::Secret { name, key, optional } => {
                json!({ "name": entry.name, "secret": name, "key": key, "optional": optional })
            }
        })
        .collect();
    let given: Map<String, Value> = unit
        .secrets
        .iter()
        .filter_map(|(name, resolved)| Some((name.clone(), resolved.as_ref()?.value.clone())))
        .collect();
    json!({
        "facts": unit.facts,
        "values": values(unit),
        "unit": unit_value(unit.role, &unit.name, unit.path.as_deref()),
        "services": unit.uses,
        "env": env,
        "secrets": {
            "names": unit.secrets.keys().collect::<Vec<_>>(),
            "given": given,
        },
    })
}

/// The values of a unit by name.
pub(super) fn values(unit: &Unit) -> Value {
    let values = unit.values.iter().map(|(name, resolved)| (name.clone(), resolved.value.clone()));
    Value::Object(values.collect())
}

/// The unit itself.
pub(super) fn unit_value(role: Role, name: &str, path: Option<&str>) -> Value {
    json!({ "role": role, "name": name, "path": path.unwrap_or(".") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_becomes_an_address_without_keys_and_credentials() {
        for (remote, url) in [
            ("git@github.com:org/repo.git", Some("https://github.com/org/repo.git")),
            ("ssh://git@git.example:2222/org/repo", Some("https://git.example/org/repo")),
            ("https://me:token@git.example/org/repo.git", Some("https://git.example/org/repo.git")),
            ("http://git.example:8080/r", Some("http://git.example:8080/r")),
            ("file:///srv/repo.git", None),
            ("/srv/repo.git", None),
            ("../repo", None),
            ("C:\\repo", None),
            ("", None),
        ] {
            assert_eq!(clone_url(remote).as_deref(), url, "{remote}");
        }
    }

    #[test]
    fn a_tag_gives_its_leading_numbers() {
        assert_eq!(plain_version("16-alpine").as_deref(), Some("16"));
        assert_eq!(plain_version("v7.4.1").as_deref(), Some("7.4.1"));
        assert_eq!(plain_version("latest"), None);
    }
}
