//! Sources that mean harm are refused, with an error that names source, commit and path.

use std::collections::BTreeMap;

use git2::Oid;

use super::organisation::{INGRESS, Organisation, RAILS, Raw, project};
use super::support::Run;

const REST: &str = "name: x\nsummary: X\nextends: web\n";

/// What `preset add` says about a repository whose `main` has this tree.
fn add(organisation: &Organisation) -> Run {
    let devbox = project();
    let before = devbox.read("devbox.yaml");
    let run = devbox.args(["preset", "add", "acme", &organisation.url(), "--yes"]).run();
    assert_eq!(devbox.read("devbox.yaml"), before, "nothing is pinned\n{run}");
    run
}

fn refused(organisation: &Organisation, why: &str) {
    let run = add(organisation);
    let commit = organisation.git().refname_to_id("refs/heads/main").unwrap().to_string();
    assert_ne!(run.code, 0, "{run}");
    let label = format!("acme@{}: refused `", &commit[..7]);
    assert!(run.stderr.contains(&label) && run.stderr.contains(why), "{why}\n{run}");
    assert!(!run.stderr.chars().any(|c| c == '\u{1b}' || c == '\u{202e}'), "{run}");
}

fn with(entry: impl Fn(&Organisation) -> (&'static str, &'static str, Oid)) -> Organisation {
    let organisation = Organisation::new();
    let blob = organisation.blob(RAILS.as_bytes());
    let tree = organisation.put(Oid::ZERO_SHA1, "presets/rails.yaml", "100644", blob);
    let ingress = organisation.blob(INGRESS.as_bytes());
    let tree = organisation.put(tree, "templates/rails/ingress.yaml", "100644", ingress);
    let (path, mode, id) = entry(&organisation);
    organisation.commit_tree(organisation.put(tree, path, mode, id));
    organisation
}

/// A tree with `presets/` as it is given, raw.
fn raw(entries: impl Fn(&Organisation) -> Vec<(&'static str, &'static [u8], Oid)>) -> Organisation {
    let organisation = Organisation::new();
    let entries: Vec<Raw<'_>> = entries(&organisation);
    let presets = organisation.raw_tree(&entries);
    let top = organisation.raw_tree(&[("40000", b"presets", presets)]);
    organisation.commit_tree(top);
    organisation
}

#[test]
fn symbolic_links_are_not_followed() {
    for (path, to) in [
        ("templates/rails/passwd.yaml", "/etc/passwd"),
        ("templates/rails/up.yaml", "../../../../secret"),
        ("presets/x.yaml", "rails.yaml"),
        ("presets/.hidden", "rails.yaml"),
    ] {
        refused(&with(|o| (path, "120000", o.blob(to.as_bytes()))), "symbolic link");
    }
    let organisation = Organisation::new();
    let link = organisation.blob(b"elsewhere");
    organisation.commit_tree(organisation.raw_tree(&[("120000", b"presets", link)]));
    refused(&organisation, "symbolic link");
}

#[test]
fn a_folder_of_the_source_that_is_a_link_is_not_followed() {
    let organisation = Organisation::new();
    let link = organisation.blob(b"/etc");
    organisation.commit_tree(organisation.raw_tree(&[("120000", b"k8s", link)]));
    let run = project().args(["preset", "add", "acme", &organisation.url(), "--yes", "--path", "k8s"]).run();
    assert!(run.code != 0 && run.stderr.contains("symbolic link"), "{run}");
}

#[test]
fn submodules_are_not_fetched() {
    let commit = Oid::from_str("0123456789abcdef0123456789abcdef01234567").unwrap();
    refused(&with(|_| ("templates/more", "160000", commit)), "submodule");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for (name, why) in [
        (b"..".as_slice(), "leads out"),
        (b".", "leads out"),
        (b"../../x.yaml", "separator"),
        (b"a\\..\\x.yaml", "separator"),
        (b"C:x.yaml", "separator"),
        (b".GIT", "git's own folder"),
        (b"\xff.yaml", "UTF-8"),
        (b"\x1b[2Jx.yaml", "more than show themselves"),
        ("\u{202e}lmay.x".as_bytes(), "more than show themselves"),
        (b"a\nb.yaml", "more than show themselves"),
        (&[b'a'; 300], "too long"),
    ] {
        refused(&raw(|o| vec![("100644", name, o.blob(REST.as_bytes()))]), why);
    }
}

#[test]
fn names_that_are_one_on_other_machines_are_refused() {
    let twins = |first: &'static [u8], second: &'static [u8]| {
        raw(move |o| {
            let blob = o.blob(REST.as_bytes());
            vec![("100644", first, blob), ("100644", second, blob)]
        })
    };
    refused(&twins(b"X.yaml", b"x.yaml"), "capital letters");
    refused(&twins(b"x.yaml", b"x.yaml"), "capital letters");
    let organisation = Organisation::new();
    let presets = organisation.raw_tree(&[("100644", b"x.yaml", organisation.blob(REST.as_bytes()))]);
    organisation.commit_tree(
        organisation.raw_tree(&[("40000", b"Presets", presets), ("40000", b"presets", presets)]),
    );
    refused(&organisation, "write it `presets`");
}

#[test]
fn what_is_too_large_is_refused_before_it_is_unpacked() {
    let large = vec![b'#'; 100 << 20];
    refused(&with(|o| ("templates/large.yaml", "100644", o.blob(&large))), "KiB");
    refused(&with(|o| ("presets/large.yaml", "100644", o.blob(&large[..300 << 10]))), "KiB");
}

#[test]
fn too_many_files_and_too_deep_folders_are_refused() {
    let organisation = Organisation::new();
    let blob = organisation.blob(REST.as_bytes());
    let names: Vec<String> = (0..3000).map(|n| format!("{n:04}.yaml")).collect();
    let entries: Vec<Raw<'_>> = names.iter().map(|name| ("100644", name.as_bytes(), blob)).collect();
    let many = organisation.raw_tree(&entries);
    organisation.commit_tree(organisation.raw_tree(&[("40000", b"presets", many)]));
    refused(&organisation, "at most 2000 files");

    // A small repository whose folders multiply: each holds the one below it ten times.
    let organisation = Organisation::new();
    let mut folder = organisation.raw_tree(&[("100644", b"x.txt", organisation.blob(b"x"))]);
    let names: Vec<String> = (0..10).map(|n| format!("d{n}")).collect();
    for _ in 0..5 {
        let entries: Vec<Raw<'_>> = names.iter().map(|name| ("40000", name.as_bytes(), folder)).collect();
        folder = organisation.raw_tree(&entries);
    }
    organisation.commit_tree(organisation.raw_tree(&[("40000", b"presets", folder)]));
    refused(&organisation, "at most 2000 files");

    refused(&with(|o| ("presets/a/b/c/d/e/f/g/h.yaml", "100644", o.blob(REST.as_bytes()))), "deep");
}

#[test]
fn binary_files_are_refused() {
    refused(&with(|o| ("templates/x.yaml", "100644", o.blob(b"a\0\xff\xfe"))), "UTF-8");
}

#[test]
fn endless_inheritance_aliases_and_loops_come_to_an_end() {
    let long: BTreeMap<String, String> = (0..100)
        .map(|n| {
            let parent = if n == 0 { "web".to_owned() } else { format!("p{}", n - 1) };
            (format!("presets/p{n}.yaml"), format!("name: p{n}\nsummary: X\nextends: {parent}\n"))
        })
        .collect();
    let bomb = format!(
        "name: bomb\nsummary: X\nextends: web\nvalues:\n  a: &a [x, x, x, x, x, x, x, x, x]\n{}",
        (b'b'..=b'i')
            .map(|c| {
                let (c, before) = (c as char, (c - 1) as char);
                format!("  {c}: &{c} [{}]\n", vec![format!("*{before}"); 9].join(", "))
            })
            .collect::<String>()
    );
    let cycle = [
        ("presets/a.yaml", "name: a\nsummary: A\nextends: b\n"),
        ("presets/b.yaml", "name: b\nsummary: B\nextends: a\n"),
    ];
    let endless = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n{% for a in range(end=10000) %}{% for b in range(end=10000) %}{% for c in range(end=10000) %}{% endfor %}{% endfor %}{% endfor %}\n";
    let itself = "{% include \"me.yaml\" %}\n";
    let with_template = |text: &str| {
        vec![
            (
                "presets/x.yaml".to_owned(),
                "name: x\nsummary: X\nextends: web\ntemplates: {me: me.yaml}\n".to_owned(),
            ),
            ("templates/me.yaml".to_owned(), text.to_owned()),
        ]
    };
    let owned = |files: &[(&str, &str)]| {
        files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
    };
    for (files, why) in [
        (long.into_iter().collect::<Vec<_>>(), "at most 32 ancestors"),
        (owned(&cycle), "in a circle: acme/a -> acme/b -> acme/a"),
        (owned(&[("presets/bomb.yaml", &bomb)]), "presets/bomb.yaml"),
        (
            owned(&[("presets/x.yaml", "name: x\nsummary: X\nextends: other/web\n")]),
            "a source's preset extends one of its own",
        ),
    ] {
        let organisation = Organisation::empty();
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        organisation.commit(&files);
        let run = add(&organisation);
        assert!(run.code != 0 && run.stderr.contains(why), "{why}\n{run}");
    }
    // What only rendering shows is refused when something is rendered.
    for (text, why) in [(endless, "templates/me.yaml"), (itself, "templates/me.yaml")] {
        let organisation = Organisation::empty();
        let files = with_template(text);
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        organisation.commit(&files);
        let devbox = super::organisation::project_with(&organisation, &organisation.url());
        let text = devbox
            .read("devbox.yaml")
            .unwrap()
            .replace("acme/rails", "acme/x")
            .replace("source: image", "source: sync, image: a/b, command: x");
        let run = devbox.file("devbox.yaml", &text).arg("render").run();
        assert!(run.code != 0 && run.stderr.contains("acme@") && run.stderr.contains(why), "{run}");
    }
}

#[test]
fn texts_of_a_source_do_not_act_on_the_terminal() {
    let organisation = Organisation::empty();
    organisation.commit(&[("presets/x.yaml", "name: x\nsummary: \"\\e]0;owned\\a\\e[2J\"\nextends: web\n")]);
    let devbox = super::organisation::project_with(&organisation, &organisation.url());
    for arguments in [["preset", "list"], ["preset", "trust"]] {
        let call = devbox.args(arguments);
        let run = if arguments[1] == "trust" { call.arg("acme").run() } else { call.run() }.ok();
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{run}");
    }
}

#[test]
fn addresses_that_run_something_are_refused() {
    let devbox = project();
    for address in ["ext::sh -c id", "--upload-pack=id", "ssh://-oProxyCommand=id/x", "git@host:-x", "fd::3"]
    {
        let run = devbox.args(["preset", "add", "acme", "--yes", "--", address]).run();
        assert_eq!(run.code, if address.starts_with("--") { 1 } else { 2 }, "{run}");
    }
    let run = devbox.args(["preset", "add", "acme", "https://ada:hush-hush@git.test/p", "--yes"]).run();
    assert!(run.code == 2 && !run.to_string().replace(&run.line, "").contains("hush-hush"), "{run}");
}
