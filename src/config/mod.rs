//! User config, the repository's `devbox.yaml`, and state; every value keeps its origin.
