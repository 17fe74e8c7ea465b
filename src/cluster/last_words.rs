//! The last lines of a container's log.

use std::time::Duration;

use super::connect::Cluster;
use super::request::Call;
use crate::event::Silent;

/// Log lines that are shown of a container that failed.
pub(super) const SHOWN: usize = 10;
/// Bytes that are read for each line, on average, and how long their reading may take.
const BYTES: usize = 800;
const WITHIN: Duration = Duration::from_millis(1000);

/// Which run's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// The one before the present one; the present one where there is none.
    Before,
    /// The present one.
    Present,
}

impl Cluster {
    /// The last lines that a container wrote; none where they cannot be read in time.
    pub(super) async fn last_words(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        run: Run,
        lines: usize,
    ) -> Vec<String> {
        let tries: &[&str] = if run == Run::Before { &["true", "false"] } else { &["false"] };
        let read = async {
            for previous in tries {
                let path = format!(
                    "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&previous={previous}&tailLines={lines}&limitBytes={}",
                    lines * BYTES
                );
                if let Ok(reply) =
                    self.call(&Call::text(format!("read the log of {pod}"), path), &Silent).await
                    && let Some(text) = reply.body.as_str().filter(|text| !text.trim().is_empty())
                {
                    return text.lines().map(|line| line.trim_end().to_owned()).collect();
                }
            }
            Vec::new()
        };
        tokio::time::timeout(WITHIN, read).await.unwrap_or_default()
    }
}
