//! Kubeconfig files: reading the user's, writing the environment's own.
