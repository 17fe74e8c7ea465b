//! Repository-relative paths with `/`, as text.

/// The folder of a path; `.` for the root.
pub(in crate::detect) fn folder(path: &str) -> &str {
    memchr::memrchr(b'/', path.as_bytes()).map_or(".", |at| &path[..at])
}

/// The last part of a path.
pub(in crate::detect) fn base(path: &str) -> &str {
    memchr::memrchr(b'/', path.as_bytes()).map_or(path, |at| &path[at + 1..])
}

/// What follows the last dot of the last part; empty where there is none.
pub(in crate::detect) fn extension(path: &str) -> &str {
    match memchr::memrchr2(b'.', b'/', path.as_bytes()) {
        Some(at) if path.as_bytes()[at] == b'.' => &path[at + 1..],
        _ => "",
    }
}

/// `folder/name` with `.` and `..` resolved; `None` where it would leave the root.
pub(in crate::detect) fn join(folder: &str, name: &str) -> Option<String> {
    if (folder == "." || plain(folder)) && plain(name) {
        return Some(if folder == "." { name.to_owned() } else { [folder, "/", name].concat() });
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".into() } else { parts.join("/") })
}

/// Whether a path needs no resolving: it has no `.` nor `..`, no empty part and no backslash.
fn plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    let odd = |at: usize| matches!(bytes.get(at + 1), None | Some(b'/' | b'.'));
    !matches!(bytes.first(), None | Some(b'/' | b'.'))
        && memchr::memchr(b'\\', bytes).is_none()
        && memchr::memchr_iter(b'/', bytes).all(|at| !odd(at))
}

/// Whether `dir` is `of` or inside of it.
pub(in crate::detect) fn is_below(dir: &str, of: &str) -> bool {
    of == "." || dir == of || dir.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'))
}

/// A folder and all folders above it, without the root.
pub(in crate::detect) fn ancestors(dir: &str) -> impl Iterator<Item = &str> {
    let mut next = (dir != ".").then_some(dir);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.rsplit_once('/').map(|(parent, _)| parent);
        Some(this)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_root() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join(".", ".").as_deref(), Some("."));
        assert_eq!(join("a", "../../b"), None);
        assert_eq!(join("a/b", "c/d.e").as_deref(), Some("a/b/c/d.e"));
        assert_eq!(join("a", "./c//d/").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "b/.c").as_deref(), Some("a/b/.c"));
        assert_eq!(join(".", "b\\c").as_deref(), Some("b/c"));
        assert_eq!(join("a", "").as_deref(), Some("a"));
        assert_eq!(join("a", ".").as_deref(), Some("a"));
    }

    #[test]
    fn an_extension_is_the_last_part_s_own() {
        assert_eq!(extension("a.b/c.tar.gz"), "gz");
        assert_eq!(extension("a.b/c"), "");
        assert_eq!(extension(".env"), "env");
    }
}
