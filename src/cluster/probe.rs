//! What a failing probe and the container's own log say together: that it listens elsewhere, or that it
//! answers something else. Pure.
//!
//! A start takes its time, so a probe that fails is no failure by itself. It is one once the container has
//! said that it is up, at another port or for its own machine only, and has said nothing else since.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;

/// How long the log has to be quiet after the container said where it listens: a development server that
/// starts several programs names the first one's port while the next is still being built.
const QUIET: Duration = Duration::from_secs(10);
/// How long an answer such as 404 has to stay the same: some frameworks answer before they are loaded.
const STEADY: Duration = Duration::from_secs(30);
/// How long a container without a startup probe may run without answering, once everything else is ready.
const UNANSWERED: Duration = Duration::from_secs(120);

/// What a probe got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Nothing listens on that port.
    Refused(u16),
    /// An HTTP status that is none of success.
    Status(u16),
    /// A timeout, a failed command and the like.
    Other,
}

/// A probe's failures so far.
#[derive(Debug)]
pub(super) struct Probing {
    message: String,
    answer: Answer,
    /// Since when it fails in this way.
    since: Instant,
    /// When it first failed while nothing else was on its way.
    alone: Option<Instant>,
    log: Vec<String>,
    /// What follows from answer and log, and since when nothing was added to it.
    finding: Option<(Finding, Instant)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// It listens on this port for its own machine only.
    Loopback(u16),
    /// It listens on these.
    Elsewhere(Vec<u16>),
}

/// Why a container will not get ready, by its probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unready {
    /// The words for it.
    pub(super) message: String,
    /// What usually helps.
    pub(super) advice: &'static str,
    /// It is certain by now.
    pub(super) over: bool,
}

impl Probing {
    /// Begins with the message of an event `Unhealthy`.
    pub(super) fn new(message: &str, now: Instant) -> Self {
        Self {
            message: message.into(),
            answer: answer(message),
            since: now,
            alone: None,
            log: Vec::new(),
            finding: None,
        }
    }

    /// Takes the next message.
    pub(super) fn fails(&mut self, message: &str, now: Instant) {
        let answer = answer(message);
        if answer != self.answer {
            *self = Self { alone: self.alone, ..Self::new(message, now) };
        }
        self.message = message.into();
    }

    /// Takes what the container wrote last.
    pub(super) fn hear(&mut self, log: Vec<String>, now: Instant) {
        let Answer::Refused(port) = self.answer else { return };
        let finding = finding(port, &log);
        let quiet = log == self.log;
        self.finding = match (finding, self.finding.take()) {
            (Some(finding), Some((before, since))) if quiet && finding == before => Some((finding, since)),
            (finding, _) => finding.map(|finding| (finding, now)),
        };
        self.log = log;
    }

    /// Whether something else is on its way.
    pub(super) fn pending(&mut self, pending: bool, now: Instant) {
        self.alone = if pending { None } else { Some(self.alone.unwrap_or(now)) };
    }

    /// What the probe said, in a line.
    fn message(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// What can be said for certain; nothing while it is only known that a probe fails. `container` is
    /// that of the pod's spec.
    pub(super) fn verdict(&self, container: &Value, now: Instant) -> Option<Unready> {
        let said = self.message();
        let lasts = |since: Instant, time: Duration| now.duration_since(since) >= time;
        match (&self.finding, self.answer) {
            (Some((Finding::Loopback(port), since)), _) => Some(Unready {
                message: format!("{said}; its log says that it listens on port {port} of its own loopback"),
                advice: "nobody reaches what listens on 127.0.0.1 in a container: let it listen on 0.0.0.0",
                over: lasts(*since, QUIET),
            }),
            (Some((Finding::Elsewhere(ports), since)), _) => Some(Unready {
                message: format!(
                    "{said}; its log says that it listens on port {}, {}",
                    list(ports),
                    declared(container)
                ),
                advice: "name the port that it listens on in `port`, or let it listen on the one that is named",
                over: lasts(*since, QUIET),
            }),
            (None, Answer::Status(code @ 400..=499)) => Some(Unready {
                message: format!(
                    "{said} (it answers {code} where an answer of 200 would say that it is ready)"
                ),
                advice: "name a path that answers 200 in `healthPath`, or leave it out: an open port is enough then",
                over: lasts(self.since, STEADY),
            }),
            _ if container["startupProbe"].is_object() => None,
            _ => self.alone.is_some_and(|alone| lasts(alone, UNANSWERED)).then(|| Unready {
                message: format!("{said}, for {} s while everything else is ready", UNANSWERED.as_secs()),
                advice: "check path and port of its probe; a start that takes longer wants a `startupProbe`",
                over: true,
            }),
        }
    }
}

/// The ports that a container's spec names.
fn declared(container: &Value) -> String {
    let ports = container["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let port = |port: &Value| {
        let number = port["containerPort"].as_u64()?;
        Some(port["name"].as_str().map_or(number.to_string(), |name| format!("{number} ({name})")))
    };
    match ports.iter().filter_map(port).collect::<Vec<_>>().join(", ") {
        ports if ports.is_empty() => "the container's spec names none".into(),
        ports => format!("the container's spec names {ports}"),
    }
}

fn list(ports: &[u16]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Reads the kubelet's words (`pkg/probe/tcp`, `pkg/probe/http` of Kubernetes).
fn answer(message: &str) -> Answer {
    static REFUSED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"dial tcp \S*:(\d+): connect: connection refused").expect("a valid expression")
    });
    static STATUS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"failed with statuscode: (\d+)").expect("a valid expression"));
    let number = |regex: &Regex| regex.captures(message)?[1].parse::<u16>().ok();
    number(&REFUSED)
        .map(Answer::Refused)
        .or_else(|| number(&STATUS).map(Answer::Status))
        .unwrap_or(Answer::Other)
}

/// What a log says of a port that refuses.
fn finding(port: u16, log: &[String]) -> Option<Finding> {
    let said = listens(log);
    let at = |loopback: bool| said.iter().any(|(p, l)| (*p, *l) == (port, loopback));
    if at(false) || said.is_empty() {
        None
    } else if at(true) {
        Some(Finding::Loopback(port))
    } else {
        let mut ports: Vec<u16> = said.iter().map(|(port, _)| *port).collect();
        ports.sort_unstable();
        ports.dedup();
        Some(Finding::Elsewhere(ports))
    }
}

/// The ports that a log says it listens on, and whether for its own machine only.
fn listens(log: &[String]) -> Vec<(u16, bool)> {
    static ANSI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\x1b\[[0-9;]*[A-Za-z]").expect("a valid expression"));
    static UP: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(listen(s|ing)?|serving|running|started|starting|accepting|available|ready|bound|local|server)\b")
            .expect("a valid expression")
    });
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(connect(ed|ing|ion)?|refused|errors?|failed|debugger|inspector|in use|proxy(ing)?|stopp(ed|ing))\b")
            .expect("a valid expression")
    });
    static AT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:(?P<scheme>[a-z][a-z0-9+.]*)://)?(?P<host>\[[0-9a-f:.]*\]|\*|[a-z0-9][a-z0-9.-]*|):(?P<port>\d{2,5})\b|\bport[ :=]+(?P<bare>\d{2,5})\b|\b(?:listen\w*|serving|running|started|available)(?: \w+)? (?:on|at):? (?P<plain>\d{2,5})\b",
        )
        .expect("a valid expression")
    });
    let mut found = Vec::new();
    for line in log {
        let line = ANSI.replace_all(line, "");
        if !UP.is_match(&line) || NOT.is_match(&line) {
            continue;
        }
        for at in AT.captures_iter(&line) {
            let text = |name: &str| at.name(name).map_or("", |part| part.as_str());
            if !matches!(text("scheme").to_ascii_lowercase().as_str(), "" | "http" | "https" | "tcp" | "ws") {
                continue;
            }
            let host = text("host").to_ascii_lowercase();
            // The end of a time: `10:15:30`.
            let before = at.get(0).and_then(|whole| line[..whole.start()].chars().next_back());
            if host.is_empty() && before.is_some_and(|c| c.is_ascii_digit()) {
                continue;
            }
            let loopback = host == "localhost" || host.starts_with("127.") || host == "[::1]";
            // What else stands before a colon and a number is a time or a place in a file.
            let begins = at.get(0).map_or(0, |whole| whole.start());
            if line[..begins].ends_with(|before: char| before.is_alphanumeric()) {
                continue;
            }
            let everywhere =
                matches!(host.as_str(), "" | "*" | "0.0.0.0" | "[::]") || !text("scheme").is_empty();
            // `started at 10:15`, `listening on 10.0.0.1`.
            let after = at.name("plain").and_then(|plain| line[plain.end()..].chars().next());
            if after.is_some_and(|c| ":.-/".contains(c)) {
                continue;
            }
            let port = [text("port"), text("bare"), text("plain")].iter().find_map(|port| port.parse().ok());
            if let Some(port) = port
                && (loopback || everywhere)
            {
                found.push((port, loopback));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "Startup probe failed: dial tcp 10.244.0.7:8080: connect: connection refused";

    fn said(line: &str) -> Vec<(u16, bool)> {
        listens(&[line.to_owned()])
    }

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(ToOwned::to_owned).collect()
    }

    fn after(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    #[test]
    fn servers_say_where_they_listen_in_many_ways() {
        for (line, port, loopback) in [
            ("listening on port 3000", 3000, false),
            ("Listening on 3000", 3000, false),
            ("App running at: 8081", 8081, false),
            ("Listening on :8081", 8081, false),
            ("Serving HTTP on 0.0.0.0 port 8081 (http://0.0.0.0:8081/) ...", 8081, false),
            ("INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", 8000, true),
            ("  \u{1b}[32m➜\u{1b}[39m  Local:   http://localhost:\u{1b}[1m5173\u{1b}[22m/", 5173, true),
            ("[info] Running HelloWeb.Endpoint with Bandit 1.5 at 127.0.0.1:4000 (http)", 4000, true),
            ("[ NOTICE ] Server started on http://127.0.0.1:8080", 8080, true),
            ("* Listening on http://[::1]:3000", 3000, true),
            ("Tomcat started on port 8080 (http) with context path '/'", 8080, false),
            ("Now listening on: http://[::]:5000", 5000, false),
            ("   - Local:        http://localhost:3000", 3000, true),
        ] {
            assert!(said(line).contains(&(port, loopback)), "{line}: {:?}", said(line));
        }
    }

    #[test]
    fn what_is_no_place_to_listen_on_is_not_taken_for_one() {
        for line in [
            "connecting to http://api:8081",
            "Debugger listening on ws://127.0.0.1:9229/0f2c936f",
            "Error: listen EADDRINUSE: address already in use :::3000",
            "2026-11-25 10:15:30 started",
            "server started at 10:15",
            "listening on 10.0.0.1",
            "server.js:12 is ready",
            "GET http://localhost:3000/ 200",
            "database ready at postgres://db:5432/app",
        ] {
            assert_eq!(said(line), [], "{line}");
        }
    }

    #[test]
    fn another_port_counts_once_the_log_is_quiet() {
        let begun = Instant::now();
        let mut probing = Probing::new(REFUSED, begun);
        assert_eq!(probing.verdict(&Value::Null, begun), None);
        probing.hear(lines("+ npm run dev\nlistening on port 8081"), begun);
        let early = probing.verdict(&Value::Null, after(begun, 9)).unwrap();
        assert!(
            !early.over
                && early.message.ends_with(
                    "refused; its log says that it listens on port 8081, the container's spec names none"
                ),
            "{early:?}"
        );
        probing.hear(lines("+ npm run dev\nlistening on port 8081\ncompiling the rest"), after(begun, 9));
        probing.hear(lines("+ npm run dev\nlistening on port 8081\ncompiling the rest"), after(begun, 14));
        assert!(!probing.verdict(&Value::Null, after(begun, 18)).unwrap().over);
        assert!(probing.verdict(&Value::Null, after(begun, 19)).unwrap().over);
    }

    #[test]
    fn another_port_is_told_beside_those_that_the_container_names() {
        let begun = Instant::now();
        let mut probing = Probing::new(REFUSED, begun);
        probing.hear(lines("listening on port 8081"), begun);
        let spec =
            serde_json::json!({"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9090}]});
        let message = probing.verdict(&spec, begun).unwrap().message;
        assert!(message.ends_with("on port 8081, the container's spec names 8080 (http), 9090"), "{message}");
    }

    #[test]
    fn a_server_on_loopback_is_told_what_to_do() {
        let begun = Instant::now();
        let mut probing = Probing::new(REFUSED, begun);
        probing.hear(lines("Server started on http://127.0.0.1:8080"), begun);
        let unready = probing.verdict(&Value::Null, after(begun, 10)).unwrap();
        assert!(unready.over && unready.advice.contains("0.0.0.0"), "{unready:?}");
    }

    #[test]
    fn who_says_that_it_listens_where_the_probe_asks_is_believed() {
        let begun = Instant::now();
        let mut probing = Probing::new(REFUSED, begun);
        probing.hear(lines("admin listening on :9000\nlistening on :8080"), begun);
        assert_eq!(probing.verdict(&Value::Null, after(begun, 60)), None);
    }

    #[test]
    fn a_wrong_path_counts_once_it_has_been_wrong_for_a_while() {
        let begun = Instant::now();
        let mut probing = Probing::new("Startup probe failed: HTTP probe failed with statuscode: 503", begun);
        assert_eq!(probing.verdict(&Value::Null, after(begun, 60)), None);
        let missing = "Startup probe failed: HTTP probe failed with statuscode: 404";
        probing.fails(missing, after(begun, 60));
        probing.fails(missing, after(begun, 65));
        assert!(!probing.verdict(&Value::Null, after(begun, 89)).unwrap().over);
        assert!(probing.verdict(&Value::Null, after(begun, 90)).unwrap().over);
    }

    #[test]
    fn without_a_startup_probe_two_minutes_without_an_answer_are_enough() {
        let begun = Instant::now();
        let mut probing = Probing::new("Readiness probe failed: timeout", begun);
        probing.pending(true, after(begun, 100));
        probing.pending(false, after(begun, 110));
        assert_eq!(probing.verdict(&Value::Null, after(begun, 229)), None);
        assert!(probing.verdict(&Value::Null, after(begun, 230)).unwrap().over);
        let patient = serde_json::json!({"startupProbe": {}});
        assert_eq!(probing.verdict(&patient, after(begun, 900)), None);
    }
}
