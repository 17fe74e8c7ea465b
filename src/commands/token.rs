//! `devbox token`: a short-lived token of an environment's ServiceAccount, the way kubectl and other tools
//! that use client-go ask a credential plugin for it
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>).
//!
//! A token is kept until it is nearly used up, readable by its owner alone, so that a tool that is called
//! twice waits once. What the sandbox gives is not kept: the sandbox is near, and may be made anew.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::destination::Destination;
use super::place::{self, Sources};
use super::{runtime, workspace};
use crate::cli::TokenArgs;
use crate::config::{EnvironmentRecord, Place};
use crate::env::Env;
use crate::error::{Exit, Failure};
use crate::event::Silent;
use crate::fs::{self, Access};
use crate::ui::Ui;

/// A token that is not used any more this long before it ends: clocks differ, and a request takes its time.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// A token that is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    schema: u32,
    account: String,
    token: String,
    expires: Timestamp,
}

/// Prints an `ExecCredential`, whatever the format: a program reads it.
///
/// # Errors
/// Where there is no environment, or the guard or the cluster says no.
pub(super) fn run(args: &TokenArgs, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let version = version(env.exec_info.as_deref())?;
    let record = record(args, env)?;
    let keeps = matches!(record.place, Place::Context { .. });
    let kept = if keeps { kept(env, &record, args) } else { None };
    let token = match kept {
        Some(kept) => kept,
        None => {
            let fresh = runtime::run(fetch(args, &record, env, ui))?;
            if keeps {
                keep(env, &record, &fresh)?;
            }
            fresh
        }
    };
    ui.json(&json!({
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": { "interactive": false },
        "status": { "token": token.token, "expirationTimestamp": token.expires - MARGIN },
    }));
    Ok(Exit::Done)
}

/// The version that the calling tool speaks; the newest where nobody calls.
fn version(info: Option<&str>) -> Result<String, Failure> {
    const NEWEST: &str = "client.authentication.k8s.io/v1";
    let Some(info) = info else { return Ok(NEWEST.into()) };
    let asked = serde_json::from_str::<Value>(info).ok();
    let asked = asked.as_ref().and_then(|info| info["apiVersion"].as_str()).unwrap_or_default();
    match asked {
        NEWEST | "client.authentication.k8s.io/v1beta1" => Ok(asked.to_owned()),
        _ => Err(Failure::usage(format!("the calling tool speaks `{asked}`, which devbox does not"))
            .hint(format!("the kubeconfig's `exec.apiVersion` has to be `{NEWEST}`"))),
    }
}

/// Whose token: the flags', else that of the folder's environment.
fn record(args: &TokenArgs, env: &Env) -> Result<EnvironmentRecord, Failure> {
    let root = workspace::root(env, args.project.path.as_deref());
    let root = root.canonicalize().unwrap_or(root);
    let here = EnvironmentRecord::read(env, &root)?;
    let sources = Sources { args: &args.target, answers: None, record: here.as_ref() };
    let namespace = args.namespace.clone().or_else(|| here.as_ref().map(|here| here.namespace.clone()));
    let (Some(place), Some(namespace)) = (sources.decided(env), namespace) else {
        return Err(Failure::usage(format!("`{}` has no environment", env.display(&root)))
            .hint("set it up first: `devbox init`")
            .hint("or name one: `devbox token --context NAME --namespace NAME`"));
    };
    Ok(EnvironmentRecord {
        schema: 1,
        root,
        project: String::new(),
        place,
        namespace,
        kubeconfig: None,
        kinds: BTreeSet::new(),
    })
}

async fn fetch(args: &TokenArgs, record: &EnvironmentRecord, env: &Env, ui: &Ui) -> Result<Kept, Failure> {
    let mut destination = Destination::reach(env, &Silent, &record.place, &record.namespace).await?;
    if destination.is_asleep() {
        return Err(place::asleep(&record.place));
    }
    destination.confirm(ui, &args.target)?;
    let arrived = destination.arrive(env, &Silent).await?;
    let token = arrived.cluster.token(&record.namespace, &args.account, args.lifetime).await?;
    Ok(Kept {
        schema: 1,
        account: args.account.clone(),
        token: token.token.expose_secret().to_owned(),
        expires: token.expires,
    })
}

fn file(env: &Env, record: &EnvironmentRecord) -> PathBuf {
    crate::kubeconfig::environment::kept_token(env, &record.file_name())
}

/// The token of before, where most of its life is not over. One that cannot be read is none.
fn kept(env: &Env, record: &EnvironmentRecord, args: &TokenArgs) -> Option<Kept> {
    let text = fs::read_optional(&file(env, record)).ok()??;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let rest = kept.expires.duration_since(Timestamp::now());
    let fifth = SignedDuration::try_from(args.lifetime.min(Duration::from_secs(86_400)) / 5).ok()?;
    (kept.account == args.account && rest > fifth.max(MARGIN * 2)).then_some(kept)
}

fn keep(env: &Env, record: &EnvironmentRecord, token: &Kept) -> Result<(), Failure> {
    let path = file(env, record);
    if let Some(folder) = path.parent() {
        fs::create_private_dir(folder)?;
    }
    fs::write_atomic(&path, json!(token).to_string().as_bytes(), Access::Private)?;
    Ok(())
}

/// Forgets the token that is kept for an environment.
///
/// # Errors
/// Where the file is there and cannot be removed.
pub(super) fn forget(env: &Env, record: &EnvironmentRecord) -> Result<(), Failure> {
    Ok(fs::remove_optional(&file(env, record))?)
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_tool_is_answered_in_the_version_that_it_speaks() {
        let v1 = "client.authentication.k8s.io/v1";
        assert_eq!(version(None).unwrap(), v1);
        for asked in [v1, "client.authentication.k8s.io/v1beta1"] {
            let info = format!(r#"{{"kind":"ExecCredential","apiVersion":"{asked}","spec":{{}}}}"#);
            assert_eq!(version(Some(&info)).unwrap(), asked);
        }
        for odd in ["{}", "not json", r#"{"apiVersion":"client.authentication.k8s.io/v1alpha1"}"#] {
            assert!(version(Some(odd)).is_err(), "{odd}");
        }
    }
}
