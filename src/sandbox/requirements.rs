//! What a containers node needs of this machine: everything that is missing, and what brings it.

use std::path::{Path, PathBuf};

use super::cgroups;
use crate::env::Env;

/// Where distributions put the CNI plugins.
const PLUGIN_FOLDERS: [&str; 4] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni", "/usr/local/lib/cni"];

/// The plugins that the node's network is made of.
const PLUGINS: [&str; 4] = ["ptp", "portmap", "host-local", "loopback"];

/// The programs, what each is for, and the Debian package that brings it.
const PROGRAMS: [(&str, &str, &str); 4] = [
    ("runc", "runs containers", "runc"),
    ("iptables", "services and masquerading, in the node's own network namespace", "iptables"),
    ("slirp4netns", "the node's way to the network", "slirp4netns"),
    ("mount", "volumes of pods", "mount"),
];

/// The control group controllers that a kubelet does not start without.
const CONTROLLERS: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// The capabilities that making the node takes, by their number in capabilities(7).
const CAPABILITIES: [(u32, &str); 3] = [(12, "CAP_NET_ADMIN"), (21, "CAP_SYS_ADMIN"), (27, "CAP_MKNOD")];

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is, and what it is for.
    pub what: String,
    /// How to get it.
    pub remedy: String,
}

/// This machine, as far as it matters here.
struct Machine {
    linux: bool,
    root: bool,
    /// The effective capabilities, as the kernel writes them.
    capabilities: u64,
    programs: Vec<(&'static str, bool)>,
    plugins: Vec<(&'static str, bool)>,
    tun: bool,
    controllers: Vec<String>,
    groups_writable: Result<(), String>,
}

/// The folder of the CNI plugins: the first that has any of them.
pub(super) fn plugin_folder() -> Option<PathBuf> {
    PLUGIN_FOLDERS.iter().map(PathBuf::from).find(|folder| folder.join(PLUGINS[0]).is_file())
}

/// Everything that a containers node needs and this machine lacks; nothing is started or changed.
pub fn missing(env: &Env) -> Vec<Missing> {
    let plugins = plugin_folder();
    let has_plugin = |name: &str| plugins.as_ref().is_some_and(|folder| folder.join(name).is_file());
    judge(&Machine {
        linux: cfg!(target_os = "linux"),
        root: is_root(),
        capabilities: capabilities(),
        programs: PROGRAMS
            .iter()
            .map(|(name, ..)| (*name, env.find_system_program(name).is_some()))
            .collect(),
        plugins: PLUGINS.iter().map(|name| (*name, has_plugin(name))).collect(),
        tun: Path::new("/dev/net/tun").exists(),
        controllers: controllers(),
        groups_writable: groups_writable(),
    })
}

fn judge(machine: &Machine) -> Vec<Missing> {
    let need = |what: String, remedy: &str| Missing { what, remedy: remedy.to_owned() };
    if !machine.linux {
        return vec![need("Linux".into(), "use `--node simulated` here")];
    }
    let mut missing = Vec::new();
    if machine.root {
        for (bit, name) in CAPABILITIES {
            if machine.capabilities & (1 << bit) == 0 {
                let what = format!("the privilege {name}, which root does not have in this container");
                missing.push(need(what, "start the container with all privileges"));
            }
        }
    } else {
        missing.push(need(
            "root, which namespaces, mounts and control groups take".into(),
            "run it with `sudo`",
        ));
    }
    for (name, found) in &machine.programs {
        let known = PROGRAMS.iter().find(|(program, ..)| program == name).filter(|_| !found);
        if let Some((name, purpose, package)) = known {
            missing.push(need(format!("`{name}`: {purpose}"), &install(package)));
        }
    }
    let lacking: Vec<String> =
        machine.plugins.iter().filter(|(_, found)| !found).map(|(name, _)| format!("`{name}`")).collect();
    if !lacking.is_empty() {
        let what = format!("the CNI plugins {}: the network of pods", lacking.join(", "));
        missing.push(need(what, &install("containernetworking-plugins")));
    }
    if !machine.tun {
        missing.push(need("`/dev/net/tun`: the node's way to the network".into(), "`modprobe tun`"));
    }
    for controller in CONTROLLERS {
        if !machine.controllers.iter().any(|found| found == controller) {
            let what = format!("the control group controller `{controller}`: limits of containers");
            missing
                .push(need(what, "enable it in the kernel's command line, or mount it at `/sys/fs/cgroup`"));
        }
    }
    if let Err(reason) = &machine.groups_writable
        && machine.root
    {
        let what = format!("control groups that can be made in `/sys/fs/cgroup` ({reason})");
        missing.push(need(what, "start the container with all privileges"));
    }
    missing
}

fn install(package: &str) -> String {
    format!("`apt-get install {package}`, or the package of that name of your system")
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

fn capabilities() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or_default()
}

fn controllers() -> Vec<String> {
    let root = Path::new("/sys/fs/cgroup");
    if let Ok(unified) = std::fs::read_to_string(root.join("cgroup.controllers")) {
        return unified.split_whitespace().map(str::to_owned).collect();
    }
    // Version 1 has a folder per controller, or a symlink to the one that it shares.
    let hierarchies = std::fs::read_dir(root).into_iter().flatten().flatten();
    let names = hierarchies.filter(|entry| entry.path().join("cgroup.procs").exists());
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn groups_writable() -> Result<(), String> {
    for folder in cgroups::folders(&format!("devbox-sandbox-check-{}", std::process::id())) {
        std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
        std::fs::remove_dir(&folder).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Machine {
        Machine {
            linux: true,
            root: true,
            capabilities: u64::MAX,
            programs: PROGRAMS.iter().map(|(name, ..)| (*name, true)).collect(),
            plugins: PLUGINS.iter().map(|name| (*name, true)).collect(),
            tun: true,
            controllers: CONTROLLERS.iter().map(|name| (*name).to_owned()).collect(),
            groups_writable: Ok(()),
        }
    }

    #[test]
    fn a_complete_machine_lacks_nothing() {
        assert_eq!(judge(&complete()), []);
    }

    #[test]
    fn everything_that_is_missing_is_named_with_what_brings_it() {
        let mut machine = complete();
        machine.root = false;
        machine.programs[0].1 = false;
        machine.programs[2].1 = false;
        machine.plugins[0].1 = false;
        machine.tun = false;
        machine.controllers.retain(|name| name != "memory");
        let told: Vec<String> = judge(&machine)
            .into_iter()
            .map(|missing| format!("{} -> {}", missing.what, missing.remedy))
            .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn root_without_privilege_is_told_which_it_lacks() {
        let mut machine = complete();
        machine.capabilities = !(1 << 21);
        machine.groups_writable = Err("Read-only file system".into());
        let told: Vec<String> = judge(&machine).into_iter().map(|missing| missing.what).collect();
        assert_eq!(
            told,
            [
                "the privilege CAP_SYS_ADMIN, which root does not have in this container",
                "control groups that can be made in `/sys/fs/cgroup` (Read-only file system)",
            ]
        );
    }

    #[test]
    fn another_system_is_told_so_and_nothing_else() {
        let machine = Machine { linux: false, root: false, ..complete() };
        assert_eq!(judge(&machine).len(), 1);
    }
}
