//! What a node could leave on this machine: interfaces, mounts, packet filter rules, control groups,
//! settings of the kernel, processes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Settings of the whole kernel that a kubelet or kube-proxy would change.
const SETTINGS: [&str; 9] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/ipv4/ip_forward",
    "net/netfilter/nf_conntrack_max",
    "net/ipv4/conf/all/route_localnet",
];

/// This machine now, one line for each thing.
pub(crate) fn of(home: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir("/sys/class/net").unwrap().flatten() {
        found.insert(format!("interface {}", entry.file_name().to_string_lossy()));
    }
    for line in std::fs::read_to_string("/proc/self/mountinfo").unwrap().lines() {
        found.insert(format!("mount {line}"));
    }
    for program in ["iptables-save", "ip6tables-save"] {
        let output = Command::new(program).output().map(|output| output.stdout).unwrap_or_default();
        let rules = String::from_utf8_lossy(&output).into_owned();
        found.extend(rules.lines().filter(|line| line.starts_with("-A")).map(|rule| format!("rule {rule}")));
    }
    groups(Path::new("/sys/fs/cgroup"), &mut found);
    for setting in SETTINGS {
        if let Ok(value) = std::fs::read_to_string(Path::new("/proc/sys").join(setting)) {
            found.insert(format!("setting {setting} {}", value.trim()));
        }
    }
    for entry in std::fs::read_dir("/var/run/netns").into_iter().flatten().flatten() {
        found.insert(format!("network namespace {}", entry.file_name().to_string_lossy()));
    }
    found.extend(processes(home).into_iter().map(|(pid, line)| format!("process {pid} {line}")));
    found
}

/// Control groups are looked for by the names that a node gives them: others come and go.
fn groups(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.contains("devbox-sandbox") || name.contains("kubepods") {
            found.insert(format!("control group {}", path.display()));
        } else {
            groups(&path, found);
        }
    }
}

/// Processes whose command line or working folder is in the home folder, and their descendants'
/// programs, which do not always say so.
pub(crate) fn processes(home: &Path) -> Vec<(u32, String)> {
    let home = home.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let line =
            std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default().replace('\0', " ");
        let folder = std::fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let ours = line.contains(&home) || folder.starts_with(&home);
        let part = ["slirp4netns ", "containerd-shim-runc-v2 ", "/pause "];
        if pid != std::process::id() && (ours || part.iter().any(|part| line.starts_with(part))) {
            found.push((pid, line));
        }
    }
    found
}
