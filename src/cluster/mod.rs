//! The cluster: connection, guard, server-side apply, prune, readiness, wait.
