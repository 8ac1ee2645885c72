//! IP addresses and prefixes as the `ipv4_*` and `ipv6_*` functions read them.
//!
//! Everything is held as IPv6 with a prefix of 0 to 128: the `ipv6_*` functions take IPv4 texts as IPv4-mapped addresses
//! ("IPv4 are compared as IPv6 addresses", page `ipv6_is_match()`), the `ipv4_*` functions see IPv4 texts only.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Which texts a function reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Dotted IPv4 only.
    V4,
    /// IPv6, and IPv4 as IPv4-mapped.
    V6,
}

/// An address with the number of its leading bits that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    bits: u128,
    prefix: u8,
}

impl Network {
    /// Reads `address` or `address/prefix`; `None` where the text is neither.
    pub(super) fn parse(text: &str, family: Family) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let (bits, offset) = match address.parse::<Ipv4Addr>() {
            Ok(v4) => (v4.to_ipv6_mapped().to_bits(), 96),
            Err(_) if family == Family::V6 => (address.parse::<Ipv6Addr>().ok()?.to_bits(), 0),
            Err(_) => return None,
        };
        let prefix = match prefix {
            None => 128,
            Some(digits) if (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<u8>().ok()?.checked_add(offset)?
            }
            Some(_) => return None,
        };
        (prefix <= 128).then_some(Self { bits, prefix })
    }

    /// Whether the two agree on the bits that count in both, and at most on the first `limit`.
    pub(super) fn matches(self, other: Network, limit: u8) -> bool {
        let prefix = self.prefix.min(other.prefix).min(limit);
        let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        (self.bits ^ other.bits) & mask == 0
    }

    /// Whether it is one address, without a prefix.
    pub(super) fn is_address(self) -> bool {
        self.prefix == 128
    }

    /// The number that `parse_ipv4()` gives: the address with the bits behind the prefix cleared.
    pub(super) fn to_long(self) -> i64 {
        let mask = u32::MAX.checked_shl(128 - u32::from(self.prefix.max(96))).unwrap_or(0);
        i64::from((self.bits & u128::from(mask)) as u32)
    }
}

/// The limit of `ipv4_is_match(…, prefix)` or `ipv6_is_match(…, prefix)` as a prefix of 128 bits; `None` outside the range.
pub(super) fn limit(prefix: i64, family: Family) -> Option<u8> {
    match family {
        Family::V4 => (0..=32).contains(&prefix).then_some(prefix as u8 + 96),
        Family::V6 => (0..=128).contains(&prefix).then_some(prefix as u8),
    }
}
