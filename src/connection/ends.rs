use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// The two ends of a connection, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: Option<SocketAddr>,
    /// It is a Unix socket, whose ends have no such address.
    pub(crate) unix: bool,
}

/// The same, as each record keeps them: in a third of the bytes where both are of IPv4, which a
/// socket of both versions writes as IPv6.
#[derive(Debug)]
pub(crate) enum Ends {
    V4 { local: Option<SocketAddrV4>, peer: Option<SocketAddrV4>, mapped: bool },
    Unix,
    Others(Box<Addresses>),
}

// === impl Ends ===

impl Ends {
    /// As they came.
    pub(crate) fn addresses(&self) -> Addresses {
        match self {
            Ends::V4 { local, peer, mapped } => {
                let whole = |short: &SocketAddrV4| match mapped {
                    true => mapped_to_v6(*short).into(),
                    false => SocketAddr::V4(*short),
                };
                let (local, peer) = (local.as_ref().map(whole), peer.as_ref().map(whole));
                Addresses { local, peer, unix: false }
            }
            Ends::Unix => Addresses { unix: true, ..Addresses::default() },
            Ends::Others(addresses) => **addresses,
        }
    }
}

impl From<Addresses> for Ends {
    fn from(addresses: Addresses) -> Ends {
        let Addresses { local, peer, unix } = addresses;
        if unix && local.is_none() && peer.is_none() {
            return Ends::Unix;
        }
        let is_mapped = |address: SocketAddr| address.is_ipv6();
        let ends = Ends::V4 {
            local: local.and_then(short),
            peer: peer.and_then(short),
            mapped: local.or(peer).is_some_and(is_mapped),
        };
        // What is not told back as it came is kept whole.
        if ends.addresses() == addresses { ends } else { Ends::Others(Box::new(addresses)) }
    }
}

fn short(address: SocketAddr) -> Option<SocketAddrV4> {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => Some(SocketAddrV4::new(ip, address.port())),
        IpAddr::V6(_) => None,
    }
}

fn mapped_to_v6(short: SocketAddrV4) -> SocketAddrV6 {
    SocketAddrV6::new(short.ip().to_ipv6_mapped(), short.port(), 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_came() {
        let address = |text: &str| Some(text.parse().expect("it is an address"));
        let scoped = SocketAddrV6::new("fe80::1".parse().expect("an address"), 80, 7, 3);
        let mapped = SocketAddrV6::new("::ffff:192.0.2.1".parse().expect("an address"), 80, 0, 3);
        for (local, peer, unix, is_short) in [
            (None, None, false, true),
            (None, None, true, true),
            (address("192.0.2.1:80"), address("198.51.100.7:40001"), false, true),
            (None, address("198.51.100.7:40001"), false, true),
            (address("192.0.2.1:80"), None, false, true),
            (address("[::ffff:192.0.2.1]:80"), address("[::ffff:198.51.100.7]:1"), false, true),
            (None, address("[::ffff:198.51.100.7]:1"), false, true),
            (address("192.0.2.1:80"), address("[::ffff:198.51.100.7]:1"), false, false),
            (address("[2001:db8::1]:80"), address("[2001:db8::2]:40001"), false, false),
            (Some(scoped.into()), address("192.0.2.1:80"), false, false),
            (Some(mapped.into()), None, false, false),
            (address("192.0.2.1:80"), None, true, false),
        ] {
            let addresses = Addresses { local, peer, unix };
            let ends = Ends::from(addresses);
            assert_eq!(ends.addresses(), addresses);
            assert_eq!(!matches!(ends, Ends::Others(_)), is_short, "{addresses:?}");
        }
    }

    #[test]
    fn both_ends_take_twenty_four_bytes() {
        assert_eq!(size_of::<Ends>(), 24);
    }
}
