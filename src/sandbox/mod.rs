//! Runs the local control plane.
