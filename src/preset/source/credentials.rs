//! Logins from git's credential helpers, by git itself: it knows every way to configure them. No secret
//! is kept, shown or written anywhere here.

use std::io::Write;
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret, SecretString};

use crate::env::Env;

/// A login.
pub(super) struct Login {
    username: String,
    password: SecretString,
    asked: String,
}

/// Asks the helpers for the login of a URL; `None` where they have none, or where there is no git. Git
/// itself never asks at the terminal here.
pub(super) fn ask(url: &str, env: &Env, interactive: bool) -> Option<Login> {
    let asked = description(url)?;
    let answer = git(&["credential", "fill"], &format!("{asked}\n"), env, interactive)?;
    let field = |name: &str| {
        let mut fields = answer.lines().filter_map(|line| line.split_once('='));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    };
    Some(Login { username: field("username")?, password: field("password")?.into(), asked })
}

impl Login {
    /// The value of the `Authorization` header.
    pub(super) fn basic(&self) -> SecretString {
        use base64::Engine as _;
        let pair = format!("{}:{}", self.username, self.password.expose_secret());
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)).into()
    }

    /// Tells the helpers whether the server took it, so that a wrong one is forgotten.
    pub(super) fn tell(&self, accepted: bool, env: &Env) {
        let verb = if accepted { "approve" } else { "reject" };
        let (name, password) = (&self.username, self.password.expose_secret());
        let text = format!("{}username={name}\npassword={password}\n\n", without_username(&self.asked));
        git(&["credential", verb], &text, env, false);
    }
}

fn without_username(asked: &str) -> String {
    asked.lines().filter(|line| !line.starts_with("username=")).map(|line| format!("{line}\n")).collect()
}

/// A URL as `git credential` reads it. No part of it can add a line: an address has no control characters.
fn description(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let user = user.map(|user| format!("username={user}\n")).unwrap_or_default();
    Some(format!("protocol={scheme}\nhost={host}\npath={path}\n{user}"))
}

fn git(arguments: &[&str], input: &str, env: &Env, interactive: bool) -> Option<String> {
    let mut command = Command::new(env.find_program("git")?);
    command.current_dir(&env.home).env("GIT_TERMINAL_PROMPT", "0");
    if !interactive {
        // A window that nobody sees would wait for ever.
        command.env("GIT_ASKPASS", "").env("SSH_ASKPASS", "").args(["-c", "core.askPass="]);
        command.env("GCM_INTERACTIVE", "never");
    }
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(input.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok()).flatten()
}
