//! The `devbox` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    devbox::app::run()
}
