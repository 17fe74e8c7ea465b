//! Short-lived tokens of a ServiceAccount (TokenRequest), for the environment's kubeconfig.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use super::connect::Cluster;
use super::error::ClusterError;
use super::request::Call;
use crate::event::Silent;

/// A token and when it ends. Does not print the token.
#[derive(Debug, Clone)]
pub struct ServiceToken {
    /// The bearer token.
    pub token: SecretString,
    /// When the server stops accepting it; servers may give less time than was asked for.
    pub expires: Timestamp,
}

/// The shortest time that an API server gives (k8s.io/kubernetes/pkg/apis/authentication/validation).
const SHORTEST: Duration = Duration::from_secs(600);

impl Cluster {
    /// Asks for a token of a ServiceAccount, for at least ten minutes.
    ///
    /// # Errors
    /// Where the account is not there, or the user may not create `serviceaccounts/token`.
    pub async fn token(
        &self,
        namespace: &str,
        service_account: &str,
        lifetime: Duration,
    ) -> Result<ServiceToken, ClusterError> {
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": lifetime.max(SHORTEST).as_secs()},
        });
        let what = format!("get a token for ServiceAccount/{service_account}");
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token");
        let body = self.call(&Call::create(&what, path, &request), &Silent).await?.body;
        let text = |key: &str| body["status"][key].as_str().map(ToOwned::to_owned);
        let odd = || ClusterError::Answer { what: what.clone(), source: "it holds no token".into() };
        let token = text("token").ok_or_else(odd)?;
        let expires = text("expirationTimestamp").and_then(|stamp| stamp.parse().ok()).ok_or_else(odd)?;
        Ok(ServiceToken { token: SecretString::from(token), expires })
    }
}
