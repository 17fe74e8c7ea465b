//! Runs tests as Rust's own harness does, and decides at run time which are ignored: that depends on
//! this machine, and the reason is printed beside the test.

use std::panic::catch_unwind;
use std::process::{Command, ExitCode};
use std::time::Instant;

use devbox::env::Env;

use crate::machine;

/// What a test takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A machine that can run containers.
    Node,
    /// Images too, and a git server.
    Images,
    /// Images that take long to make: those of the whole catalogue.
    Catalogue,
}

/// Whether the whole catalogue is asked for.
pub(crate) fn whole_catalogue() -> bool {
    std::env::var_os("DEVBOX_K8S_TEST_CATALOGUE").is_some_and(|value| value == "all")
}

/// One test.
pub(crate) struct Test {
    name: &'static str,
    needs: Needs,
    run: fn(),
}

impl Test {
    pub(crate) const fn new(name: &'static str, needs: Needs, run: fn()) -> Self {
        Self { name, needs, run }
    }
}

/// What the command line asks for, of what cargo and its friends pass on.
struct Wanted {
    filters: Vec<String>,
    exact: bool,
    list: bool,
    ignored: bool,
}

impl Wanted {
    fn read() -> Self {
        let mut wanted = Self { filters: Vec::new(), exact: false, list: false, ignored: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--exact" => wanted.exact = true,
                "--list" => wanted.list = true,
                "--ignored" => wanted.ignored = true,
                "--format" | "--test-threads" | "--color" | "--skip" => drop(arguments.next()),
                flag if flag.starts_with('-') => {}
                _ => wanted.filters.push(argument),
            }
        }
        wanted
    }

    fn has(&self, test: &Test) -> bool {
        let fits =
            |filter: &String| if self.exact { test.name == filter } else { test.name.contains(filter) };
        self.filters.is_empty() || self.filters.iter().any(fits)
    }
}

/// Runs what the command line asks for.
pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let wanted = Wanted::read();
    let chosen: Vec<&Test> = tests.iter().filter(|test| wanted.has(test)).collect();
    if wanted.list {
        // No test is ignored as such: whether it is depends on the machine.
        chosen.iter().filter(|_| !wanted.ignored).for_each(|test| println!("{}: test", test.name));
        return ExitCode::SUCCESS;
    }
    let required = std::env::var_os("DEVBOX_K8S_TEST_NODE").is_some_and(|value| value == "required");
    let lacking = lacking();
    println!("\nrunning {} tests", chosen.len());
    let (mut passed, mut ignored, mut failed) = (0, 0, Vec::new());
    for test in chosen {
        if test.needs == Needs::Catalogue && !whole_catalogue() {
            ignored += 1;
            println!("test {} ... ignored, it takes long: DEVBOX_K8S_TEST_CATALOGUE=all runs it", test.name);
            continue;
        }
        let missing: Vec<&str> = lacking
            .iter()
            .filter(|(needs, _)| *needs == Needs::Node || test.needs != Needs::Node)
            .map(|(_, what)| what.as_str())
            .collect();
        if !missing.is_empty() && !required {
            ignored += 1;
            println!("test {} ... ignored, this machine lacks {}", test.name, missing.join("; "));
            continue;
        }
        let begun = Instant::now();
        // What a test prints shows which it is of.
        println!("test {} ...", test.name);
        let result = if missing.is_empty() {
            catch_unwind(test.run)
        } else {
            catch_unwind(|| panic!("this machine lacks {}", missing.join("; ")))
        };
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        println!("test {} ... {word} ({:.1} s)", test.name, begun.elapsed().as_secs_f32());
        if result.is_ok() { passed += 1 } else { failed.push(test.name) }
    }
    machine::stop();
    for name in &failed {
        println!("failed: {name}");
    }
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {} failed; {ignored} ignored\n", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What this machine lacks, and for which tests.
fn lacking() -> Vec<(Needs, String)> {
    let env = Env::from_process().unwrap();
    let mut lacking: Vec<(Needs, String)> = devbox::sandbox::missing(&env)
        .into_iter()
        .map(|missing| (Needs::Node, format!("{} ({})", missing.what, missing.remedy)))
        .collect();
    for (program, package) in
        [("mmdebstrap", "mmdebstrap"), ("git", "git"), ("bash", "bash"), ("go", "golang-go")]
    {
        if env.find_system_program(program).is_none() {
            lacking.push((Needs::Images, format!("`{program}` (`apt-get install {package}`)")));
        }
    }
    if env.find_system_program("git").is_some() && !has_http_backend() {
        lacking.push((Needs::Images, "`git http-backend` (it comes with git's server parts)".into()));
    }
    lacking
}

fn has_http_backend() -> bool {
    let output = Command::new("git").arg("--exec-path").output();
    let folder = output.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    std::path::Path::new(folder.trim()).join("git-http-backend").exists()
}
