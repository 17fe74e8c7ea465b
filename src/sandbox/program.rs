//! Finding the sandbox's programs: told by a variable, installed beside devbox, or built from a checkout.

use std::path::{Path, PathBuf};

use super::SandboxError;
use super::compile::{self, Build};
use crate::env::Env;
use crate::event::Sink;

/// The sandbox program's file name.
const FILE_NAME: &str = "devbox-sandbox";

/// The folder of the containers node's programs, and the one that the others are started by.
const CONTAINERS: &str = "devbox-sandbox-containers";
const CONTAINERS_PROOF: &str = "devbox-sandbox-containers/node";

const PROGRAM_BUILD: Build = Build {
    step: "sandbox/program",
    title: "sandbox program",
    duration: "5 minutes",
    cache: "sandbox",
    made: FILE_NAME,
    proof: FILE_NAME,
};

const CONTAINERS_BUILD: Build = Build {
    step: "sandbox/containers",
    title: "containers node",
    duration: "2 minutes",
    cache: "sandbox-containers",
    made: CONTAINERS,
    proof: CONTAINERS_PROOF,
};

/// Finds the sandbox program, building it once where there is a checkout of devbox and Go.
///
/// # Errors
/// Where there is none and none can be built; the error names the places and what is missing.
pub async fn find(env: &Env, sink: &dyn Sink) -> Result<PathBuf, SandboxError> {
    if let Some(told) = &env.sandbox_bin {
        let told = if told.is_absolute() { told.clone() } else { env.cwd.join(told) };
        return if is_program(&told) { Ok(told) } else { Err(SandboxError::Override(told)) };
    }
    let folders = folders_of(env.exe.as_deref());
    let looked = candidates(&folders, FILE_NAME);
    if let Some(found) = looked.iter().find(|file| is_program(file)) {
        return Ok(found.clone());
    }
    let checkout = folders.iter().find_map(|folder| compile::checkout(folder));
    match (checkout, env.find_program("go")) {
        (Some(sources), Some(_)) => compile::build(env, &PROGRAM_BUILD, &sources, sink).await,
        (checkout, _) => Err(SandboxError::NoProgram { looked, checkout }),
    }
}

/// Finds the folder of the containers node's programs in the same way, and beside the sandbox program.
///
/// # Errors
/// Where there is none and none can be built; the error names the places and what is missing.
pub async fn find_containers(env: &Env, program: &Path, sink: &dyn Sink) -> Result<PathBuf, SandboxError> {
    if let Some(told) = &env.sandbox_containers {
        let told = if told.is_absolute() { told.clone() } else { env.cwd.join(told) };
        return if is_program(&told.join("node")) {
            Ok(told)
        } else {
            Err(SandboxError::OverrideContainers(told))
        };
    }
    let folders = folders_of(env.exe.as_deref());
    let beside = program.parent().map(|folder| folder.join(CONTAINERS_PROOF));
    let looked: Vec<PathBuf> = candidates(&folders, CONTAINERS_PROOF).into_iter().chain(beside).collect();
    if let Some(folder) = looked.iter().find(|file| is_program(file)).and_then(|file| file.parent()) {
        return Ok(folder.to_path_buf());
    }
    let checkout =
        folders.iter().find_map(|folder| compile::checkout(folder)).map(|main| main.join("containers"));
    match (checkout, env.find_program("go")) {
        (Some(sources), Some(_)) => compile::build(env, &CONTAINERS_BUILD, &sources, sink).await,
        (checkout, _) => Err(SandboxError::NoContainers { looked, checkout }),
    }
}

/// The folders that devbox may be in: as it was called, and where a symlink leads.
fn folders_of(exe: Option<&Path>) -> Vec<PathBuf> {
    let Some(exe) = exe else { return Vec::new() };
    let mut folders: Vec<PathBuf> = [Some(exe.to_path_buf()), exe.canonicalize().ok()]
        .into_iter()
        .flatten()
        .filter_map(|file| file.parent().map(Path::to_path_buf))
        .collect();
    folders.dedup();
    folders
}

fn candidates(folders: &[PathBuf], file: &str) -> Vec<PathBuf> {
    let beside = |folder: &PathBuf| {
        let libexec = folder.parent().map(|prefix| prefix.join("libexec/devbox").join(file));
        [Some(folder.join(file)), libexec]
    };
    folders.iter().flat_map(beside).flatten().collect()
}

fn is_program(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    file.is_file()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::event::Silent;

    fn install(file: &Path) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[tokio::test]
    async fn an_installed_program_is_found_through_a_symlink_and_a_variable_comes_first() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let mut env = Env::under(&root);
        install(&root.join("opt/bin/devbox"));
        install(&root.join("opt/libexec/devbox/devbox-sandbox"));
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::os::unix::fs::symlink(root.join("opt/bin/devbox"), root.join("bin/devbox")).unwrap();
        env.exe = Some(root.join("bin/devbox"));
        let installed = root.join("opt/libexec/devbox/devbox-sandbox");
        assert_eq!(find(&env, &Silent).await.unwrap(), installed);

        env.sandbox_bin = Some("mine".into());
        assert!(matches!(find(&env, &Silent).await, Err(SandboxError::Override(_))));
        install(&root.join("mine"));
        assert_eq!(find(&env, &Silent).await.unwrap(), root.join("mine"));
    }

    #[tokio::test]
    async fn without_a_program_the_error_names_the_places_and_the_checkout() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let mut env = Env::under(&root);
        env.path = "".into();
        env.exe = Some(root.join("target/debug/devbox"));
        install(&root.join("target/debug/devbox"));
        let Err(SandboxError::NoProgram { looked, checkout }) = find(&env, &Silent).await else { panic!() };
        assert_eq!(looked.len(), 2);
        assert_eq!(checkout, None);

        std::fs::create_dir_all(root.join("sandbox")).unwrap();
        std::fs::write(root.join("sandbox/go.mod"), "// c\nmodule devbox-sandbox\n").unwrap();
        let Err(SandboxError::NoProgram { checkout, .. }) = find(&env, &Silent).await else { panic!() };
        assert_eq!(checkout, Some(root.join("sandbox")));
    }
}
