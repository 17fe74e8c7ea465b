//! Templates to Kubernetes objects. Pure: no file, network, environment or clock.

mod manifest;

pub use manifest::{GENERATE, KEEP, Manifest, ObjectKey, RETAIN};
