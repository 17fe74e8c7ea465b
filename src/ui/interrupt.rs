//! Ctrl-C while a question is open, without a gap in which it could get lost.
//!
//! The terminal library reads each key in raw mode and puts the terminal back in between. A Ctrl-C in
//! between would become a signal that wakes nobody: the program waits for a key. So for as long as a
//! question is open the terminal makes no signals and no echo of its own, every key waits to be read,
//! and a signal that came before that is noticed at the start of the question.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static CAUGHT: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Notes SIGINT from now on instead of ending the process by it. Whoever calls this sees to it that
/// the program ends: commands wait for the signal beside their work, prompts look for it here.
///
/// # Errors
/// Where the operating system refuses a signal handler.
pub fn watch() -> std::io::Result<()> {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&CAUGHT)).map(drop)
}

/// Whether SIGINT has come since [`watch`].
pub fn caught() -> bool {
    CAUGHT.load(Ordering::SeqCst)
}

/// The terminal while a question is open; put back when dropped.
pub(super) struct Quiet {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl Quiet {
    /// Takes signals, line editing and echo away from the terminal.
    pub(super) fn begin() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let input = std::io::stdin();
        let before = tcgetattr(&input).ok();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ISIG | LocalModes::ICANON | LocalModes::ECHO);
            let _ = tcsetattr(&input, OptionalActions::Now, &quiet);
        }
        Self { before }
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(before) = &self.before {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, before);
        }
    }
}

#[cfg(not(unix))]
impl Quiet {
    /// A console of Windows delivers Ctrl-C as a key while it is read.
    pub(super) fn begin() -> Self {
        Self {}
    }
}
