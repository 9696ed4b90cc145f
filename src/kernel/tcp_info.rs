//! `struct tcp_info` of Linux (include/uapi/linux/tcp.h), of which each version is the one before
//! with more at its end.

use std::time::Duration;

use super::DialLayer;
use crate::connection::AtDial;

/// Where the fields are: in microseconds, in segments, in segments since Linux 4.6, and the lower
/// half of bytes since 4.19.
const RTT: usize = 68;
const TOTAL_RETRANS: usize = 100;
const DATA_SEGS_OUT: usize = 156;
const BYTES_RETRANS: usize = if cfg!(target_endian = "little") { 208 } else { 212 };

/// What it tells; `None` where it is too short to be one.
pub(super) fn read(info: &[u8], layer: DialLayer) -> Option<AtDial> {
    let retransmitted = word(info, TOTAL_RETRANS)?;
    let rtt = word(info, RTT).filter(|rtt| *rtt > 0);
    // A SYN has no content: what is sent again without any was one.
    let sent_content = word(info, DATA_SEGS_OUT).is_none_or(|segments| segments > 0);
    let lost_content = word(info, BYTES_RETRANS).is_none_or(|bytes| bytes > 0);
    let syn_retransmitted = match retransmitted {
        _ if sent_content && layer == DialLayer::AboveTls => None,
        0 => Some(false),
        _ if sent_content && lost_content => None,
        _ => Some(true),
    };
    let rtt = rtt.map(|micros| Duration::from_micros(micros.into()));
    Some(AtDial { retransmitted, syn_retransmitted, rtt })
}

fn word(info: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(info.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `struct tcp_info` of so many bytes, with these fields.
    fn tcp_info(len: usize, fields: &[(usize, u32)]) -> Vec<u8> {
        let mut info = vec![0; len];
        for (at, value) in fields {
            if let Some(field) = info.get_mut(*at..at + 4) {
                field.copy_from_slice(&value.to_ne_bytes());
            }
        }
        info
    }

    #[test]
    fn a_retransmission_without_content_is_that_of_a_syn() {
        for (what, len, again, segments, bytes, syn) in [
            ("none", 248, 0, 0, 0, Some(false)),
            ("none, after TLS", 248, 0, 3, 0, Some(false)),
            ("before any content", 248, 2, 0, 0, Some(true)),
            ("after TLS, and none of its bytes", 248, 2, 3, 0, Some(true)),
            ("after TLS, and some of its bytes", 248, 2, 3, 517, None),
            ("none, on an old kernel", 104, 0, 3, 0, Some(false)),
            ("before Linux 4.6", 104, 1, 0, 0, None),
            ("before Linux 4.19, without content", 192, 1, 0, 0, Some(true)),
            ("before Linux 4.19, after TLS", 192, 1, 3, 0, None),
        ] {
            let fields =
                [(TOTAL_RETRANS, again), (DATA_SEGS_OUT, segments), (BYTES_RETRANS, bytes)];
            let info = tcp_info(len, &fields);
            let at_dial = read(&info, DialLayer::Connector).expect("it is long enough");
            assert_eq!(at_dial.retransmitted, again, "{what}");
            assert_eq!(at_dial.syn_retransmitted, syn, "{what}");
            assert_eq!(at_dial.rtt, None, "{what}: nothing was measured");

            let at_dial = read(&info, DialLayer::AboveTls).expect("it is long enough");
            let syn = syn.filter(|_| len >= 192 && segments == 0);
            assert_eq!(at_dial.retransmitted, again, "{what}, above TLS");
            assert_eq!(at_dial.syn_retransmitted, syn, "{what}, above TLS");
        }
        let at_dial = read(&tcp_info(104, &[(RTT, 1_500)]), DialLayer::Connector);
        let rtt = at_dial.and_then(|at_dial| at_dial.rtt);
        assert_eq!(rtt, Some(Duration::from_micros(1_500)), "in microseconds");
    }

    #[test]
    fn what_is_too_short_tells_nothing() {
        for len in 0..104 {
            assert_eq!(read(&vec![0xff; len], DialLayer::Connector), None, "{len} bytes");
        }
        for len in 104..=400 {
            assert!(read(&vec![0xff; len], DialLayer::Connector).is_some(), "{len} bytes");
        }
    }
}
