use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that begin with the same bits: `10.0.0.0/8`, or a single one. An IPv4 address within
/// an IPv6 one is the IPv4 address.
///
/// ```
/// use tower_conn_lint::arrival::Network;
///
/// # fn parse() -> Result<(), tower_conn_lint::arrival::NetworkError> {
/// let pods: Network = "10.0.0.0/8".parse()?;
/// assert!(pods.contains("10.1.2.3".parse().unwrap()));
/// assert!(!pods.contains("11.1.2.3".parse().unwrap()));
/// # Ok(())
/// # }
/// # parse().unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no [`Network`].
///
/// ```
/// use tower_conn_lint::arrival::Network;
///
/// let error = "10.0.0.0/33".parse::<Network>().unwrap_err();
/// assert!(error.to_string().contains("`10.0.0.0/33` is no network"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write an address, or one with a number of bits, as in `10.0.0.0/8`")]
pub struct NetworkError(String);

// === impl Network ===

impl Network {
    /// The addresses of which so many first bits are those of this one; all of its bits where
    /// there are no more.
    pub fn new(address: IpAddr, bits: u8) -> Network {
        let canonical = address.to_canonical();
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        let bits = if canonical == address { bits } else { bits.saturating_sub(96) };
        Network { address: canonical, bits: bits.min(width(canonical)) }
    }

    /// Whether an address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                (Ipv4Addr::to_bits(own) ^ Ipv4Addr::to_bits(other)) & mask == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                (Ipv6Addr::to_bits(own) ^ Ipv6Addr::to_bits(other)) & mask == 0
            }
            _ => false,
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        Network::new(address, u8::MAX)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// # Errors
    ///
    /// [`NetworkError`] where it is neither an address, nor one with as many bits as it may have.
    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let error = || NetworkError(text.escape_debug().take(64).collect());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let Some(bits) = bits else { return Ok(address.into()) };
        let is_number = bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.parse().ok().filter(|bits| is_number && *bits <= width(address));
        bits.map(|bits| Network::new(address, bits)).ok_or_else(error)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_begins_with_its_bits() {
        for (network, address, contains) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("::ffff:10.0.0.0/104", "10.0.0.1", true),
            ("::ffff:10.0.0.0/104", "11.0.0.1", false),
            ("10.1.2.3/31", "10.1.2.2", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.2", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
        ] {
            let parsed: Network = network.parse().expect("a network");
            let address = address.parse().expect("an address");
            assert_eq!(parsed.contains(address), contains, "{address} in {network}");
            let again: Network = parsed.to_string().parse().expect("as it is written");
            assert_eq!(again, parsed, "{network}");
        }
    }

    #[test]
    fn nonsense_is_an_error_that_names_it() {
        for text in ["", "/", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "::/129", "a/8"] {
            let error = text.parse::<Network>().expect_err(text);
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
        let long = "\u{202e}".repeat(10_000).parse::<Network>().expect_err("no network");
        assert!(long.to_string().len() < 200, "{long}");
    }
}
