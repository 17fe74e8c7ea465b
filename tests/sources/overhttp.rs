//! Sources over http and https, served by git's own http backend.

use super::organisation::{Organisation, cached, program, project, project_with};
use super::server::{Manner, Proxy, Server, certificate};
use super::support::{Devbox, Key, Run};

fn add(devbox: &Devbox, url: &str) -> Run {
    devbox.args(["preset", "add", "acme", url, "--yes"]).run()
}

/// A `git` on the path of devbox, with a helper that knows a login.
fn with_helper(devbox: Devbox, password: &str) -> Devbox {
    let git = program("git");
    let helper = devbox.home().join("helper");
    let devbox = devbox.tool("git", &format!("PATH=/usr/bin:/bin exec {} \"$@\"", git.display()));
    std::fs::write(
        &helper,
        format!("#!/bin/sh\necho \"$1\" >> \"$HOME/helped\"\n[ \"$1\" = get ] && printf 'username=ada\\npassword={password}\\n'\ncat > /dev/null\n"),
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&helper, mode).unwrap();
    let config = format!("[credential]\n\thelper = {}\n", helper.display());
    std::fs::write(devbox.home().join(".gitconfig"), config).unwrap();
    devbox
}

fn helped(devbox: &Devbox) -> Vec<String> {
    let text = std::fs::read_to_string(devbox.home().join("helped")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_source_is_fetched_without_its_history_and_used_offline() {
    let organisation = Organisation::new();
    organisation.commit(&[("presets/rails.yaml", "name: old\nsummary: Old\nextends: web\n")]);
    let first = organisation.git().refname_to_id("refs/heads/main").unwrap();
    organisation.commit(&[
        ("presets/rails.yaml", super::organisation::RAILS),
        ("templates/rails/ingress.yaml", super::organisation::INGRESS),
    ]);
    let server = Server::start(&organisation, Manner::default());
    let devbox = project_with(&organisation, &server.url());
    let requests = server.seen().len();
    let entry = cached(&devbox, &organisation.git().refname_to_id("refs/heads/main").unwrap().to_string());
    let copy = git2::Repository::open_bare(&entry[0]).unwrap();
    assert!(copy.is_shallow() && copy.find_commit(first).is_err());
    devbox.arg("render").run().ok();
    assert_eq!(server.seen().len(), requests, "what was fetched needs no network");
}

#[test]
fn a_commit_that_no_branch_ends_in_is_fetched_all_the_same() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner::default());
    let devbox = project_with(&organisation, &server.url());
    organisation.commit(&[("presets/other.yaml", "name: other\nsummary: Other\nextends: web\n")]);
    std::fs::remove_dir_all(devbox.home().join(".cache")).unwrap();
    devbox.arg("render").run().ok();
}

#[test]
fn a_login_comes_from_the_users_credential_helper_and_shows_nowhere() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner { login: Some("ada:s3cr3t-pass"), ..Manner::default() });
    let devbox = with_helper(project(), "s3cr3t-pass");
    let run = add(&devbox, &server.url()).ok();
    assert_eq!(helped(&devbox), ["get", "store"]);
    assert!(!run.to_string().contains("s3cr3t"), "{run}");
    let leaked: Vec<_> = devbox
        .files()
        .into_iter()
        .filter(|(name, text)| text.contains("s3cr3t") && name != "home/helper")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(leaked, Vec::<String>::new());
}

#[test]
fn a_login_that_is_not_accepted_is_tried_once_and_forgotten() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner { login: Some("ada:right"), ..Manner::default() });
    let devbox = with_helper(project(), "wr0ng-pass");
    let run = add(&devbox, &server.url());
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("did not accept the one of git's credential helpers"), "{run}");
    assert!(!run.to_string().contains("wr0ng"), "{run}");
    assert_eq!(helped(&devbox), ["get", "erase"]);
    assert_eq!(server.seen().len(), 2, "{:?}", server.seen());
}

#[test]
fn without_a_login_it_says_so_and_asks_nobody() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner { login: Some("ada:right"), ..Manner::default() });
    let devbox = project();
    let run = add(&devbox, &server.url());
    insta::assert_snapshot!(run.to_string().replace(&server.port.to_string(), "[PORT]"));
    // Nor where git is there and could ask at a terminal.
    let git = program("git");
    let devbox = devbox.tool("git", &format!("PATH=/usr/bin:/bin exec {} \"$@\"", git.display()));
    let mut terminal = devbox.args(["preset", "add", "acme", &server.url()]).terminal();
    assert_eq!(terminal.exit_code(), 1);
    assert!(terminal.screen().contains("the server wants a login"), "{}", terminal.screen());
}

#[test]
fn https_trusts_the_machines_authorities_and_no_other() {
    let organisation = Organisation::new();
    let (tls, pem) = certificate();
    let server = Server::start(&organisation, Manner { tls: Some(tls), ..Manner::default() });
    let devbox = project();
    let run = add(&devbox, &server.url());
    assert!(run.code == 1 && run.stderr.contains("certificate"), "{run}");
    let file = devbox.home().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let call = devbox.args(["preset", "add", "acme", &server.url(), "--yes"]);
    call.env("SSL_CERT_FILE", file.display().to_string()).run().ok();
}

#[test]
fn a_proxy_is_used_and_left_aside_where_the_surroundings_say_so() {
    let organisation = Organisation::new();
    let (tls, pem) = certificate();
    let server = Server::start(&organisation, Manner { tls: Some(tls), ..Manner::default() });
    let proxy = Proxy::to(server.port);
    let devbox = project();
    let file = devbox.home().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let call = |url: &str| {
        let call = devbox.args(["preset", "add", "acme", url, "--yes", "--dry-run"]);
        call.env("SSL_CERT_FILE", file.display().to_string())
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port))
    };
    call("https://git.example.test/presets.git").run().ok();
    assert!(proxy.seen().iter().all(|line| line == "CONNECT git.example.test:443"), "{:?}", proxy.seen());
    let before = proxy.seen().len();
    assert!(before > 0);
    call(&server.url()).env("NO_PROXY", "127.0.0.1").run().ok();
    assert_eq!(proxy.seen().len(), before);
}

#[test]
fn plain_http_asks_a_proxy_for_whole_addresses() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner::default());
    let proxy = Proxy::to(server.port);
    let call = project().args(["preset", "add", "acme", "http://git.example.test/presets.git", "--yes"]);
    let call = call.env("HTTP_PROXY", format!("http://ada:s%40cret@127.0.0.1:{}", proxy.port));
    call.env("http_proxy", format!("http://ada:s%40cret@127.0.0.1:{}", proxy.port)).run().ok();
    let seen = proxy.seen();
    assert!(
        seen[0]
            .starts_with("GET http://git.example.test/presets.git/info/refs?service=git-upload-pack Basic "),
        "{seen:?}"
    );
    assert!(
        seen[1].starts_with("POST http://git.example.test/presets.git/git-upload-pack Basic "),
        "{seen:?}"
    );
}

#[test]
fn redirects_are_followed_within_bounds_and_never_to_less_safety() {
    let organisation = Organisation::new();
    let target = Server::start(&organisation, Manner::default());
    let to = |to: String| Server::start(&organisation, Manner { redirect: Some(to), ..Manner::default() });
    let devbox = project();
    let run = |url: &str| devbox.args(["preset", "add", "acme", url, "--yes", "--dry-run"]).run();
    run(&to(format!("http://127.0.0.1:{}{{}}", target.port)).url()).ok();
    for bad in
        ["file:///etc{}", "ssh://127.0.0.1/x{}", "http://127.0.0.1:1/elsewhere", "/x?service=git-upload-pack"]
    {
        let run = run(&to(bad.to_owned()).url());
        assert!(run.code == 1 && run.stderr.contains("not followed"), "{run}");
    }
    let circle = run(&to("{}".to_owned()).url());
    assert!(circle.code == 1 && circle.stderr.contains("in a circle"), "{circle}");
}

#[test]
fn a_login_does_not_follow_a_redirect_to_another_host() {
    let organisation = Organisation::new();
    let other = Server::start(&organisation, Manner::default());
    let to = format!("http://localhost:{}{{}}", other.port);
    let server = Server::start(
        &organisation,
        Manner { login: Some("ada:right"), redirect: Some(to), ..Manner::default() },
    );
    let devbox = with_helper(project(), "right");
    add(&devbox, &server.url()).ok();
    assert!(other.seen().iter().all(|line| line.ends_with(" -")), "{:?}", other.seen());
}

#[test]
fn what_is_no_repository_is_told() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner::default());
    let devbox = project();
    let run = add(&devbox, &format!("http://127.0.0.1:{}/nothing.git", server.port));
    assert!(run.code == 1 && run.stderr.contains("HTTP 404"), "{run}");
    let run = add(&devbox, "http://127.0.0.1:1/presets.git");
    assert!(run.code == 1 && run.stderr.contains("refused"), "{run}");
}

#[test]
fn an_answer_that_breaks_off_leaves_nothing_and_the_next_run_works() {
    let organisation = Organisation::new();
    for cut in [0, 30, 200] {
        let server = Server::start(&organisation, Manner { cut_after: Some(cut), ..Manner::default() });
        let devbox = project();
        let run = add(&devbox, &server.url());
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("cannot fetch source `acme`"), "{run}");
        assert_eq!(cached(&devbox, ".fetching-"), Vec::<std::path::PathBuf>::new());
        add(&devbox, &organisation.url()).ok();
    }
}

#[test]
fn ctrl_c_ends_a_fetch_that_waits_for_the_server() {
    let organisation = Organisation::new();
    let server = Server::start(&organisation, Manner { held: true, ..Manner::default() });
    let devbox = project();
    let mut terminal = devbox.args(["preset", "add", "acme", &server.url()]).terminal();
    server.wait_for("POST", 1);
    terminal.wait_for("fetch acme").send(Key::CtrlC);
    assert_eq!(terminal.exit_code(), 130);
    assert!(terminal.cursor_is_visible());
    assert!(!devbox.read("devbox.yaml").unwrap().contains("sources"));
    // The next run takes up what is there.
    server.go_on();
    add(&devbox, &server.url()).ok();
    assert_eq!(cached(&devbox, ".fetching-"), Vec::<std::path::PathBuf>::new());
}
