//! The user's own git configuration, as far as the way to a repository depends on it.

use std::path::PathBuf;

use git2::Config;

use super::ssh::Program;
use crate::config::Address;
use crate::env::Env;

/// What the user's git configuration says: names, lower case but for what stands in quotes, and values.
#[derive(Debug, Clone, Default)]
pub(super) struct GitConfig(Vec<(String, String)>);

impl GitConfig {
    /// Reads the user's and the machine's configuration; without any, git's own defaults hold.
    pub(super) fn open() -> Self {
        let mut found = Vec::new();
        if let Ok(config) = Config::open_default()
            && let Ok(entries) = config.entries(None)
        {
            let _ = entries.for_each(|entry| {
                if let (Ok(name), Ok(value)) = (entry.name(), entry.value()) {
                    found.push((name.to_owned(), value.to_owned()));
                }
            });
        }
        Self(found)
    }

    /// The address that an address stands for: `url.BASE.insteadOf`, the longest that fits. One that is
    /// wrong changes nothing.
    pub(super) fn instead(&self, address: &Address) -> Address {
        let text = address.to_string();
        let rules = self.0.iter().filter_map(|(name, from)| {
            let to = name.strip_prefix("url.")?.strip_suffix(".insteadof")?;
            text.starts_with(from).then_some((from, to))
        });
        let best = rules.max_by_key(|(from, _)| from.len());
        let rewritten =
            best.and_then(|(from, to)| Address::parse(&format!("{to}{}", &text[from.len()..]), None).ok());
        rewritten.unwrap_or_else(|| address.clone())
    }

    /// `http.extraHeader` and `http.URL.extraHeader` of an address, each `Name: value`; an empty one
    /// forgets those before it.
    pub(super) fn headers(&self, url: &str) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (name, value) in &self.0 {
            let Some(of) = name.strip_prefix("http.").and_then(|rest| rest.strip_suffix("extraheader"))
            else {
                continue;
            };
            if !of.is_empty() && !covers(of.trim_end_matches('.'), url) {
                continue;
            }
            match value.split_once(':') {
                _ if value.is_empty() => headers.clear(),
                Some((name, value)) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
                None => {}
            }
        }
        headers
    }

    /// `http.proxy`.
    pub(super) fn proxy(&self) -> Option<String> {
        self.text("http.proxy")
    }

    /// `http.sslCAInfo`: certificate authorities beside the system's.
    pub(super) fn authorities(&self, env: &Env) -> Option<PathBuf> {
        let path = self.text("http.sslcainfo")?;
        Some(path.strip_prefix("~/").map_or_else(|| PathBuf::from(&path), |rest| env.home.join(rest)))
    }

    /// How ssh is run, in git's own order.
    pub(super) fn ssh(&self, env: &Env) -> Program {
        if let Some(line) = &env.git_ssh_command {
            return Program::Line(line.clone());
        }
        if let Some(line) = self.text("core.sshcommand") {
            return Program::Line(line);
        }
        Program::Path(env.git_ssh.clone().unwrap_or_else(|| "ssh".into()))
    }

    fn text(&self, wanted: &str) -> Option<String> {
        let found = self.0.iter().rfind(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }
}

/// Whether a URL is a host's, or below a path of it.
fn covers(prefix: &str, url: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    url.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(entries: &[(&str, &str)]) -> GitConfig {
        GitConfig(entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_longest_rule_that_fits_gives_the_address() {
        let config = config(&[
            ("url.ssh://git@git.test/.insteadof", "https://git.test/"),
            ("url.git@other.test:.insteadof", "https://git.test/team/"),
            ("url.ext::sh -c id .insteadof", "https://evil.test/"),
        ]);
        let instead = |text: &str| config.instead(&Address::parse(text, None).unwrap()).to_string();
        assert_eq!(instead("https://git.test/a"), "ssh://git@git.test/a");
        assert_eq!(instead("https://git.test/team/a"), "git@other.test:a");
        assert_eq!(instead("https://evil.test/a"), "https://evil.test/a");
        assert_eq!(instead("https://else.test/a"), "https://else.test/a");
    }

    #[test]
    fn headers_go_to_the_hosts_that_they_are_for() {
        let config = config(&[
            ("http.extraheader", "X-All: 1"),
            ("http.https://git.test/.extraheader", "AUTHORIZATION: basic abc"),
        ]);
        let names = |url: &str| config.headers(url).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("https://git.test/a"), ["X-All", "AUTHORIZATION"]);
        assert_eq!(names("https://git.test.evil.test/a"), ["X-All"]);
    }
}
