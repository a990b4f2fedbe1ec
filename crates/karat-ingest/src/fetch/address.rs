//! Which addresses a URL may lead to: the public Internet, and what the organisation names. Whoever may write a catalog file could
//! otherwise make the portal ask hosts for him that only the portal reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the public Internet: no loopback, private, link-local (cloud metadata), shared, reserved or
/// multicast one, and none that carries such a one within. Sources: IANA's registries of special-purpose addresses.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

fn v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b) {
        (0 | 10 | 127 | 224.., _) | (169, 254) | (172, 16..=31) | (192, 168) | (100, 64..=127) | (198, 18 | 19) => true,
        (192, 0) => matches!(c, 0 | 2),
        (192, 88) => c == 99,
        (198, 51) => c == 100,
        (203, 0) => c == 113,
        _ => false,
    };
    !is_special
}

/// Only global unicast, `2000::/3`, of which some is no host's: that leaves out the mapped (`::ffff:0:0/96`), translated
/// (`64:ff9b::/96`), unique local, link-local and multicast ones.
fn v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Teredo, ORCHID, benchmarks, documentation, and 6to4, which carries an IPv4 address.
        [0x2001, ..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, ..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The hosts that the organisation names: `host`, or `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed(Vec<String>);

impl Allowed {
    pub(crate) fn new(hosts: &[String]) -> Self {
        Self(hosts.iter().map(|host| host.trim().to_lowercase()).filter(|host| !host.is_empty()).collect())
    }

    /// Whether a host of a URL, with its port, is named. IPv6 addresses are in brackets, as in URLs.
    pub(crate) fn names(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        let exact = format!("{host}:{port}");
        self.0.iter().any(|known| *known == host || *known == exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let public = ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "193.0.0.1", "2606:4700::1111", "2a00:1450::1"];
        let not = [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in not {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn hosts_are_named_with_or_without_a_port() {
        let allowed = Allowed::new(&["Git.Example ".to_owned(), "127.0.0.1:8080".to_owned(), String::new()]);
        assert!(allowed.names("git.example", 443) && allowed.names("GIT.example.", 80));
        assert!(allowed.names("127.0.0.1", 8080) && !allowed.names("127.0.0.1", 80));
        assert!(!allowed.names("agit.example", 443) && !allowed.names("", 443));
    }
}
