//! What a script runs: a development server that brings a port of its own, or a file of the project.

use crate::detect::facts::ComponentKind::{self, Static, Web};

/// A program with the words that it is called by, its port and what it makes of the project.
struct Program {
    words: &'static [&'static str],
    port: u16,
    kind: ComponentKind,
}

const fn program(words: &'static [&'static str], port: u16, kind: ComponentKind) -> Program {
    Program { words, port, kind }
}

/// Programs that serve where no framework says a port; the longer call comes first.
const PROGRAMS: &[Program] = &[
    program(&["wrangler", "pages", "dev"], 8788, Web),
    program(&["wrangler", "dev"], 8787, Web),
    program(&["vercel", "dev"], 3000, Web),
    program(&["netlify", "dev"], 8888, Web),
    program(&["ntl", "dev"], 8888, Web),
    program(&["func", "start"], 7071, Web),
    program(&["func", "host", "start"], 7071, Web),
    program(&["serverless", "offline"], 3000, Web),
    program(&["sls", "offline"], 3000, Web),
    program(&["functions-framework"], 8080, Web),
    program(&["fastify", "start"], 3000, Web),
    program(&["firebase", "emulators:start"], 5001, Web),
    program(&["firebase", "serve"], 5000, Web),
    program(&["mastra", "dev"], 4111, Web),
    program(&["partykit", "dev"], 1999, Web),
    program(&["next", "dev"], 3000, Web),
    program(&["nuxt", "dev"], 3000, Web),
    program(&["nuxi", "dev"], 3000, Web),
    program(&["vinxi", "dev"], 3000, Web),
    program(&["astro", "dev"], 4321, Static),
    program(&["ng", "serve"], 4200, Static),
    program(&["react-scripts", "start"], 3000, Static),
    program(&["react-app-rewired", "start"], 3000, Static),
    program(&["craco", "start"], 3000, Static),
    program(&["vue-cli-service", "serve"], 8080, Static),
    program(&["gatsby", "develop"], 8000, Static),
    program(&["rsbuild", "dev"], 3000, Static),
    program(&["ionic", "serve"], 8100, Static),
    program(&["parcel", "build"], 0, Static),
    program(&["parcel", "watch"], 0, Static),
    program(&["parcel"], 1234, Static),
    program(&["vite", "build"], 0, Static),
    program(&["vite", "preview"], 4173, Static),
    program(&["vite"], 5173, Static),
    program(&["webpack", "serve"], 8080, Static),
    program(&["webpack-dev-server"], 8080, Static),
    program(&["polymer", "serve"], 8081, Static),
    program(&["web-dev-server"], 8000, Static),
    program(&["wds"], 8000, Static),
    program(&["es-dev-server"], 8000, Static),
    program(&["live-server"], 8080, Static),
    program(&["lite-server"], 3000, Static),
    program(&["browser-sync", "start"], 3000, Static),
    program(&["http-server"], 8080, Static),
    program(&["five-server"], 5500, Static),
    program(&["sirv"], 8080, Static),
    program(&["reload"], 8080, Static),
    program(&["brunch", "watch"], 3333, Static),
    program(&["bsb", "serve"], 3000, Static),
    program(&["storybook", "dev"], 6006, Static),
    program(&["start-storybook"], 6006, Static),
];

/// Programs that run the file that follows them.
const RUNNERS: &[&str] = &[
    "node",
    "nodemon",
    "tsx",
    "ts-node",
    "ts-node-dev",
    "ts-node-esm",
    "tsnd",
    "babel-node",
    "node-dev",
    "bun",
    "swc-node",
    "esr",
    "vite-node",
    "pm2-runtime",
];

/// Words before the program itself.
const WRAPPERS: &[&str] = &[
    "cross-env",
    "cross-env-shell",
    "env",
    "npx",
    "bunx",
    "dotenv",
    "dotenvx",
    "exec",
    "dlx",
    "run",
    "--",
    "-e",
    "-c",
    "-y",
    "--yes",
    "--bun",
    "sudo",
    "pnpm",
    "yarn",
    "concurrently",
];

/// The programs of a script, each with its words, wrappers and assignments left out.
fn calls(script: &str) -> impl Iterator<Item = Vec<&str>> {
    script.split(['&', '|', ';']).filter_map(|call| {
        let words = call.split_whitespace().map(|word| word.trim_matches(['"', '\'', '\\']));
        let words: Vec<&str> = words
            .filter(|word| !word.is_empty())
            .skip_while(|word| WRAPPERS.contains(word) || assignment(word) || word.starts_with(".env"))
            .collect();
        (!words.is_empty()).then_some(words)
    })
}

fn assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The port and kind that a script's program has by itself.
pub(super) fn served(script: &str) -> Option<(u16, ComponentKind)> {
    calls(script).find_map(|words| {
        let first = words[0].rsplit('/').next().unwrap_or_default();
        let row = PROGRAMS.iter().find(|row| {
            row.words[0] == first
                && row.words.len() <= words.len()
                && row.words[1..].iter().zip(&words[1..]).all(|(a, b)| a == b)
        })?;
        (row.port > 0).then_some((row.port, row.kind))
    })
}

/// Whether a script is one of development: a server that serves sources, or a program that watches them.
pub(super) fn develops(script: &str) -> bool {
    const WATCHERS: &[&str] = &["nodemon", "ts-node-dev", "tsnd", "node-dev", "--watch", "--hot", "watch"];
    let watches = |words: Vec<&str>| words.iter().any(|word| WATCHERS.contains(word));
    served(script).is_some() || calls(script).any(watches)
}

/// The files that a script's programs run.
pub(super) fn files(script: &str) -> impl Iterator<Item = &str> {
    calls(script).filter_map(|words| {
        let first = words[0].rsplit('/').next().unwrap_or_default();
        if !RUNNERS.contains(&first) {
            return None;
        }
        let mut rest = words[1..].iter().copied();
        rest.find(|word| {
            !word.starts_with('-') && (word.contains(['.', '/']) || *word == "server" || *word == "index")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_brings_its_port() {
        assert_eq!(served("wrangler dev src/index.ts"), Some((8787, Web)));
        assert_eq!(served("npx wrangler pages dev ./public"), Some((8788, Web)));
        assert_eq!(served("NODE_ENV=development vite --host"), Some((5173, Static)));
        assert_eq!(served("tsc && vite build"), None);
        assert_eq!(served("node server.js"), None);
    }

    #[test]
    fn a_runner_runs_a_file() {
        let all = |script| files(script).collect::<Vec<_>>();
        assert_eq!(all("cross-env NODE_ENV=production node ./server.js"), ["./server.js"]);
        assert_eq!(all("nodemon --watch src src/index.js"), ["src/index.js"]);
        assert_eq!(all("tsc && node dist/main.js"), ["dist/main.js"]);
        assert!(all("next dev").is_empty());
    }
}
