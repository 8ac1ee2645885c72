//! IP networks: IPv4 as ranges or as an expression over the four parts, IPv6 where the engine has a function.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use super::Leaves;
use super::dialect::Ipv4;
use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{Field, Network, Number};
use crate::target::plan::{Context, Plan};
use crate::target::quote::Operand;

impl Leaves<'_> {
    /// Addresses of any of the networks.
    pub(super) fn networks(
        &self,
        field: &Field,
        networks: &[Network],
        cx: &mut Context<'_>,
    ) -> Result<Plan, Diagnostic> {
        let mut four = Vec::new();
        let mut six = Vec::new();
        for network in networks {
            match network.net() {
                IpNet::V4(net) => four.push(net),
                IpNet::V6(net) => six.push(net),
            }
        }
        let text = Operand::One(self.quoter.text_of(field)?);
        let width = cx.manifest.limits.flat_terms.unwrap_or(usize::MAX).max(1);
        let mut plans: Vec<Plan> = Vec::new();
        for nets in four.chunks(width) {
            plans.push(self.ipv4(text.clone(), nets)?);
        }
        for net in six {
            if !self.dialect.ipv6 {
                return Err(Diagnostic::new(
                    codes::PREDICATE_UNSUPPORTED,
                    format!("{} cannot say whether a text is an address of `{net}`", self.quoter.target),
                )
                .help("IPv6 addresses have many spellings: convert to a target with a function for them, or compare the spellings that occur"));
            }
            plans.push(Plan::leaf("network6", [text.clone(), self.quoter.string(&net.to_string())?.into()]));
        }
        Ok(Plan::any(plans))
    }

    fn ipv4(&self, text: Operand, nets: &[Ipv4Net]) -> Result<Plan, Diagnostic> {
        match self.dialect.ipv4 {
            Ipv4::Ranges => {
                let number = |address: Ipv4Addr| self.quoter.number(Number::Int(u32::from(address).into()));
                let first = nets.iter().map(|net| number(net.network())).collect();
                let last = nets.iter().map(|net| number(net.broadcast())).collect();
                Ok(Plan::leaf("network4", [text, Operand::Many(first), Operand::Many(last)]))
            }
            Ipv4::Regex => {
                let all: Vec<String> = nets.iter().map(|net| octets(*net)).collect();
                let body = if all.len() == 1 { all.concat() } else { format!("(?:{})", all.join("|")) };
                let dialect = self.dialect.regex();
                let regex = format!("{}{body}{}", dialect.start, dialect.end);
                Ok(Plan::leaf("matches", [text, self.quoter.string(&regex)?.into()]))
            }
        }
    }
}

/// The addresses of a network in dotted form, without leading zeros, in syntax that every dialect of expressions has.
fn octets(net: Ipv4Net) -> String {
    let first = net.network().octets();
    let last = net.broadcast().octets();
    let parts: Vec<String> = first.into_iter().zip(last).map(|(first, last)| octet(first, last)).collect();
    parts.join("[.]")
}

/// The numbers from `first` to `last` in decimal.
fn octet(first: u8, last: u8) -> String {
    let (mut n, last) = (u16::from(first), u16::from(last));
    let mut out = Vec::new();
    while n <= last {
        let (hundreds, tens, ones) = (n / 100, n / 10 % 10, n % 10);
        let head = if hundreds > 0 { hundreds.to_string() } else { String::new() };
        let block = hundreds * 100;
        if hundreds > 0 && n == block && block + 99 <= last {
            out.push(format!("{head}[0-9][0-9]"));
            n = block + 100;
        } else if n >= 10 && ones == 0 && n + 9 <= last {
            let end = ((last + 1 - block) / 10 - 1).min(9);
            out.push(format!("{head}{}[0-9]", digits(tens, end)));
            n = block + (end + 1) * 10;
        } else {
            let decade = n - ones;
            let end = (last - decade).min(9);
            let tens = if n >= 10 { tens.to_string() } else { String::new() };
            out.push(format!("{head}{tens}{}", digits(ones, end)));
            n = decade + end + 1;
        }
    }
    if out.len() == 1 { out.concat() } else { format!("(?:{})", out.join("|")) }
}

fn digits(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("[{first}-{last}]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_exactly_the_numbers_of_the_range() {
        for bits in 0..=8 {
            let step = 256u16 >> bits;
            for first in (0..256).step_by(usize::from(step)) {
                let (first, last) = (first as u8, (first as u16 + step - 1) as u8);
                let regex = regex::Regex::new(&format!("^{}$", octet(first, last))).expect("an expression");
                for n in 0..400u16 {
                    let within = (u16::from(first)..=u16::from(last)).contains(&n);
                    assert_eq!(regex.is_match(&n.to_string()), within, "{n} in {first}..={last}: {regex}");
                }
                assert!(!regex.is_match("010") && !regex.is_match("") && !regex.is_match("00"));
            }
        }
    }

    #[test]
    fn a_network_reads_well() {
        let net: Ipv4Net = "172.16.0.0/12".parse().expect("a network");
        let any = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])";
        assert_eq!(octets(net), format!("172[.](?:1[6-9]|2[0-9]|3[0-1])[.]{any}[.]{any}"));
    }
}
