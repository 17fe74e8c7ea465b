//! The environment's own kubeconfig, from a template like everything else.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::error::RenderError;
use super::object::yaml;
use crate::preset::{Catalogue, Layer};

/// What an environment's kubeconfig says. Holds credentials, so printing it shows only the names.
#[derive(Clone, Serialize)]
pub struct KubeconfigInput {
    /// The context's name; the cluster and the user are called the same.
    pub context: String,
    /// The default namespace.
    pub namespace: String,
    /// The cluster entry: `server`, `certificate-authority-data` ...
    pub cluster: Value,
    /// The user entry: `token`, `exec` ...
    pub user: Value,
}

impl fmt::Debug for KubeconfigInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubeconfigInput")
            .field("context", &self.context)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Renders a kubeconfig with one cluster, one user and one context, the current one.
///
/// # Errors
/// Where the template is wrong.
pub fn kubeconfig(input: &KubeconfigInput, catalogue: &Catalogue) -> Result<String, RenderError> {
    const TEMPLATE: &str = "kubeconfig/config.yaml";
    let engine = catalogue.engine(&Layer::BuiltIn)?;
    let documents = engine.render(TEMPLATE, &json!({ "kubeconfig": input }))?;
    let file = format!("templates/{TEMPLATE}");
    let Some(document) = documents.first() else {
        let missing = "it is empty".into();
        return Err(RenderError::NoObject { template: file, line: 1, missing });
    };
    let value = yaml(document, &file)?;
    serde_yaml::to_string(&value).map_err(|error| RenderError::Yaml {
        template: file,
        line: document.line,
        message: error.to_string(),
        rendered: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_has_one_context_with_its_namespace() {
        let input = KubeconfigInput {
            context: "dev: ada".into(),
            namespace: "dev-ada-shop".into(),
            cluster: json!({"server": "https://10.0.0.1:6443", "certificate-authority-data": "Q0E="}),
            user: json!({"exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "login",
                "args": ["--env", "a b", "{{ x }}"],
                "interactiveMode": "IfAvailable",
            }}),
        };
        insta::assert_snapshot!(kubeconfig(&input, &Catalogue::built_in().unwrap()).unwrap());
    }

    #[test]
    fn it_does_not_print_its_credentials() {
        let input = KubeconfigInput {
            context: "c".into(),
            namespace: "n".into(),
            cluster: json!({}),
            user: json!({"token": "hush"}),
        };
        assert!(!format!("{input:?}").contains("hush"));
    }
}
