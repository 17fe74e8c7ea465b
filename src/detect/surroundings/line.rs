//! A line of a shell that starts a program: what comes before its last command only prepares it.

use std::sync::LazyLock;

use regex::Regex;

static PORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:--port[ =]|\s-p |[\w.*\]]:|\s:|\$\{PORT:-|\brunserver )(\d{2,5})(?:\s|$|[\x22'}])")
        .expect("a valid pattern")
});

/// Programs that only serve.
const SERVERS: &[&str] = &[
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "waitress-serve",
    "granian",
    "puma",
    "unicorn",
    "thin",
    "rackup",
    "caddy",
    "nginx",
    "frankenphp",
    "heroku-php-apache2",
    "heroku-php-nginx",
];

/// The last command of a line: migrations, waiting for a database and their like come before it.
pub(super) fn last(line: &str) -> &str {
    let shell = ["sh -c ", "bash -c ", "bash -lc ", "/bin/sh -c ", "/bin/bash -c "];
    let inner = shell.iter().find_map(|shell| line.trim().strip_prefix(shell)).unwrap_or(line).trim();
    let unquoted = |mark: char| inner.strip_prefix(mark)?.strip_suffix(mark);
    let inner = unquoted('"').or_else(|| unquoted('\'')).unwrap_or(inner);
    let mut commands = commands(inner);
    let said = commands.iter().rposition(|command| !matches!(*command, "" | "wait")).unwrap_or(0);
    commands.swap_remove(said)
}

/// The commands that follow each other, as far as quotes let see.
fn commands(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let (mut found, mut begin, mut quote) = (Vec::new(), 0, None);
    let mut at = 0;
    while at < bytes.len() {
        let parts = match (quote, bytes[at]) {
            (Some(mark), byte) => {
                quote = (byte != mark).then_some(mark);
                0
            }
            (None, byte @ (b'"' | b'\'')) => {
                quote = Some(byte);
                0
            }
            (None, b'&') if bytes.get(at + 1) == Some(&b'&') => 2,
            (None, b';') => 1,
            (None, b'\n') if at == 0 || bytes[at - 1] != b'\\' => 1,
            (None, _) => 0,
        };
        if parts > 0 {
            found.push(line[begin..at].trim());
            begin = at + parts;
        }
        at += parts.max(1);
    }
    found.push(line[begin..].trim());
    found
}

/// The port that the program of a line is told.
pub(super) fn port(line: &str) -> Option<u16> {
    PORT.captures(last(line)).and_then(|found| found[1].parse().ok())
}

/// Whether the program of a line does nothing but serve.
pub(super) fn serves(line: &str) -> bool {
    last(line).split_whitespace().any(|word| {
        let program = word.rsplit('/').next().unwrap_or(word);
        SERVERS.contains(&program)
    })
}

/// Whether the program of a line listens where the variable `PORT` says.
pub(super) fn by_variable(line: &str) -> bool {
    let line = last(line);
    // Both read it by themselves (heroku/heroku-buildpack-php, `bin/heroku-php-apache2`).
    line.contains("$PORT") || line.contains("${PORT") || line.contains("heroku-php-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_command_is_the_program() {
        assert_eq!(last("npm run migrate && npm start"), "npm start");
        assert_eq!(last("a; b & wait"), "b & wait");
        assert_eq!(last("server --port 80 &\nwait"), "server --port 80 &");
        assert_eq!(last("sh -c \"a && exec b\""), "exec b");
        assert_eq!(last("echo 'a && b'"), "echo 'a && b'");
        assert_eq!(last("one \\\n --two"), "one \\\n --two");
        assert_eq!(last(""), "");
    }

    #[test]
    fn what_prepares_says_no_port() {
        assert_eq!(port("./wait-for-it.sh db:5432 && gunicorn app:app"), None);
        assert_eq!(port("./wait-for-it.sh db:5432 && gunicorn app:app -b 0.0.0.0:8001"), Some(8001));
        assert_eq!(port("heroku-php-apache2 -p 8080 web/"), Some(8080));
        assert!(serves("python manage.py migrate && venv/bin/gunicorn app.wsgi"));
        assert!(!serves("gunicorn --version && python job.py"));
        assert!(by_variable("flask db upgrade && gunicorn -b :$PORT app:app"));
        assert!(by_variable("vendor/bin/heroku-php-nginx public/"));
        assert!(!by_variable("echo $PORT && node server.js"));
    }
}
