//! Finds and reads kubeconfig files and merges them by client-go's rules
//! (`tools/clientcmd/loader.go`, `ClientConfigLoadingRules.Load`).

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use super::KubeconfigError;
use super::entry::{Entry, text};
use super::environment;
use super::guest;
use super::target::Target;
use crate::env::Env;
use crate::fs;

/// Every context, cluster and user that the kubeconfigs define, each with its file.
#[derive(Debug, Clone, Default)]
pub struct Kubeconfigs {
    pub(super) current: Option<String>,
    /// The file that says so.
    pub(super) current_file: Option<PathBuf>,
    pub(super) contexts: IndexMap<String, Entry>,
    pub(super) clusters: IndexMap<String, Entry>,
    pub(super) users: IndexMap<String, Entry>,
    looked: Vec<PathBuf>,
    pub(super) proxy: Proxy,
}

/// Proxy settings of the surroundings, used where a cluster entry names none.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxy {
    pub(super) https: Option<String>,
    pub(super) none: Option<String>,
}

/// A context as a person chooses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSummary {
    /// The context's name.
    pub name: String,
    /// The cluster that it names.
    pub cluster: String,
    /// The cluster's server; empty where the cluster is not defined.
    pub server: String,
    /// Its namespace, `default` where it sets none.
    pub namespace: String,
    /// The user that it names.
    pub user: Option<String>,
    /// The file that defines the context.
    pub file: PathBuf,
    /// `current-context` names it.
    pub current: bool,
}

impl Kubeconfigs {
    /// Reads `explicit` alone where given, else the files of `KUBECONFIG`, else `~/.kube/config`.
    ///
    /// # Errors
    /// Where `explicit` is missing, or a file is there but is no kubeconfig.
    pub fn load(env: &Env, explicit: Option<&Path>) -> Result<Self, KubeconfigError> {
        let files = match explicit {
            Some(path) => vec![path.to_path_buf()],
            None => listed(env)?,
        };
        let mut all = Self {
            proxy: Proxy { https: env.https_proxy.clone(), none: env.no_proxy.clone() },
            ..Self::default()
        };
        for file in files {
            let file = env.cwd.join(file);
            match fs::read_optional(&file)? {
                Some(content) => all.add(&file, &content)?,
                None if explicit.is_some() => return Err(KubeconfigError::Missing { path: file }),
                None => {}
            }
            all.looked.push(file);
        }
        Ok(all)
    }

    /// The files that were read, where they are not `~/.kube/config` alone.
    pub fn unusual_files(&self, env: &Env) -> Vec<PathBuf> {
        if self.looked == [usual(env)] { Vec::new() } else { self.looked.clone() }
    }

    /// Merges one file in: what is there already wins, entry by entry.
    fn add(&mut self, file: &Path, content: &str) -> Result<(), KubeconfigError> {
        let shape =
            |problem: &str| KubeconfigError::Shape { path: file.to_path_buf(), problem: problem.into() };
        let document = parse(file, content)?;
        if document.is_null() {
            return Ok(());
        }
        if !document.is_object() {
            return Err(shape("the document is not a mapping"));
        }
        if self.current.is_none() {
            self.current = document.get("current-context").and_then(text);
            self.current_file = self.current.as_ref().map(|_| file.to_path_buf());
        }
        let lists = [
            ("contexts", "context", &mut self.contexts),
            ("clusters", "cluster", &mut self.clusters),
            ("users", "user", &mut self.users),
        ];
        for (list, key, into) in lists {
            let entries = match document.get(list) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(entries)) => entries,
                Some(_) => return Err(shape(&format!("`{list}` is not a list"))),
            };
            for (index, entry) in entries.iter().enumerate() {
                let name = entry
                    .get("name")
                    .and_then(text)
                    .ok_or_else(|| shape(&format!("`{list}[{index}]` has no name")))?;
                let body = entry.get(key).cloned().unwrap_or(Value::Null);
                into.entry(name).or_insert_with(|| Entry { body, file: file.to_path_buf() });
            }
        }
        Ok(())
    }

    /// The name in `current-context`, of the first file that sets one. Where that is an environment's that
    /// was merged in, the one before it: an environment is not set up with the rights of another.
    pub fn current(&self) -> Option<&str> {
        let current = self.current.as_deref()?;
        match self.contexts.get(current).filter(|context| guest::owner(context).is_some()) {
            None => Some(current),
            Some(context) => {
                let before = guest::before(context)?;
                self.contexts.get_key_value(&before).map(|(name, _)| name.as_str())
            }
        }
    }

    /// The files that were looked at, in order, whether they were there or not.
    pub fn files(&self) -> &[PathBuf] {
        &self.looked
    }

    /// Every context of the person's own, in the order of the files.
    pub fn contexts(&self) -> Vec<ContextSummary> {
        let current = self.current();
        self.contexts
            .iter()
            .filter(|(_, entry)| guest::owner(entry).is_none())
            .map(|(name, entry)| {
                let cluster = entry.text("cluster").unwrap_or_default();
                ContextSummary {
                    name: name.clone(),
                    server: self.clusters.get(&cluster).and_then(|c| c.text("server")).unwrap_or_default(),
                    cluster,
                    namespace: entry.text("namespace").unwrap_or_else(|| "default".into()),
                    user: entry.text("user"),
                    file: entry.file.clone(),
                    current: current == Some(name.as_str()),
                }
            })
            .collect()
    }

    /// Resolves one context, or the current one, to where it leads.
    ///
    /// # Errors
    /// Where there is no such context, or it names a cluster or user that nobody defines.
    pub fn target(&self, context: Option<&str>) -> Result<Target, KubeconfigError> {
        let available = || self.contexts.keys().cloned().collect::<Vec<_>>();
        if self.contexts.is_empty() && context.is_none() {
            return Err(KubeconfigError::Nothing { looked: self.looked.clone() });
        }
        let name = context
            .or(self.current())
            .ok_or_else(|| KubeconfigError::NoCurrent { available: available() })?;
        let entry = self.contexts.get(name).ok_or_else(|| KubeconfigError::NoContext {
            context: name.into(),
            looked: self.looked.clone(),
            available: available(),
        })?;
        Target::resolve(self, name, entry)
    }
}

fn usual(env: &Env) -> PathBuf {
    env.home.join(".kube").join("config")
}

/// The files of `KUBECONFIG`, else the usual one. The file of an environment of ours stands for those that
/// it was made from: in a shell that uses an environment, the person's own contexts are still there.
fn listed(env: &Env) -> Result<Vec<PathBuf>, KubeconfigError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for file in env.kubeconfig.iter().map(|file| env.cwd.join(file)) {
        if !environment::is_own(env, &file) {
            files.push(file);
        } else if let Some(content) = fs::read_optional(&file)? {
            files.extend(environment::origin(&parse(&file, &content)?));
        }
    }
    if files.is_empty() {
        files.push(usual(env));
    }
    Ok(files)
}

pub(super) fn parse(file: &Path, content: &str) -> Result<Value, KubeconfigError> {
    let syntax = |source| KubeconfigError::Syntax { path: file.to_path_buf(), source };
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let mut yaml: serde_yaml::Value = serde_yaml::from_str(content).map_err(syntax)?;
    yaml.apply_merge().map_err(syntax)?;
    serde_yaml::from_value(yaml).map_err(syntax)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "
contexts:
- {name: dev, context: {cluster: dev, user: me, namespace: mine}}
clusters:
- {name: dev, cluster: {server: 'https://a:6443', certificate-authority: ca.pem}}
users:
- {name: me, user: {token: from-a}}
";
    const B: &str = "
current-context: other
contexts:
- {name: dev, context: {cluster: dev, user: me, namespace: theirs}}
- {name: other, context: {cluster: other}}
clusters:
- {name: dev, cluster: {server: 'https://b:6443', tls-server-name: b}}
- {name: other, cluster: {server: 'https://other'}}
users:
- {name: me, user: {token: from-b, as: root}}
";

    fn two() -> (tempfile::TempDir, Env) {
        let folder = tempfile::tempdir().unwrap();
        let mut env = Env::under(folder.path());
        std::fs::create_dir_all(folder.path().join("x")).unwrap();
        std::fs::write(folder.path().join("x/a"), A).unwrap();
        std::fs::write(folder.path().join("b"), B).unwrap();
        env.kubeconfig = vec!["gone".into(), "x/a".into(), "b".into()];
        (folder, env)
    }

    #[test]
    fn the_first_file_wins_with_whole_entries_and_a_missing_listed_file_is_skipped() {
        let (folder, env) = two();
        let all = Kubeconfigs::load(&env, None).unwrap();
        assert_eq!(all.current(), Some("other"));
        let target = all.target(Some("dev")).unwrap();
        assert_eq!(target.server, "https://a:6443");
        assert_eq!(target.namespace, "mine");
        assert_eq!(target.file, folder.path().join("x/a"));
        assert_eq!(all.clusters["dev"].text("tls-server-name"), None);
        assert_eq!(all.users["me"].text("as"), None);
        let ca = all.clusters["dev"].absolute();
        assert_eq!(ca["certificate-authority"], folder.path().join("x/ca.pem").to_str().unwrap());
    }

    #[test]
    fn an_environments_own_file_stands_for_those_that_it_was_made_from() {
        let (folder, mut env) = two();
        let own = environment::path(&env, "dev-me-shop.dev");
        let extension = |files: &str| {
            format!(
                "contexts: [{{name: e, context: {{extensions: [{{name: devbox.internal/origin, extension: {{files: {files}}}}}]}}}}]"
            )
        };
        let (a, b) = (folder.path().join("x/a"), folder.path().join("b"));
        environment::write(&own, &extension(&format!("[{}, {}]", a.display(), b.display()))).unwrap();
        env.kubeconfig = vec![own.clone()];
        let all = Kubeconfigs::load(&env, None).unwrap();
        assert_eq!((all.current(), all.files()), (Some("other"), [a.clone(), b].as_slice()));
        assert_eq!(all.unusual_files(&env), all.files());
        // The usual file is not named; one that is gone says nothing.
        for content in ["contexts: [{name: e, context: {}}]", ""] {
            environment::write(&own, content).unwrap();
            let all = Kubeconfigs::load(&env, None).unwrap();
            assert_eq!(all.files(), [env.home.join(".kube/config")]);
            assert!(all.unusual_files(&env).is_empty());
        }
        // Asked for by name it is what it is.
        environment::write(&own, &extension("[]")).unwrap();
        assert_eq!(Kubeconfigs::load(&env, Some(&own)).unwrap().files(), [own]);
    }

    #[test]
    fn a_context_without_namespace_means_default() {
        let (_folder, env) = two();
        let target = Kubeconfigs::load(&env, None).unwrap().target(None).unwrap();
        assert_eq!((target.context.as_str(), target.namespace.as_str()), ("other", "default"));
        assert_eq!(target.user, None);
    }

    #[test]
    fn an_explicit_file_that_is_missing_is_an_error_that_names_it() {
        let (folder, env) = two();
        let error = Kubeconfigs::load(&env, Some(Path::new("gone"))).unwrap_err();
        assert_eq!(error.to_string(), format!("no kubeconfig at `{}`", folder.path().join("gone").display()));
    }

    #[test]
    fn a_context_that_is_not_there_lists_those_that_are() {
        use crate::error::Explain;
        let (folder, env) = two();
        let error = Kubeconfigs::load(&env, Some(Path::new("b"))).unwrap().target(Some("othr")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no context `othr` in `{}`", folder.path().join("b").display())
        );
        assert_eq!(error.hints(), ["did you mean `other`?", "contexts: `dev`, `other`"]);
    }

    #[test]
    fn a_context_whose_user_is_not_defined_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        let file = folder.path().join("c");
        std::fs::write(
            &file,
            "contexts: [{name: x, context: {cluster: c, user: ghost}}]\nclusters: [{name: c, cluster: {server: 'https://c'}}]",
        )
        .unwrap();
        let error = Kubeconfigs::load(&env, Some(&file)).unwrap().target(Some("x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("context `x` in `{}` names user `ghost`, which no kubeconfig defines", file.display())
        );
    }

    #[test]
    fn no_file_at_all_is_an_error_and_never_the_pod_around_us() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::under(folder.path());
        let error = Kubeconfigs::load(&env, None).unwrap().target(None).unwrap_err();
        assert_eq!(error.to_string(), "no kubeconfig with a context was found");
    }

    #[test]
    fn anchors_merge_keys_and_an_empty_file_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut env = Env::under(folder.path());
        std::fs::write(folder.path().join("empty"), "").unwrap();
        std::fs::write(
            folder.path().join("full"),
            "base: &base {server: 'https://c'}\nclusters: [{name: 7, cluster: {<<: *base}}]\ncontexts: [{name: x, context: {cluster: 7}}]",
        )
        .unwrap();
        env.kubeconfig = vec!["empty".into(), "full".into()];
        let target = Kubeconfigs::load(&env, None).unwrap().target(Some("x")).unwrap();
        assert_eq!(target.server, "https://c");
    }
}
