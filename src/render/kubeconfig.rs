//! The environment's own kubeconfig, from a template like everything else.

use serde::Serialize;
use serde_json::json;

use super::error::RenderError;
use super::object::yaml;
use crate::config::to_yaml;
use crate::preset::{Catalogue, Layer};

/// What an environment's kubeconfig says.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KubeconfigInput {
    /// The context's name, and the user's.
    pub context: String,
    /// The cluster's name.
    pub cluster: String,
    /// The API server's URL.
    pub server: String,
    /// The certificate authority, PEM in base64; `None` where the system's are meant.
    pub ca_data: Option<String>,
    /// The name in the server's certificate, where it is not that of the URL.
    pub tls_server_name: Option<String>,
    /// The proxy to the API server.
    pub proxy_url: Option<String>,
    /// The default namespace.
    pub namespace: String,
    /// How the user proves who they are.
    pub user: UserAuth,
}

/// How a user proves who they are.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UserAuth {
    /// A bearer token.
    Token(String),
    /// A client certificate, PEM in base64.
    Certificate {
        /// The certificate.
        cert_data: String,
        /// Its key.
        key_data: String,
    },
    /// A program that prints a credential (client-go exec plugin).
    Exec(ExecAuth),
}

impl std::fmt::Debug for UserAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Certificate { .. } => "Certificate",
            Self::Exec(_) => "Exec",
        })
    }
}

/// A client-go exec plugin.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecAuth {
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables to set, name and value.
    pub env: Vec<(String, String)>,
    /// What to tell a user who lacks the program.
    pub install_hint: Option<String>,
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
    Ok(to_yaml(&yaml(document, &file)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_has_one_context_with_its_namespace() {
        let input = KubeconfigInput {
            context: "dev: ada".into(),
            cluster: "dev".into(),
            server: "https://10.0.0.1:6443".into(),
            ca_data: Some("Q0E=".into()),
            tls_server_name: None,
            proxy_url: None,
            namespace: "dev-ada-shop".into(),
            user: UserAuth::Exec(ExecAuth {
                command: "devbox".into(),
                args: vec!["token".into(), "--env".into(), "a b".into()],
                env: vec![("X".into(), "1".into())],
                install_hint: None,
            }),
        };
        let text = kubeconfig(&input, &Catalogue::built_in().unwrap()).unwrap();
        insta::assert_snapshot!(text);
        let token = KubeconfigInput { user: UserAuth::Token("t".into()), ca_data: None, ..input };
        insta::assert_snapshot!(kubeconfig(&token, &Catalogue::built_in().unwrap()).unwrap());
    }
}
