//! Presets: the catalogue, inheritance and parameter types.
