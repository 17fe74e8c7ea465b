//! Where a git repository is: the forms of address that git knows, taken apart and checked before anything
//! is done with them. An address never holds a password: it is committed, shown and logged.

use std::fmt;
use std::path::{Path, PathBuf};

/// The address of a git repository, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    /// What it says.
    pub way: Way,
}

/// How a repository is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// `https://` or `http://`: the address itself, without a slash at its end.
    Http(String),
    /// `ssh://` or `user@host:path`.
    Ssh(SshAddress),
    /// A folder of this machine.
    Folder(PathBuf),
}

/// A repository behind ssh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    /// `user@host`, or the host alone.
    pub host: String,
    /// The port, where it is not ssh's own choice.
    pub port: Option<u16>,
    /// The path on the host.
    pub path: String,
}

/// What is wrong with an address, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    /// A lowercase fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

fn wrong<T>(message: impl Into<String>, hint: &str) -> Result<T, AddressError> {
    Err(AddressError { message: message.into(), hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()) })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Address {
    /// Reads an address. A path that is not absolute starts at `base`; without one it is refused.
    ///
    /// # Errors
    /// For another scheme, for a password in it, and for what a program could take for an option.
    pub fn parse(text: &str, base: Option<&Path>) -> Result<Self, AddressError> {
        const FORMS: &str =
            "write `https://HOST/PATH`, `ssh://USER@HOST/PATH`, `USER@HOST:PATH` or `file:///PATH`";
        if text.is_empty() || text.len() > 2000 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong(format!("`{}` is no address of a git repository", text.escape_debug()), FORMS);
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                scheme @ ("https" | "http") => http(scheme, rest),
                "ssh" | "git+ssh" => ssh(text, rest),
                "file" => folder(&decode(rest), None),
                other => wrong(format!("addresses of kind `{other}://` are not supported"), FORMS),
            };
        }
        if text.contains("::") {
            return wrong(format!("`{text}` names a helper program, which is not run"), FORMS);
        }
        match text.split_once(':') {
            Some((host, path)) if !host.contains('/') && host.len() > 1 => {
                let way = checked_ssh(host, None, path)?;
                Ok(Self { text: text.to_owned(), way: Way::Ssh(way) })
            }
            _ => folder(text, base),
        }
    }
}

fn folder(path: &str, base: Option<&Path>) -> Result<Address, AddressError> {
    let path = match (Path::new(path), base) {
        (path, _) if path.is_absolute() => path.to_path_buf(),
        (path, Some(base)) => {
            let joined = base.join(path);
            joined.canonicalize().unwrap_or(joined)
        }
        (_, None) => {
            return wrong(
                format!("`{path}` is a path that begins nowhere"),
                "write the whole path: `file:///PATH`",
            );
        }
    };
    match path.to_str() {
        Some(text) => Ok(Address { text: format!("file://{}", encode(text)), way: Way::Folder(path) }),
        None => wrong("the path is not UTF-8", ""),
    }
}

fn http(scheme: &str, rest: &str) -> Result<Address, AddressError> {
    let rest = rest.trim_end_matches('/');
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    if user.is_some_and(|user| user.contains(':')) {
        return wrong(
            format!("the address of `{host}` has a password in it"),
            "leave it out: git's credential helpers are asked for it (`git help credentials`)",
        );
    }
    if path.contains(['?', '#']) {
        return wrong("an address of a git repository has no `?` and no `#`", "");
    }
    let text = format!("{scheme}://{rest}");
    if host.is_empty() || path.len() < 2 || text.parse::<http::Uri>().is_err() {
        return wrong(format!("`{text}` is no address of a git repository"), "write `https://HOST/PATH`");
    }
    Ok(Address { way: Way::Http(text.clone()), text })
}

fn ssh(text: &str, rest: &str) -> Result<Address, AddressError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((user, _)) if authority.contains('@') && !user.contains('@') => {
            return wrong("an ssh address has no password", "leave it out: ssh finds your key or its agent");
        }
        Some((host, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => return wrong(format!("`{port}` is no port"), ""),
        },
        _ => (authority, None),
    };
    let path = decode(path);
    // `/~user/x` is a path in a home folder.
    let path = if path.starts_with("/~") { &path[1..] } else { &path };
    let host = host.replace(['[', ']'], "");
    Ok(Address { text: text.to_owned(), way: Way::Ssh(checked_ssh(&host, port, path)?) })
}

/// A host or path that begins with a dash would be an option to ssh or to git on the other side.
fn checked_ssh(host: &str, port: Option<u16>, path: &str) -> Result<SshAddress, AddressError> {
    let (user, name) = host.rsplit_once('@').map_or(("", host), |(user, name)| (user, name));
    if user.contains(':') {
        return wrong("an ssh address has no password", "leave it out: ssh finds your key or its agent");
    }
    let plain = |c: char| c.is_alphanumeric() || "-_.:".contains(c);
    if name.is_empty() || path.trim_matches('/').is_empty() || !name.chars().all(plain) {
        return wrong(
            "this is no ssh address of a git repository",
            "write `ssh://USER@HOST/PATH` or `USER@HOST:PATH`",
        );
    }
    if host.starts_with('-') || name.starts_with('-') || path.starts_with('-') {
        return wrong(
            "a host, user or path that begins with `-` could be taken for an option",
            "write a path that begins with `-` as `./-...`",
        );
    }
    if path.chars().any(char::is_control) {
        return wrong("the path has control characters in it", "");
    }
    Ok(SshAddress { host: host.to_owned(), port, path: path.to_owned() })
}

/// Percent-decodes; what is no valid escape stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = escape.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn encode(path: &str) -> String {
    path.replace('%', "%25").replace(' ', "%20").replace('#', "%23").replace('?', "%3F")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, AddressError> {
        Address::parse(text, None)
    }

    fn ssh(host: &str, port: Option<u16>, path: &str) -> Way {
        Way::Ssh(SshAddress { host: host.into(), port, path: path.into() })
    }

    #[test]
    fn the_forms_that_git_knows_are_taken_apart() {
        for (text, way) in [
            ("https://git.test/a/b.git/", Way::Http("https://git.test/a/b.git".into())),
            ("HTTPS://me@git.test/a", Way::Http("https://me@git.test/a".into())),
            ("git@git.test:a/b.git", ssh("git@git.test", None, "a/b.git")),
            ("ssh://git@git.test:2222/a/b%20c", ssh("git@git.test", Some(2222), "/a/b c")),
            ("ssh://git.test/~me/b", ssh("git.test", None, "~me/b")),
            ("ssh://git@[::1]:22/x", ssh("git@::1", Some(22), "/x")),
            ("file:///srv/a%20b", Way::Folder("/srv/a b".into())),
            ("/srv/presets", Way::Folder("/srv/presets".into())),
        ] {
            assert_eq!(parse(text).map(|address| address.way), Ok(way), "{text}");
        }
        assert!(parse("/srv/a b").unwrap_err().hint.is_some());
        assert_eq!(parse("file:///srv/a%20b").unwrap().to_string(), "file:///srv/a%20b");
    }

    #[test]
    fn what_could_do_more_than_name_a_repository_is_refused() {
        for text in [
            "",
            "ext::sh -c id",
            "ext::sh",
            "git://git.test/a",
            "ftp://git.test/a",
            "https://me:secret@git.test/a",
            "ssh://me:secret@git.test/a",
            "https://git.test",
            "https://git.test/a?x=1",
            "-oProxyCommand=id:a",
            "me@-oProxyCommand=id:a",
            "ssh://-oProxyCommand=id/a",
            "git@git.test:-upload-pack",
            "ssh://git.test:none/a",
            "ssh://git.test/",
            "https://git.test/a\n",
            "relative/path",
        ] {
            let error = parse(text).unwrap_err();
            assert!(!error.message.contains("secret"), "{error:?}");
        }
    }
}
