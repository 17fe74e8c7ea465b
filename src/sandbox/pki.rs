//! The sandbox's own certificate authority: keys and certificates that never leave this machine.
//!
//! Made once per sandbox, because tokens in etcd's data are signed with them and kubeconfigs that
//! were handed out trust them; `stop --delete` removes them. They do not expire in a person's time
//! (rcgen's defaults): they open a server on loopback to whoever can read the user's files.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::components::CONTAINERS_NODE_ADDRESS;
use super::{Layout, SandboxError};
use crate::fs::{self, Access, FsError};

/// The addresses and names that clients reach the API server by; 10.96.0.1 is the first of the
/// service range, which is the service `kubernetes`.
const API_SERVER_NAMES: [&str; 8] = [
    "127.0.0.1",
    "::1",
    "10.96.0.1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// Who a client certificate is for: file name, user, group. A user that begins with `system:` has
/// its rights from the API server's own default roles.
const CLIENTS: [(&str, &str, Option<&str>); 7] = [
    ("admin", "devbox-sandbox-admin", Some("system:masters")),
    ("node", "devbox-sandbox-node", Some("system:masters")),
    ("kubelet-client", "kube-apiserver-kubelet-client", Some("system:masters")),
    ("kube-controller-manager", "system:kube-controller-manager", None),
    ("kube-scheduler", "system:kube-scheduler", None),
    ("kubelet", "system:node:devbox-sandbox-node", Some("system:nodes")),
    ("kube-proxy", "system:kube-proxy", None),
];

/// The files of the certificate authority.
#[derive(Debug, Clone)]
pub(super) struct Pki {
    folder: PathBuf,
}

impl Pki {
    /// Makes everything, unless it is there. What is made appears in one step: a start that was cut
    /// short leaves no half of it.
    pub(super) fn ensure(layout: &Layout) -> Result<Self, SandboxError> {
        let folder = layout.pki();
        if !folder.is_dir() {
            let unfinished = layout.folder().join("pki.new");
            if unfinished.exists() {
                std::fs::remove_dir_all(&unfinished).map_err(failed("remove", &unfinished))?;
            }
            fs::create_private_dir(&unfinished)?;
            make(&unfinished)?;
            std::fs::rename(&unfinished, &folder).map_err(failed("create", &folder))?;
        }
        Ok(Self { folder })
    }

    /// A certificate's file.
    pub(super) fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.crt"))
    }

    /// A private key's file.
    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }

    /// The public key that service account tokens are checked with.
    pub(super) fn service_account_public_key(&self) -> PathBuf {
        self.folder.join("service-account.pub")
    }
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FsError {
    let path = path.to_path_buf();
    move |source| FsError { verb, path, source }
}

fn make(folder: &Path) -> Result<(), SandboxError> {
    let write =
        |name: &str, text: &str| fs::write_atomic(&folder.join(name), text.as_bytes(), Access::Private);

    let mut params = subject("devbox-sandbox-ca", None);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    write("ca.crt", &params.self_signed(&key)?.pem())?;
    write("ca.key", &key.serialize_pem())?;
    let issuer = Issuer::new(params, key);

    let issue = |file: &str, mut params: CertificateParams, purpose| -> Result<(), SandboxError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        write(&format!("{file}.crt"), &params.signed_by(&key, &issuer)?.pem())?;
        write(&format!("{file}.key"), &key.serialize_pem())?;
        Ok(())
    };
    let server = |user: &str, names: &[&str]| -> Result<CertificateParams, SandboxError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = subject(user, None).distinguished_name;
        Ok(params)
    };
    let purpose = ExtendedKeyUsagePurpose::ServerAuth;
    issue("api-server", server("kube-apiserver", &API_SERVER_NAMES)?, purpose.clone())?;
    issue("node-server", server("devbox-sandbox-node", &["127.0.0.1", CONTAINERS_NODE_ADDRESS])?, purpose)?;
    for (file, user, group) in CLIENTS {
        issue(file, subject(user, group), ExtendedKeyUsagePurpose::ClientAuth)?;
    }

    let signer = KeyPair::generate()?;
    write("service-account.key", &signer.serialize_pem())?;
    write("service-account.pub", &signer.public_key_pem())?;
    Ok(())
}

/// In a client certificate the common name is the user and the organisation the group.
fn subject(user: &str, group: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, user);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::env::Env;

    #[test]
    fn certificates_are_made_once_readable_by_the_user_alone_and_never_half() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(&Env::under(folder.path()), "default").unwrap();
        fs::create_private_dir(&layout.folder().join("pki.new/left-over")).unwrap();
        let pki = Pki::ensure(&layout).unwrap();
        let before = std::fs::read(pki.key("ca")).unwrap();
        for (client, _, _) in CLIENTS {
            let mode = pki.key(client).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{client}");
        }
        assert!(!layout.folder().join("pki.new").exists());
        Pki::ensure(&layout).unwrap();
        assert_eq!(std::fs::read(pki.key("ca")).unwrap(), before);
    }
}
