//! Runs a command's asynchronous part, with Ctrl-C and SIGTERM under control from its first line on.
//!
//! The handler stays installed while prompts are open, so that the terminal library's own SIGINT
//! cannot end the process with the cursor hidden.

use std::future::Future;

use tokio::runtime::Builder;

use crate::error::Failure;
use crate::ui::interrupt;

/// Runs `work` to its end, or until the person interrupts it; what `work` holds is then dropped.
///
/// # Errors
/// What `work` says, or an interruption (exit code 130).
pub(super) fn run<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let failed = |error: std::io::Error| Failure::new("cannot watch for Ctrl-C").cause(error.to_string());
    interrupt::watch().map_err(failed)?;
    // One thread carries connections while this one plans, waits for keys or writes files.
    let runtime =
        Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|error| {
            Failure::new("cannot start the asynchronous runtime").cause(error.to_string())
        })?;
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            stopped = stop_signal() => Err(stopped),
            result = work => result,
        }
    });
    // A name look-up that hangs in a helper thread must not hold the exit back.
    runtime.shutdown_background();
    result
}

#[cfg(unix)]
async fn stop_signal() -> Failure {
    use tokio::signal::unix::{SignalKind, signal};
    let handlers = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = handlers else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Failure::interrupted(),
        _ = terminate.recv() => Failure::interrupted(),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> Failure {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Failure::interrupted(),
        Err(_) => std::future::pending().await,
    }
}
