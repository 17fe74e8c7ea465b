//! The rules that are data: rows of tables. Adding a framework or a driver is adding a row.

pub(super) mod driver;
pub(super) mod framework;
pub(super) mod image;
pub(super) mod secret;
pub(super) mod variable;

pub(super) use framework::Framework;
