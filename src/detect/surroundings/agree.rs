//! Commands that detection made up say the port that everything else says: without it the program would listen
//! on its own. Commands that the repository says stay as they are.

use crate::detect::draft::{Draft, Slot};

/// A program, the port that it listens on by itself, and how it is told another.
struct Program {
    name: &'static str,
    own: u16,
    flag: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program { name: "uvicorn", own: 8000, flag: "--port " },
    Program { name: "hypercorn", own: 8000, flag: "--bind 0.0.0.0:" },
    Program { name: "gunicorn", own: 8000, flag: "--bind 0.0.0.0:" },
    Program { name: "flask", own: 5000, flag: "--port " },
    Program { name: "quart", own: 5000, flag: "--port " },
    Program { name: "litestar", own: 8000, flag: "--port " },
    Program { name: "sanic", own: 8000, flag: "--port " },
    Program { name: "chainlit", own: 8000, flag: "--port " },
];

/// PHP's own server always says where it listens.
const PHP: &str = "php -S ";

/// Adds the port to the commands.
pub(super) fn attach(draft: &mut Draft) {
    let Some(port) = draft.best_port() else { return };
    for slot in [Slot::Start, Slot::Dev] {
        let Some(command) = draft.made_up(slot) else { continue };
        if let Some(told) = told(command, port) {
            draft.tell(slot, told);
        }
    }
}

/// A command with the port in it; `None` where it has one, or needs none.
fn told(command: &str, port: u16) -> Option<String> {
    if let Some(rest) = command.strip_prefix(PHP) {
        let (address, rest) =
            rest.split_once(' ').map_or((rest, None), |(address, rest)| (address, Some(rest)));
        let (host, old) = address.rsplit_once(':')?;
        let rest = rest.map(|rest| format!(" {rest}")).unwrap_or_default();
        return (old != port.to_string()).then(|| format!("{PHP}{host}:{port}{rest}"));
    }
    let program =
        PROGRAMS.iter().find(|program| command.split_whitespace().any(|word| word == program.name))?;
    (port != program.own).then(|| format!("{command} {}{port}", program.flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_not_the_program_s_own_is_said() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told("uvicorn main:app --reload", 8080), some("uvicorn main:app --reload --port 8080"));
        assert_eq!(told("uv run uvicorn main:app", 8000), None);
        assert_eq!(told("flask --app web run", 8000), some("flask --app web run --port 8000"));
        assert_eq!(told("gunicorn app:app", 80), some("gunicorn app:app --bind 0.0.0.0:80"));
        assert_eq!(told("php -S 0.0.0.0:8000 -t public", 80), some("php -S 0.0.0.0:80 -t public"));
        assert_eq!(told("php -S 0.0.0.0:8000", 8000), None);
        assert_eq!(told("python main.py", 8000), None);
    }
}
