//! The kubeconfig that is handed over: what its access preset needs is fetched, and the file is written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::deploy::{Deployment, context_name};
use super::{handover, token};
use crate::cluster::Cluster;
use crate::config::{EnvironmentRecord, Place};
use crate::env::{self, Env};
use crate::error::Failure;
use crate::event::{Event, Sink};
use crate::kubeconfig::{Kubeconfigs, environment as own};
use crate::plan::{Plan, Role, Unit};
use crate::preset::Catalogue;
use crate::preset::source::programs_of;
use crate::render::{self, KubeconfigInput, Manifest, Plugin, RenderError, Variable};

/// How long a kubeconfig signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasts {
    /// Until its token ends.
    Until(Timestamp),
    /// As long as devbox can get tokens.
    Renewed,
    /// As long as the person's own credentials, or what else they sign in with.
    AsTheirs,
}

impl Lasts {
    /// For people; nothing where there is nothing to say.
    pub(super) fn note(self) -> String {
        match self {
            Self::Until(at) => format!("its token ends {}", handover::local(at)),
            Self::Renewed => "`devbox token` gets its tokens".into(),
            Self::AsTheirs => String::new(),
        }
    }

    /// When its token ends, where it holds one.
    pub(super) fn until(self) -> Option<Timestamp> {
        match self {
            Self::Until(at) => Some(at),
            Self::Renewed | Self::AsTheirs => None,
        }
    }
}

/// What an access preset says that it needs, by its value `credentials`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Token,
    TokenPlugin,
    User,
    Nothing,
}

impl Needs {
    fn of(unit: &Unit) -> Result<Self, Failure> {
        let value = unit.values.get("credentials").and_then(|resolved| resolved.value.as_str());
        match value.unwrap_or("external") {
            "token" => Ok(Self::Token),
            "token-plugin" => Ok(Self::TokenPlugin),
            "user" => Ok(Self::User),
            "external" => Ok(Self::Nothing),
            other => Err(Failure::usage(format!("preset `{}` wants credentials `{other}`", unit.preset))
                .hint("its value `credentials` is one of token, token-plugin, user, external")),
        }
    }
}

/// Refuses an access preset that could not be handed over, before anything is written.
///
/// # Errors
/// Where its value `credentials` is none that devbox knows, or its template gives no user.
pub(super) fn check(plan: &Plan, catalogue: &Catalogue) -> Result<(), Failure> {
    let Some(unit) = plan.access() else { return Ok(()) };
    Needs::of(unit)?;
    Ok(made_up(plan, catalogue).map(drop)?)
}

/// The programs that tools would run for the user which the plan's access preset makes, devbox's own aside.
///
/// # Errors
/// Where its template gives no user.
pub(super) fn programs(plan: &Plan, catalogue: &Catalogue) -> Result<Vec<String>, RenderError> {
    let user = made_up(plan, catalogue)?;
    Ok(programs_of(&user).into_iter().filter(|program| program != OWN_PLUGIN).collect())
}

/// Stands for devbox's own credential plugin in a user that is only looked at.
const OWN_PLUGIN: &str = "/devbox";

/// The user of a kubeconfig without credentials.
fn made_up(plan: &Plan, catalogue: &Catalogue) -> Result<Value, RenderError> {
    let input = KubeconfigInput {
        context: context_name(plan),
        namespace: plan.namespace_name().to_owned(),
        cluster: json!({}),
        user: json!({}),
        token: Some(String::new()),
        plugin: Plugin { command: OWN_PLUGIN.into(), args: Vec::new(), env: Vec::new() },
        origin: Vec::new(),
    };
    render::kubeconfig_user(&input, plan, catalogue)
}

/// Writes the environment's own kubeconfig; gives how long it signs in. Where no token is to be had, it holds
/// the person's own credentials, and that is said.
///
/// # Errors
/// Where the access preset's template is wrong, or the file cannot be written.
pub(super) async fn write(
    deployment: &Deployment<'_>,
    file: &Path,
    record: &EnvironmentRecord,
    cluster: &Cluster,
    sink: &dyn Sink,
) -> Result<Lasts, Failure> {
    let Deployment { env, plan, manifests, workspace, .. } = deployment;
    // A token of before belongs to an account that may have been made anew since.
    token::forget(env, record)?;
    let mut plan = (*plan).clone();
    let mut needs = plan.access().map_or(Ok(Needs::User), Needs::of)?;
    if needs == Needs::Nothing && matches!(record.place, Place::Sandbox(_)) {
        let name = plan.access().map(|unit| unit.preset.clone()).unwrap_or_default();
        sink.emit(Event::warning(format!("the sandbox knows nothing of access `{name}`: a token is used")));
        needs = Needs::Token;
        leave_out_access(&mut plan);
    }
    let lifetime = plan.access().map_or(USUAL_LIFETIME, lifetime);
    let namespace = plan.namespace_name().to_owned();
    let account = service_account(manifests);
    let token = match (needs, account) {
        (Needs::User | Needs::Nothing, _) => Ok(None),
        (_, None) => Err("the environment has no ServiceAccount".to_owned()),
        // The plugin's first token is asked for here, so that what does not work is known now.
        (_, Some(account)) => {
            cluster.token(&namespace, account, lifetime).await.map(Some).map_err(|e| e.to_string())
        }
    };
    let token = token.unwrap_or_else(|why| {
        sink.emit(Event::warning(format!("no token, so the kubeconfig holds your own credentials: {why}")));
        leave_out_access(&mut plan);
        None
    });
    let lasts = match (&token, needs) {
        (None, _) => Lasts::AsTheirs,
        (Some(_), Needs::TokenPlugin) => Lasts::Renewed,
        (Some(token), _) => Lasts::Until(token.expires),
    };
    let token = token.map(|token| token.token.expose_secret().to_owned());
    let (cluster, own_user) = own::entries(cluster.target());
    let user = match &token {
        Some(token) if plan.access().is_none() => json!({ "token": token }),
        _ => own_user,
    };
    let origin = origin(env, &record.place)?;
    let input = KubeconfigInput {
        context: context_name(&plan),
        namespace,
        cluster,
        user,
        token,
        plugin: plugin(env, record, account.unwrap_or_default(), lifetime, &origin),
        origin,
    };
    own::write(file, &render::kubeconfig(&input, &plan, &workspace.catalogue)?)?;
    Ok(lasts)
}

/// Without an access preset the kubeconfig's user is what it is given.
fn leave_out_access(plan: &mut Plan) {
    plan.units.retain(|unit| unit.role != Role::Access);
}

/// How long a token is asked to live where the access preset does not say.
const USUAL_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

fn lifetime(unit: &Unit) -> Duration {
    let text = unit.values.get("lifetime").and_then(|resolved| resolved.value.as_str());
    let parsed = text.and_then(|text| text.parse::<SignedDuration>().ok());
    parsed.and_then(|duration| duration.try_into().ok()).unwrap_or(USUAL_LIFETIME)
}

/// The kubeconfigs that the place was found with, where they are not the usual one.
fn origin(env: &Env, place: &Place) -> Result<Vec<PathBuf>, Failure> {
    Ok(match place {
        Place::Context { kubeconfig: None, .. } => Kubeconfigs::load(env, None)?.unusual_files(env),
        Place::Context { .. } | Place::Sandbox(_) => Vec::new(),
    })
}

/// How a tool gets a token from this program.
fn plugin(
    of: &Env,
    record: &EnvironmentRecord,
    account: &str,
    lifetime: Duration,
    origin: &[PathBuf],
) -> Plugin {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut args = vec!["token".to_owned()];
    match &record.place {
        Place::Sandbox(name) => args.push(format!("--sandbox={name}")),
        Place::Context { context, kubeconfig } => {
            args.push(format!("--context={context}"));
            args.extend(kubeconfig.as_ref().map(|file| format!("--kubeconfig={}", path(file))));
        }
    }
    args.push(format!("--namespace={}", record.namespace));
    args.push(format!("--account={account}"));
    args.push(format!("--lifetime={}s", lifetime.as_secs()));
    let kubeconfig = env::path_list(origin).map(|value| Variable { name: "KUBECONFIG".into(), value });
    Plugin {
        command: of.exe.as_deref().map_or_else(|| "devbox".into(), path),
        args,
        env: kubeconfig.into_iter().collect(),
    }
}

/// The environment's ServiceAccount for people, where its preset has one.
fn service_account(manifests: &[Manifest]) -> Option<&str> {
    let account = manifests.iter().find(|manifest| manifest.key().kind == "ServiceAccount")?;
    account.object.pointer("/metadata/name")?.as_str()
}
