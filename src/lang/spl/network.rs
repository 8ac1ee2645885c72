//! IP addresses and networks in CIDR notation, as `search` and `cidrmatch()` read them ("supports IPv4 and IPv6 addresses
//! and subnets that use CIDR notation", page "search").

use std::net::IpAddr;

/// A network: the addresses of one family that agree on the first bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `address/prefix`; `None` where the text is no network.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let digits = (1..=3).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|prefix| digits && *prefix <= width(address))?;
        Some(Self { address, prefix })
    }

    /// Whether the text is an address of this network.
    pub(super) fn contains(&self, text: &str) -> bool {
        let bits = |address| match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        text.parse::<IpAddr>().is_ok_and(|other| {
            let rest = width(self.address) - self.prefix;
            let differ = bits(self.address) ^ bits(other);
            width(other) == width(self.address) && differ.checked_shr(rest).unwrap_or(0) == 0
        })
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}
