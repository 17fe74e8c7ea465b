//! An environment's context among a person's own: what adding, renewing and removing it mean for the
//! entries that are there. Pure: entries in, changes out; nothing of anybody else's is ever changed.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::KubeconfigError;
use super::edit::{Edit, List};
use super::entry::{Entry, text};
use super::load::{Kubeconfigs, parse};

/// The extension of a context that devbox put into a person's kubeconfig: whose it is, and which context
/// was the current one before it.
const MARK: &str = "devbox.internal/environment";

/// Whose a context is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The project.
    pub project: String,
    /// The environment's namespace.
    pub namespace: String,
}

/// An environment's context on its way into a person's kubeconfig. Holds credentials, so it prints only its
/// name.
#[derive(Clone)]
pub struct Guest {
    /// What the context, its cluster and its user are called there.
    pub name: String,
    owner: Owner,
    cluster: Value,
    user: Value,
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").field("name", &self.name).field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// How to add it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MergeOptions {
    /// Replace entries of that name that are not devbox's, or lead elsewhere.
    pub force: bool,
    /// Make it the current context.
    pub current: bool,
}

/// What happens to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryChange {
    /// `cluster`, `user`, `context` or `current-context`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// `added`, `replaced`, `unchanged`, `removed`, or what `current-context` was before.
    pub change: String,
}

/// The changes of one file.
#[derive(Clone, PartialEq)]
pub struct Changes {
    /// The file.
    pub file: PathBuf,
    /// What changes, for people.
    pub entries: Vec<EntryChange>,
    pub(super) edits: Vec<Edit>,
}

impl Guest {
    /// Reads it from the environment's own kubeconfig; `name` calls it something else.
    ///
    /// # Errors
    /// Where the file is none that devbox writes.
    pub fn read(
        path: &Path,
        content: &str,
        owner: Owner,
        name: Option<&str>,
    ) -> Result<Self, KubeconfigError> {
        let document = parse(path, content)?;
        let body = |list: List| document.pointer(&format!("/{}/0/{}", list.key(), list.singular())).cloned();
        let own = document.pointer("/contexts/0/name").and_then(text);
        let (Some(own), Some(cluster), Some(user)) = (own, body(List::Clusters), body(List::Users)) else {
            let problem = "it has no context, cluster and user of an environment".into();
            return Err(KubeconfigError::Shape { path: path.to_path_buf(), problem });
        };
        Ok(Self { name: name.map_or(own, ToOwned::to_owned), owner, cluster, user })
    }

    /// The server that it leads to.
    pub fn server(&self) -> &str {
        self.cluster["server"].as_str().unwrap_or_default()
    }

    /// What adding it to `file` changes. An entry of that name that is there already is renewed where it is
    /// this environment's and leads to the same server.
    ///
    /// # Errors
    /// Where an entry of that name is somebody else's, leads elsewhere, or stands in another file.
    pub fn merge(
        &self,
        all: &Kubeconfigs,
        file: &Path,
        options: MergeOptions,
    ) -> Result<Changes, KubeconfigError> {
        let context = all.contexts.get(&self.name);
        let server = all.clusters.get(&self.name).and_then(|cluster| cluster.text("server"));
        let same_server = server.as_deref().is_none_or(|server| server == self.server());
        let ours = context.is_some_and(|context| owner(context).as_ref() == Some(&self.owner)) && same_server;
        let mut changes = Changes { file: file.to_path_buf(), entries: Vec::new(), edits: Vec::new() };
        let mut before = context.and_then(before);
        if options.current && all.current.as_deref() != Some(self.name.as_str()) {
            before.clone_from(&all.current);
        }
        for (list, body) in [
            (List::Clusters, self.cluster.clone()),
            (List::Users, self.user.clone()),
            (List::Contexts, self.context(before)),
        ] {
            let there = entries(all, list).get(&self.name);
            let taken = |why: String| KubeconfigError::Taken {
                what: list.singular(),
                name: self.name.clone(),
                path: there.map_or_else(PathBuf::new, |there| there.file.clone()),
                why,
            };
            let change = match there {
                None => "added",
                Some(there) if there.body == body => "unchanged",
                Some(_) if !ours && !options.force => {
                    return Err(taken(match &server {
                        Some(server) if !same_server => format!("it leads to {server}"),
                        _ => "it is not this environment's".into(),
                    }));
                }
                Some(there) if there.file != file => {
                    return Err(taken("files that come first in `KUBECONFIG` win".into()));
                }
                Some(_) => "replaced",
            };
            changes.entries.push(EntryChange {
                what: list.singular(),
                name: self.name.clone(),
                change: change.into(),
            });
            if change != "unchanged" {
                changes.edits.push(Edit::Put(list, self.name.clone(), body));
            }
        }
        if options.current && all.current.as_deref() != Some(self.name.as_str()) {
            if let Some(other) = all.current_file.as_deref().filter(|other| *other != file) {
                return Err(KubeconfigError::CurrentElsewhere {
                    context: self.name.clone(),
                    path: other.to_path_buf(),
                });
            }
            changes.current(&self.name, all.current.as_deref());
        }
        Ok(changes)
    }

    fn context(&self, before: Option<String>) -> Value {
        let mut mark = json!({"project": self.owner.project, "namespace": self.owner.namespace});
        if let Some(before) = before {
            mark["before"] = before.into();
        }
        json!({
            "cluster": self.name,
            "user": self.name,
            "namespace": self.owner.namespace,
            "extensions": [{"name": MARK, "extension": mark}],
        })
    }
}

impl Changes {
    fn current(&mut self, name: &str, was: Option<&str>) {
        self.edits.push(Edit::Current(name.to_owned()));
        self.entries.push(EntryChange {
            what: "current-context",
            name: name.to_owned(),
            change: match was {
                Some(was) => format!("was {was}"),
                None => "was not set".into(),
            },
        });
    }

    /// Nothing has to be written.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }
}

/// What removing contexts that devbox put there changes: the one of this name, else all of this owner. Of
/// the files that hold such a context the first is changed; `None` where there is none.
///
/// # Errors
/// Where the one of this name is not devbox's.
pub fn remove(
    all: &Kubeconfigs,
    name: Option<&str>,
    of: Option<&Owner>,
) -> Result<Option<Changes>, KubeconfigError> {
    let meant = |(context, entry): &(&String, &Entry)| match (name, owner(entry)) {
        (Some(name), _) => *context == name,
        (None, Some(owner)) => of == Some(&owner),
        (None, None) => false,
    };
    let mut changes: Option<Changes> = None;
    for (name, entry) in all.contexts.iter().filter(meant) {
        if owner(entry).is_none() {
            return Err(KubeconfigError::NotOurs { context: name.clone(), path: entry.file.clone() });
        }
        let file = entry.file.clone();
        let changes = changes.get_or_insert_with(|| Changes { file, entries: Vec::new(), edits: Vec::new() });
        if changes.file != entry.file {
            continue;
        }
        for list in [List::Contexts, List::Clusters, List::Users] {
            let there = entries(all, list).get(name).is_some_and(|there| there.file == changes.file);
            let used = all.contexts.iter().any(|(other, context)| {
                other != name && context.text(list.singular()).as_deref() == Some(name.as_str())
            });
            if there && !used {
                changes.edits.push(Edit::Remove(list, name.clone()));
                changes.entries.push(EntryChange {
                    what: list.singular(),
                    name: name.clone(),
                    change: "removed".into(),
                });
            }
        }
        // It was made the current one on request; what was before comes back.
        if all.current.as_deref() == Some(name.as_str())
            && all.current_file.as_deref() == Some(changes.file.as_path())
            && let Some(before) = before(entry).filter(|before| all.contexts.contains_key(before))
        {
            changes.current(&before, Some(name));
        }
    }
    Ok(changes)
}

fn entries(all: &Kubeconfigs, list: List) -> &indexmap::IndexMap<String, Entry> {
    match list {
        List::Clusters => &all.clusters,
        List::Users => &all.users,
        List::Contexts => &all.contexts,
    }
}

fn mark(context: &Entry) -> Option<&Value> {
    let extensions = context.body.get("extensions")?.as_array()?;
    extensions.iter().find(|entry| entry["name"] == MARK)?.get("extension")
}

/// Whose environment a context is that devbox put there.
pub(super) fn owner(context: &Entry) -> Option<Owner> {
    let mark = mark(context)?;
    let text = |key: &str| mark[key].as_str().map(ToOwned::to_owned);
    Some(Owner { project: text("project")?, namespace: text("namespace")? })
}

/// The context that was the current one before it.
pub(super) fn before(context: &Entry) -> Option<String> {
    mark(context)?["before"].as_str().map(ToOwned::to_owned)
}
