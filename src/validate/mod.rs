//! Offline checks of rendered objects. Pure.
