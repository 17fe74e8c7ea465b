//! What keeps rows that are measured at once apart: each lane has a namespace, and an address of the loopback
//! network that its relay connects from, by which the API server's audit log tells whose a request is.

use std::net::Ipv4Addr;

pub(crate) struct Lane {
    pub(crate) namespace: String,
    pub(crate) address: Ipv4Addr,
}

impl Lane {
    /// The lanes of one run; `127.0.0.1` is nobody's, for that is where preparations come from.
    pub(crate) fn all(count: u8) -> impl Iterator<Item = Self> {
        (1..=count).map(|number| Self {
            namespace: format!("bench-{number}"),
            address: Ipv4Addr::new(127, 0, 1, number),
        })
    }
}
