//! The kubeconfigs of a sandbox: the administrator's, which people use, and one per component.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::pki::Pki;
use super::{Layout, SandboxError};
use crate::fs::{self, Access, FsError};

/// The address of an API server on this machine.
pub(super) fn server(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

/// Writes every kubeconfig for an API server on this port. The administrator's holds its
/// certificates itself, so that it works wherever it is copied to.
pub(super) fn write(layout: &Layout, pki: &Pki, port: u16) -> Result<(), SandboxError> {
    let ca = read(&pki.certificate("ca"))?;
    let write = |path: PathBuf, client: &str| -> Result<(), SandboxError> {
        let certificate = read(&pki.certificate(client))?;
        let key = read(&pki.key(client))?;
        let name = layout.context();
        // Nobody else edits this file, so it is replaced as a whole. JSON is YAML.
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {
                "server": server(port),
                "certificate-authority-data": STANDARD.encode(&ca),
            }}],
            "users": [{"name": name, "user": {
                "client-certificate-data": STANDARD.encode(certificate),
                "client-key-data": STANDARD.encode(key),
            }}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        });
        let text = serde_yaml::to_string(&kubeconfig)
            .map_err(|source| SandboxError::Kubeconfig { path: path.clone(), source: source.into() })?;
        Ok(fs::write_atomic(&path, text.as_bytes(), Access::Private)?)
    };
    write(layout.kubeconfig(), "admin")?;
    for client in ["kube-controller-manager", "kube-scheduler", "node", "kubelet", "kube-proxy"] {
        write(layout.component_kubeconfig(client), client)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, FsError> {
    std::fs::read(path).map_err(|source| FsError { verb: "read", path: path.to_path_buf(), source })
}
