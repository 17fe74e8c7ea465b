//! Rebuilds when a preset or template is added: `include_dir!` by itself sees changed files only.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=presets");
    println!("cargo::rerun-if-changed=templates");
}
