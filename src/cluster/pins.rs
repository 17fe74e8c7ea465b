//! The clusters that a person confirmed, in `<state>/clusters.json` (0600).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ClusterError;
use super::connect::{Identity, Verification};
use crate::env::Env;
use crate::fs::{self, Access};

/// A confirmed cluster: what must be the same for it to be taken for the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// The server's URL.
    pub server: String,
    /// SHA-256 of the CA certificates, or `system` where the system's roots are trusted.
    pub ca: String,
    /// The UID of the namespace `kube-system`.
    pub uid: Option<String>,
    /// The context under which it was confirmed, for people who read the file.
    pub context: String,
}

impl Pin {
    /// The pin of a cluster as it was read.
    pub fn new(identity: &Identity, context: &str) -> Self {
        Self {
            server: identity.server.clone(),
            ca: identity.verification.to_string(),
            uid: identity.uid.clone(),
            context: context.into(),
        }
    }

    pub(super) fn matches_authority(&self, identity: &Identity) -> bool {
        identity.verification != Verification::Off && self.ca == identity.verification.to_string()
    }
}

/// All pins, one per server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    schema: u32,
    clusters: Vec<Pin>,
}

const SCHEMA: u32 = 1;

fn path(env: &Env) -> PathBuf {
    env.dirs.state.join("clusters.json")
}

impl Pins {
    /// Reads the pins; none where there is no file.
    ///
    /// # Errors
    /// Where the file is there and cannot be read.
    pub fn load(env: &Env) -> Result<Self, ClusterError> {
        let path = path(env);
        match fs::read_optional(&path)? {
            None => Ok(Self::default()),
            Some(text) => {
                serde_json::from_str(&text).map_err(|source| ClusterError::StateSyntax { path, source })
            }
        }
    }

    /// Adds a pin and writes the file, under a lock so that two runs do not lose each other's.
    ///
    /// # Errors
    /// Where the state folder cannot be written.
    pub fn remember(env: &Env, pin: Pin) -> Result<(), ClusterError> {
        let path = path(env);
        fs::create_private_dir(&env.dirs.state)?;
        let _lock = fs::lock(&path.with_extension("json.lock"))?;
        let mut pins = Self::load(env)?;
        if pins.of_server(&pin.server) == Some(&pin) {
            return Ok(());
        }
        pins.put(pin);
        let mut text = serde_json::to_string_pretty(&pins)
            .map_err(|source| ClusterError::StateSyntax { path: path.clone(), source })?;
        text.push('\n');
        fs::write_atomic(&path, text.as_bytes(), Access::Private)?;
        Ok(())
    }

    pub(super) fn put(&mut self, pin: Pin) {
        self.schema = SCHEMA;
        self.clusters.retain(|other| other.server != pin.server);
        self.clusters.push(pin);
    }

    /// The pin of a server.
    pub fn of_server(&self, server: &str) -> Option<&Pin> {
        self.clusters.iter().find(|pin| pin.server == server)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn pin(server: &str, uid: &str) -> Pin {
        Pin { server: server.into(), ca: "sha256:a".into(), uid: Some(uid.into()), context: "dev".into() }
    }

    #[test]
    fn pins_are_kept_one_per_server_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        assert_eq!(Pins::load(&env).unwrap(), Pins::default());
        Pins::remember(&env, pin("https://a", "1")).unwrap();
        Pins::remember(&env, pin("https://b", "2")).unwrap();
        Pins::remember(&env, pin("https://a", "3")).unwrap();
        let pins = Pins::load(&env).unwrap();
        assert_eq!(pins.of_server("https://a"), Some(&pin("https://a", "3")));
        assert_eq!(pins.of_server("https://b"), Some(&pin("https://b", "2")));
        assert_eq!(path(&env).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_broken_file_is_named_and_not_taken_for_empty() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        std::fs::create_dir_all(&env.dirs.state).unwrap();
        std::fs::write(path(&env), "{").unwrap();
        let error = Pins::load(&env).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read `{}`", path(&env).display()));
    }
}
