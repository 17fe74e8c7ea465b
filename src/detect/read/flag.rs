//! Options of a command line that say where a program listens: `--port`, with the default that its definition says.

use super::Tree;
use super::pattern::Pattern;

/// A port that an option has by default.
pub(in crate::detect) struct Flag {
    pub(in crate::detect) file: String,
    pub(in crate::detect) line: u32,
    pub(in crate::detect) port: u16,
}

static OPTIONS: [Pattern; 4] = [
    // clap: `#[arg(default_value_t = 3000)] port: u16`
    Pattern::new(
        r#"\bdefault_value(?:_t)?\s*=\s*"?(?:[^"\]\n]*:)?(\d{2,5})"?[^\]\n]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?(?:\w*_)?(?:port|addr|address|listen|bind)\w*\s*:"#,
    ),
    // flag and pflag: `Int("port", 8080, "...")`, `StringP("addr", "a", ":8080", "...")`
    Pattern::new(
        r#"\.(?:Int|Uint|Uint16|String)\w*\(\s*(?:&[\w.]+\s*,\s*)?"(?:(?:http|server|web)-?)?(?:port|addr|address|listen|bind)(?:-\w+)?"\s*,\s*(?:"\w?"\s*,\s*)?"?(?:[^"\n,]*:)?(\d{2,5})"?\s*,"#,
    ),
    // argparse and click
    Pattern::new(
        r#"(?:add_argument|\boption)\(\s*(?:['"]-\w['"]\s*,\s*)?['"]--?port['"][^)]*?\bdefault\s*=\s*['"]?(\d{2,5})\b"#,
    ),
    // commander
    Pattern::new(r#"\.option\(\s*['"](?:-\w,\s*)?--port[^'"]*['"][^)]*?,\s*['"]?(\d{2,5})['"]?\s*\)"#),
];

/// The first option of one of `files`.
pub(in crate::detect) fn default(tree: &Tree, files: &[&str]) -> Option<Flag> {
    files.iter().find_map(|file| {
        let text = tree.text(file)?;
        // Most files define no option: the scanner is saved.
        OPTIONS.iter().any(|option| option.is_match(&text)).then_some(())?;
        let code = tree.code(file)?;
        let found = OPTIONS.iter().find_map(|option| {
            let found = code.captures(option).next()?;
            Some((found[1].parse::<u16>().ok().filter(|port| *port > 0)?, found.get(1)?.start()))
        });
        let (port, at) = found?;
        Some(Flag { file: (*file).to_owned(), line: code.line(at), port })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_say_where_to_listen() {
        let port = |text: &str| {
            let found = OPTIONS.iter().find_map(|option| option.captures(text))?;
            found[1].parse::<u16>().ok()
        };
        assert_eq!(port("#[arg(short, long, default_value_t = 3000)]\n    port: u16,"), Some(3000));
        assert_eq!(port("#[clap(default_value = \"127.0.0.1:4000\")]\n pub listen_addr: String"), Some(4000));
        assert_eq!(port("#[arg(default_value_t = 30)]\n    timeout: u16,"), None);
        assert_eq!(port("flags.IntP(\"port\", \"p\", 8081, \"where\")"), Some(8081));
        assert_eq!(port("flag.StringVar(&addr, \"http-addr\", \":8080\", \"where\")"), Some(8080));
        assert_eq!(port("flag.Int(\"workers\", 8080, \"many\")"), None);
        assert_eq!(port("p.add_argument('-p', '--port', type=int, default=8088)"), Some(8088));
        assert_eq!(port("@click.option(\"--port\", default=9000)"), Some(9000));
        assert_eq!(port(".option('-p, --port <n>', 'where', 4100)"), Some(4100));
    }
}
