use std::io;
use std::net::IpAddr;
use std::sync::OnceLock;

/// What the system has of ports for dials: towards each address of an upstream as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    /// How many there are.
    pub(crate) count: u32,
    /// Whether a dial may take one out of TIME_WAIT, after a second.
    pub(crate) are_reused: bool,
    /// The same, towards this host itself.
    pub(crate) are_reused_within: bool,
}

// === impl Ports ===

impl Ports {
    /// Those of this process's namespace, read once; `None` where the system doesn't tell.
    pub(crate) fn of_system() -> Option<Ports> {
        static PORTS: OnceLock<Option<Ports>> = OnceLock::new();
        *PORTS.get_or_init(|| {
            let setting = |name: &str| read(&format!("/proc/sys/net/ipv4/{name}")).ok();
            let reuse = setting("tcp_tw_reuse").unwrap_or_default();
            Ports::parse(&setting("ip_local_port_range")?, &reuse)
        })
    }

    /// Whether a dial towards this address takes one out of TIME_WAIT: then none runs out.
    pub(crate) fn are_taken_again(self, peer: Option<IpAddr>) -> bool {
        let is_within = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        self.are_reused || is_within && self.are_reused_within
    }

    /// Reads `ip_local_port_range` and `tcp_tw_reuse` (ip-sysctl).
    fn parse(range: &str, reuse: &str) -> Option<Ports> {
        let mut bounds = range.split_ascii_whitespace().map(str::parse::<u16>);
        let (first, last) = (bounds.next()?.ok()?, bounds.next()?.ok()?);
        let count = u32::from(last).checked_sub(first.into())? + 1;
        let reuse = reuse.trim();
        Some(Ports {
            count,
            are_reused: reuse == "1",
            are_reused_within: matches!(reuse, "1" | "2"),
        })
    }
}

/// How many sockets of this namespace are in TIME_WAIT now, on either side; `None` where the system
/// doesn't tell.
pub(crate) fn time_wait() -> Option<u64> {
    count_time_wait(&read("/proc/net/sockstat").ok()?)
}

/// Reads the line `TCP: inuse 4 orphan 0 tw 17 alloc 6 mem 2`.
fn count_time_wait(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_ascii_whitespace();
    words.find(|word| *word == "tw")?;
    words.next()?.parse().ok()
}

#[cfg(all(feature = "linux", target_os = "linux"))]
fn read(path: &str) -> io::Result<String> {
    std::fs::read_to_string(path)
}

#[cfg(not(all(feature = "linux", target_os = "linux")))]
fn read(_: &str) -> io::Result<String> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_counted_with_both_of_its_ends_and_nonsense_is_unknown() {
        for (range, count) in [
            ("32768\t60999\n", Some(28_232)),
            ("40000 40009", Some(10)),
            ("1 65535", Some(65_535)),
            ("7 7", Some(1)),
            ("60999 32768", None),
            ("32768", None),
            ("", None),
            ("-1 70000", None),
        ] {
            let ports = Ports::parse(range, "0");
            assert_eq!(ports.map(|ports| ports.count), count, "{range:?}");
        }
        for (reuse, everywhere, within) in
            [("0\n", false, false), ("1\n", true, true), ("2\n", false, true), ("", false, false)]
        {
            let ports = Ports::parse("1 2", reuse).expect("a range");
            assert_eq!((ports.are_reused, ports.are_reused_within), (everywhere, within));
        }
    }

    #[test]
    fn time_wait_is_read_from_the_line_of_tcp() {
        let sockstat = "sockets: used 200\nTCP: inuse 4 orphan 0 tw 17 alloc 6 mem 2\nUDP: inuse 1";
        assert_eq!(count_time_wait(sockstat), Some(17));
        for nonsense in ["", "TCP:", "TCP: tw", "TCP: tw many", "TCP6: inuse 4 tw 3"] {
            assert_eq!(count_time_wait(nonsense), None, "{nonsense:?}");
        }
    }
}
