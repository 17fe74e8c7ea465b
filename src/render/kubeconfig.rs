//! The environment's own kubeconfig, from templates like everything else: the access preset's gives the
//! user, and only that. Where the kubeconfig leads is not a template's to say.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::RenderError;
use super::object::yaml;
use crate::config::did_you_mean;
use crate::plan::{Plan, plan_context, unit_context};
use crate::preset::{Catalogue, Layer, Names};

/// The keys of a kubeconfig's user (client-go `tools/clientcmd/api/v1` `AuthInfo`).
const USER_KEYS: [&str; 15] = [
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
    "username",
    "password",
    "auth-provider",
    "exec",
    "extensions",
];

/// The versions of the protocol between client-go and a credential plugin
/// (<https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>).
const PLUGIN_VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// What an environment's kubeconfig says. Holds credentials, so printing it shows only the names.
#[derive(Clone, Serialize)]
pub struct KubeconfigInput {
    /// The context's name; the cluster and the user are called the same.
    pub context: String,
    /// The default namespace.
    pub namespace: String,
    /// The cluster entry: `server`, `certificate-authority-data` ...
    pub cluster: Value,
    /// The user entry of the person's own kubeconfig.
    pub user: Value,
    /// A token of the environment's ServiceAccount, where the access preset wants one.
    pub token: Option<String>,
    /// How a tool gets such a token from devbox.
    pub plugin: Plugin,
    /// The kubeconfig files that the cluster was found with, where they are not the usual one.
    pub origin: Vec<PathBuf>,
}

/// A credential plugin of client-go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plugin {
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that it needs beside those of the tool that calls it.
    pub env: Vec<Variable>,
}

/// An environment variable of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for KubeconfigInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubeconfigInput")
            .field("context", &self.context)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Renders a kubeconfig with one cluster, one user and one context, the current one. The user is what the
/// plan's access preset makes of `input`; the person's own where the plan has no access.
///
/// # Errors
/// Where a template is wrong, or gives no user of a kubeconfig.
pub fn kubeconfig(
    input: &KubeconfigInput,
    plan: &Plan,
    catalogue: &Catalogue,
) -> Result<String, RenderError> {
    const TEMPLATE: &str = "kubeconfig/config.yaml";
    let mut input = input.clone();
    input.user = user(&input, plan, catalogue)?;
    let context = Names::of(&json!({ "kubeconfig": input }));
    let (value, file, line) = one(catalogue, &Layer::BuiltIn, TEMPLATE, &context)?;
    serde_yaml::to_string(&value).map_err(|error| RenderError::Yaml {
        template: file,
        line,
        message: error.to_string(),
        rendered: None,
    })
}

/// The user entry that the plan's access preset makes of what `input` stands for.
///
/// # Errors
/// Where a template is wrong, or gives no user of a kubeconfig.
pub fn kubeconfig_user(
    input: &KubeconfigInput,
    plan: &Plan,
    catalogue: &Catalogue,
) -> Result<Value, RenderError> {
    user(input, plan, catalogue)
}

fn user(input: &KubeconfigInput, plan: &Plan, catalogue: &Catalogue) -> Result<Value, RenderError> {
    let Some(unit) = plan.access() else { return Ok(input.user.clone()) };
    let mut context = Names::of(&plan_context(plan)).with(&unit_context(unit));
    context.set("kubeconfig", &json!(input));
    let mut merged = Map::new();
    for template in unit.templates.values() {
        let (value, file, line) = one(catalogue, &template.layer, &template.path, &context)?;
        let wrong = |problem| RenderError::NoUser { template: file.clone(), line, problem };
        let Value::Object(map) = value else { return Err(wrong("it is no map".into())) };
        // The person's own is as it is, with whatever their tools put there.
        if input.user.as_object() != Some(&map) {
            check(&map).map_err(wrong)?;
        }
        merged.extend(map);
    }
    Ok(Value::Object(merged))
}

/// The keys are those of a user, and a plugin is one that client-go can run.
fn check(user: &Map<String, Value>) -> Result<(), String> {
    if let Some(key) = user.keys().find(|key| !USER_KEYS.contains(&key.as_str())) {
        let hint = did_you_mean(key, USER_KEYS).map(|hint| format!("; {hint}")).unwrap_or_default();
        return Err(format!("a user has no key `{key}`{hint}"));
    }
    let Some(exec) = user.get("exec") else { return Ok(()) };
    let text = |key: &str| exec.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("command").is_empty() {
        return Err("`exec` has no `command`".into());
    }
    let version = text("apiVersion");
    if !PLUGIN_VERSIONS.contains(&version) {
        return Err(format!("`exec.apiVersion` is `{version}`; it is one of {}", PLUGIN_VERSIONS.join(", ")));
    }
    // client-go requires it from v1 on (`rest/exec`, `validateAuthInfo`).
    if version == PLUGIN_VERSIONS[0] && !["Never", "IfAvailable", "Always"].contains(&text("interactiveMode"))
    {
        return Err("`exec.interactiveMode` is one of Never, IfAvailable, Always".into());
    }
    Ok(())
}

/// Renders a template that is one document; also gives its file and the line where it starts.
fn one(
    catalogue: &Catalogue,
    layer: &Layer,
    path: &str,
    context: &Names,
) -> Result<(Value, String, usize), RenderError> {
    let file = catalogue.template_file(layer, path);
    let documents = catalogue
        .engine(layer)
        .and_then(|engine| engine.render(path, context))
        .map_err(|error| super::named(catalogue, layer, error))?;
    match documents.as_slice() {
        [document] => Ok((yaml(document, &file)?, file, document.line)),
        [] => Err(RenderError::NoUser { template: file, line: 1, problem: "it is empty".into() }),
        [_, second, ..] => {
            let problem = "it holds more than one document".into();
            Err(RenderError::NoUser { template: file, line: second.line, problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;

    fn input() -> KubeconfigInput {
        KubeconfigInput {
            context: "dev: ada".into(),
            namespace: "dev-ada-shop".into(),
            cluster: json!({"server": "https://10.0.0.1:6443", "certificate-authority-data": "Q0E="}),
            user: json!({"exec": {"command": "login", "args": ["{{ x }}"], "of-some-tool": 1}}),
            token: Some("hush".into()),
            plugin: Plugin {
                command: "/opt/dev box/devbox".into(),
                args: vec!["token".into(), "--context".into(), "it's: {{ x }}".into()],
                env: vec![Variable { name: "KUBECONFIG".into(), value: "/a:/b".into() }],
            },
            origin: vec!["/a".into(), "/b".into()],
        }
    }

    fn rendered(preset: &str) -> Result<String, RenderError> {
        let catalogue = Catalogue::built_in().unwrap();
        let preset = catalogue.get(preset).unwrap();
        let plan = plan::trial(&catalogue, &[preset], "trial").unwrap();
        kubeconfig(&input(), &plan, &catalogue)
    }

    #[test]
    fn a_kubeconfig_has_one_context_with_its_namespace_and_where_it_comes_from() {
        insta::assert_snapshot!(rendered("token").unwrap());
    }

    #[test]
    fn every_access_preset_gives_a_user_that_client_go_can_read() {
        let catalogue = Catalogue::built_in().unwrap();
        let mut users = String::new();
        for preset in catalogue.of_kind(crate::config::Kind::Access).unwrap() {
            let text = rendered(&preset.name).unwrap();
            let file: kube::config::Kubeconfig = serde_yaml::from_str(&text).unwrap();
            assert_eq!(file.auth_infos.len(), 1, "{text}");
            assert_eq!(
                file.clusters[0].cluster.as_ref().unwrap().server.as_deref(),
                Some("https://10.0.0.1:6443")
            );
            let value: Value = serde_yaml::from_str(&text).unwrap();
            let user = serde_yaml::to_string(&value["users"][0]["user"]).unwrap();
            users += &format!("# {}\n{user}\n", preset.name);
        }
        insta::assert_snapshot!(users);
    }

    #[test]
    fn a_template_cannot_say_where_a_kubeconfig_leads_nor_bring_a_plugin_that_cannot_run() {
        for (user, problem) in [
            (json!({"server": "https://elsewhere"}), "a user has no key `server`"),
            (json!({"tokn": "x"}), "a user has no key `tokn`; did you mean `token`?"),
            (
                json!({"exec": {"apiVersion": "v1", "command": "x"}}),
                "`exec.apiVersion` is `v1`; it is one of",
            ),
            (json!({"exec": {"apiVersion": PLUGIN_VERSIONS[0]}}), "`exec` has no `command`"),
            (
                json!({"exec": {"apiVersion": PLUGIN_VERSIONS[0], "command": "x"}}),
                "`exec.interactiveMode` is",
            ),
        ] {
            let found = check(user.as_object().unwrap()).unwrap_err();
            assert!(found.starts_with(problem), "{found}");
        }
    }

    #[test]
    fn it_does_not_print_its_credentials() {
        assert!(!format!("{:?}", input()).contains("hush"));
    }
}
