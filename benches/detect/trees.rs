//! The trees that are measured: copies of the tests' small repositories, filled up with sources.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A tree in a folder of its own, removed when dropped.
pub(crate) struct Tree {
    pub(crate) name: &'static str,
    folder: TempDir,
}

/// What a component of the generated monorepos is like.
struct Kind {
    /// The repository of the tests that it copies.
    fixture: &'static str,
    /// The extension of its sources.
    extension: &'static str,
    /// The text of its nth source.
    text: fn(usize) -> String,
}

const KINDS: [Kind; 5] = [
    Kind { fixture: "node-express", extension: "ts", text: typescript },
    Kind { fixture: "python-fastapi", extension: "py", text: python },
    Kind { fixture: "go-http", extension: "go", text: go },
    Kind { fixture: "java-spring-maven", extension: "java", text: java },
    Kind { fixture: "ruby-rails", extension: "rb", text: ruby },
];

impl Tree {
    /// One application as it is cloned.
    pub(crate) fn small() -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        copy(&fixture("node-express"), folder.path());
        Self { name: "small", folder }
    }

    /// 50 components of five ecosystems, 100 sources each.
    pub(crate) fn monorepo() -> Self {
        Self::components("monorepo", 100)
    }

    /// 50 components of five ecosystems, 100,000 files.
    pub(crate) fn large() -> Self {
        Self::components("large", 2000)
    }

    fn components(name: &'static str, sources: usize) -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        for component in 0..50 {
            let Kind { fixture: kind, extension, text } = KINDS[component % KINDS.len()];
            let root = folder.path().join(format!("services/{kind}-{component}"));
            copy(&fixture(kind), &root);
            for source in 0..sources {
                // Twenty to a folder, ten folders to a module, as people lay them out.
                let within = root.join(format!("src/module{}/part{}", source / 200, source / 20 % 10));
                if source % 20 == 0 {
                    fs::create_dir_all(&within).expect("a folder can be made");
                }
                fs::write(within.join(format!("unit{source}.{extension}")), text(source))
                    .expect("a file can be written");
            }
        }
        Self { name, folder }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/projects").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder of the tests can be read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// A body of ordinary code: mostly nothing that detection looks for.
fn repeat(head: String, times: usize, line: impl Fn(usize) -> String) -> String {
    (0..times).fold(head, |mut text, n| {
        let _ = writeln!(text, "{}", line(n));
        text
    })
}

fn typescript(n: usize) -> String {
    let read = if n.is_multiple_of(10) {
        format!("const level = process.env.LEVEL_{n} ?? 'info';\n")
    } else {
        String::new()
    };
    repeat(format!("// Unit {n}\nimport {{ add }} from '../unit{n}';\n{read}"), 40, |line| {
        format!(
            "export function step{line}(value: number): number {{ return add(value, {line}); /* {n} */ }}"
        )
    })
}

fn python(n: usize) -> String {
    let read = if n.is_multiple_of(10) {
        format!("LEVEL = os.getenv(\"LEVEL_{n}\", \"info\")\n")
    } else {
        String::new()
    };
    repeat(format!("\"\"\"Unit {n}.\"\"\"\nimport os\n{read}"), 40, |line| {
        format!("def step_{line}(value: int) -> int:\n    return value + {line}  # of {n}\n")
    })
}

fn go(n: usize) -> String {
    let read =
        if n.is_multiple_of(10) { format!("var level = os.Getenv(\"LEVEL_{n}\")\n") } else { String::new() };
    repeat(format!("// Unit {n}.\npackage part\n\nimport \"os\"\n\n{read}"), 40, |line| {
        format!("func step{n}x{line}(value int) int {{\n\treturn value + {line} // of {n}\n}}\n")
    })
}

fn java(n: usize) -> String {
    let read = if n.is_multiple_of(10) {
        format!("  static final String LEVEL = System.getenv(\"LEVEL_{n}\");\n")
    } else {
        String::new()
    };
    repeat(
        format!("package com.example.part;\n\n/** Unit {n}. */\nfinal class Unit{n} {{\n{read}"),
        40,
        |line| format!("  static int step{line}(int value) {{\n    return value + {line}; // of {n}\n  }}\n"),
    ) + "}\n"
}

fn ruby(n: usize) -> String {
    let read = if n.is_multiple_of(10) {
        format!("  LEVEL = ENV.fetch('LEVEL_{n}', 'info')\n")
    } else {
        String::new()
    };
    repeat(format!("# Unit {n}\nmodule Unit{n}\n{read}"), 40, |line| {
        format!("  def self.step_{line}(value)\n    value + {line} # of {n}\n  end\n")
    }) + "end\n"
}
