#[cfg(all(feature = "linux", target_os = "linux"))]
use std::collections::BTreeSet;
use std::collections::HashMap;
#[cfg(all(feature = "linux", target_os = "linux"))]
use std::io;
use std::net::SocketAddr;

#[cfg(all(feature = "linux", target_os = "linux"))]
use super::sock_diag::{DumpBounds, Found, Open, dump};

/// The sockets of this network namespace towards some addresses, of whichever process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Towards {
    held: HashMap<SocketAddr, Held>,
    /// Whether all of them were counted; else there are more.
    pub(crate) is_whole: bool,
}

/// How many ports are held towards an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) time_wait: u64,
    /// With those in TIME_WAIT.
    pub(crate) sockets: u64,
}

// === impl Towards ===

impl Towards {
    pub(crate) fn of(&self, address: SocketAddr) -> Held {
        self.held.get(&canonical(address)).copied().unwrap_or_default()
    }
}

#[cfg(all(feature = "linux", target_os = "linux"))]
impl Towards {
    /// How many ports of peers are asked for by themselves; with more of them all sockets are looked at.
    const PORTS: usize = 8;

    /// # Errors
    ///
    /// Where the kernel can't be asked.
    pub(super) fn read(
        open: Open,
        addresses: &[SocketAddr],
        bounds: DumpBounds,
    ) -> io::Result<Towards> {
        let mut held: HashMap<_, _> =
            addresses.iter().map(|address| (canonical(*address), Held::default())).collect();
        let ports: BTreeSet<u16> = addresses.iter().map(SocketAddr::port).collect();
        // The kernel leaves out the others: a server's own connections are no one's here.
        let ports = if ports.len() > Towards::PORTS { BTreeSet::from([0]) } else { ports };
        let mut left = bounds;
        let mut is_whole = true;
        for port in ports {
            is_whole &= dump(open, port, &mut left, |found| {
                let Found { peer, is_time_wait } = found;
                if let Some(held) = held.get_mut(&canonical(peer)) {
                    held.time_wait += u64::from(is_time_wait);
                    held.sockets += 1;
                }
            })?;
        }
        Ok(Towards { held, is_whole })
    }
}

/// A socket of both versions has mapped addresses, and one of IPv6 may name its interface.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(all(test, feature = "linux", target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::super::sock_diag::open;
    use super::*;

    /// For a machine that is shared.
    fn enough() -> DumpBounds {
        DumpBounds { most: u32::MAX, time: std::time::Duration::from_secs(20) }
    }

    /// So many connections of ours that we closed first, and one that is open.
    fn close_first(listener: &TcpListener, times: usize) -> (TcpStream, TcpStream) {
        let address = listener.local_addr().expect("it is bound");
        let connect = || {
            let ours = TcpStream::connect(address).expect("it listens");
            (ours, listener.accept().expect("it was connected").0)
        };
        for _ in 0..times {
            let (ours, theirs) = connect();
            ours.shutdown(std::net::Shutdown::Write).expect("it is open");
            // Theirs is the later end, and ours waits.
            let mut rest = [0];
            assert_eq!(io::Read::read(&mut &theirs, &mut rest).expect("our end"), 0);
            drop(theirs);
            assert_eq!(io::Read::read(&mut &ours, &mut rest).expect("their end"), 0);
        }
        connect()
    }

    #[test]
    fn ports_are_counted_towards_each_address_and_from_both_versions_of_it() {
        for (listen, mapped) in [("127.0.0.1:0", true), ("[::1]:0", false)] {
            let Ok(listener) = TcpListener::bind(listen) else { continue };
            let other = TcpListener::bind(listen).expect("an ephemeral port");
            let (address, beside) = (listener.local_addr(), other.local_addr());
            let (address, beside) = (address.expect("it is bound"), beside.expect("it is bound"));
            let _open = close_first(&listener, 3);
            let _beside = close_first(&other, 1);
            let asked = match mapped {
                true => format!("[::ffff:127.0.0.1]:{}", address.port()).parse().expect("one"),
                false => address,
            };
            let bounds = enough();
            let towards =
                Towards::read(open, &[asked, beside], bounds).expect("the kernel answers");
            assert!(towards.is_whole, "there are few");
            let expected = Held { time_wait: 3, sockets: 4 };
            assert_eq!((towards.of(asked), towards.of(address)), (expected, expected), "{listen}");
            assert_eq!(towards.of(beside), Held { time_wait: 1, sockets: 2 }, "{listen}");
            let nobody = SocketAddr::from(([192, 0, 2, 1], 80));
            assert_eq!(towards.of(nobody), Held::default(), "nobody asked for it");
        }
    }

    #[test]
    fn what_is_too_much_is_counted_in_part_and_said_to_be_more() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an ephemeral port");
        let address = listener.local_addr().expect("it is bound");
        let _open = close_first(&listener, 20);
        let in_part = DumpBounds { most: 0, ..enough() };
        let towards = Towards::read(open, &[address], in_part).expect("the kernel answers");
        assert!(!towards.is_whole, "it stopped before the end");
        let late = DumpBounds { time: std::time::Duration::ZERO, ..enough() };
        let towards = Towards::read(open, &[address], late).expect("the kernel answers");
        assert!(!towards.is_whole, "there was no time");
    }

    /// In a namespace of its own:
    /// `unshare -n sh -c 'ip link set lo up; echo 0 > /proc/sys/net/ipv4/tcp_tw_reuse; ...'`.
    #[test]
    #[expect(clippy::print_stdout, reason = "its numbers are what it is for")]
    #[ignore = "takes a hundred thousand ports"]
    fn a_hundred_thousand_sockets_in_time_wait_take_no_more_than_they_may() {
        let listeners: Vec<_> = (1..=11)
            .map(|last| {
                TcpListener::bind(SocketAddr::from(([127, 0, 0, last], 0))).expect("a port")
            })
            .collect();
        let addresses: Vec<_> =
            listeners.iter().map(|of| of.local_addr().expect("it is bound")).collect();
        for listener in &listeners {
            _ = close_first(listener, 10_000);
        }
        for (what, bounds) in [("all", enough()), ("as by default", DumpBounds::default())] {
            let began = std::time::Instant::now();
            let towards = Towards::read(open, &addresses, bounds).expect("the kernel answers");
            let took = began.elapsed();
            let counted: u64 = addresses.iter().map(|of| towards.of(*of).time_wait).sum();
            println!("{what}: {counted} sockets in {took:?}; whole: {}", towards.is_whole);
            assert!(towards.is_whole || bounds.most < u32::MAX, "nothing stops it");
            assert!(!towards.is_whole || counted >= 100_000, "{counted} of them");
        }
    }

    #[test]
    fn many_ports_of_peers_are_asked_for_all_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an ephemeral port");
        let address = listener.local_addr().expect("it is bound");
        let _open = close_first(&listener, 2);
        let others = (1..=20).map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        let addresses: Vec<_> = others.chain([address]).collect();
        let bounds = enough();
        let towards = Towards::read(open, &addresses, bounds).expect("the kernel answers");
        assert_eq!(towards.of(address), Held { time_wait: 2, sockets: 3 });
    }
}
