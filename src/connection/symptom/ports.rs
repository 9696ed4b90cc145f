use std::net::IpAddr;
use std::time::Duration;

use super::{Symptom, count, short};
use crate::connection::Closer;
use crate::connection::window::Sums;
use crate::kernel::{Held, Ports};
use crate::lint;

/// How long Linux keeps a port in TIME_WAIT.
pub(crate) const TIME_WAIT: Duration = Duration::from_secs(60);

impl Symptom {
    /// Whether the closes of our own in a window hold half of the ports towards an upstream, or
    /// more. A window shorter than TIME_WAIT has seen no more than a part of them: that many are
    /// held at least.
    pub(crate) fn ports_ahead(
        sums: &Sums,
        window: Duration,
        peer: Option<IpAddr>,
        ports: Ports,
    ) -> Option<Symptom> {
        if ports.are_taken_again(peer) {
            return None;
        }
        let closed = sums.closers[Closer::Local as usize];
        let share = TIME_WAIT.as_secs_f64() / window.max(TIME_WAIT).as_secs_f64();
        let held = f64::from(closed) * share;
        let all = f64::from(ports.count);
        if held * 2.0 < all {
            return None;
        }
        let closes = count(closed, "connection");
        let seen = format!(
            "{closes} closed here in {}; there are {} ports for dials, each held for 60 s",
            short(window),
            ports.count
        );
        let free = (all - held).max(0.0);
        let seconds = free / (held / TIME_WAIT.as_secs_f64());
        Some(ahead(&seen, "this", seconds))
    }

    /// Whether half of the ports towards an address are held, or more, as the kernel tells.
    pub(crate) fn ports_held(held: Held, ports: Ports) -> Option<Symptom> {
        let Held { time_wait, sockets } = held;
        let all = u64::from(ports.count);
        // What is open is used, and no close of anybody's.
        if sockets * 2 < all || time_wait * 2 < sockets {
            return None;
        }
        let seen = format!(
            "{sockets} of {all} ports for dials are held, {time_wait} of them in TIME_WAIT, as the \
             kernel tells"
        );
        let free = all.saturating_sub(sockets) as f64;
        let seconds = free * TIME_WAIT.as_secs_f64() / time_wait.max(1) as f64;
        Some(ahead(&seen, "the last minute's", seconds))
    }

    /// A dial found no free port.
    pub(crate) fn ports_ran_out(ports: Option<Ports>, time_wait: Option<u64>) -> Symptom {
        let of = ports.map_or_else(String::new, |ports| format!(" of {}", ports.count));
        let mut seen =
            format!("a dial failed, since no local port{of} was free towards the upstream");
        if let Some(time_wait) = time_wait {
            seen += &format!("; {} of this host in TIME_WAIT", count(time_wait, "socket"));
        }
        Symptom::new(lint::PORT_EXHAUSTION_AHEAD, true, seen)
    }
}

/// With how long the other ports are enough, at whose rate.
fn ahead(seen: &str, whose: &str, seconds: f64) -> Symptom {
    let rest = match seconds {
        1.0.. => format!("at {whose} rate the rest is enough for {seconds:.0} s"),
        _ => "none is left".to_owned(),
    };
    Symptom::new(lint::PORT_EXHAUSTION_AHEAD, true, format!("{seen}: {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { count: 1_000, are_reused: false, are_reused_within: false };

    fn closed_here(times: u32) -> Sums {
        let mut sums = Sums::default();
        sums.closers[Closer::Local as usize] = times;
        sums.closers[Closer::Peer as usize] = 100_000;
        sums
    }

    #[test]
    fn half_of_the_ports_is_too_many_of_them() {
        let minute = Duration::from_secs(60);
        for (what, closed, window, fires) in [
            ("none", 0, minute, false),
            ("fewer than half", 499, minute, false),
            ("half", 500, minute, true),
            ("all, and more", 5_000, minute, true),
            ("half, in ten minutes", 500, minute * 10, false),
            ("half of each minute", 5_000, minute * 10, true),
            ("half, in six seconds", 500, minute / 10, true),
            ("a tenth, in six seconds", 100, minute / 10, false),
        ] {
            let found = Symptom::ports_ahead(&closed_here(closed), window, None, PORTS);
            assert_eq!(found.is_some(), fires, "{what}: {found:?}");
        }
        let seen = |closed| {
            let found = Symptom::ports_ahead(&closed_here(closed), minute, None, PORTS);
            found.expect("too many").seen
        };
        assert_eq!(
            seen(750),
            "750 connections closed here in 1 min; there are 1000 ports for dials, each held for \
             60 s: at this rate the rest is enough for 20 s"
        );
        assert!(seen(1_000).ends_with(": none is left"), "{}", seen(1_000));
    }

    #[test]
    fn ports_that_a_dial_may_take_again_do_not_run_out() {
        let minute = Duration::from_secs(60);
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 1]));
        let mapped = "::ffff:127.0.0.1".parse().expect("an address");
        for (are_reused, are_reused_within, peer, fires) in [
            (false, true, Some(here), false),
            (false, true, Some(mapped), false),
            (false, true, Some(there), true),
            (false, true, None, true),
            (false, false, Some(here), true),
            (true, true, Some(there), false),
        ] {
            let ports = Ports { are_reused, are_reused_within, ..PORTS };
            let found = Symptom::ports_ahead(&closed_here(900), minute, peer, ports);
            assert_eq!(found.is_some(), fires, "{peer:?}, {ports:?}");
        }
    }

    #[test]
    fn held_ports_fire_where_closes_hold_half_of_them() {
        for (time_wait, sockets, fires) in [
            (0, 0, false),
            (499, 499, false),
            (500, 500, true),
            (499, 500, true),
            (400, 900, false),
            (0, 1_000, false),
            (1_000, 1_000, true),
        ] {
            let held = Held { time_wait, sockets };
            let found = Symptom::ports_held(held, PORTS);
            assert_eq!(found.is_some(), fires, "{held:?}");
        }
        let seen = |time_wait, sockets| {
            let found = Symptom::ports_held(Held { time_wait, sockets }, PORTS);
            found.expect("too many").seen
        };
        assert_eq!(
            seen(600, 750),
            "750 of 1000 ports for dials are held, 600 of them in TIME_WAIT, as the kernel tells: at \
             the last minute's rate the rest is enough for 25 s"
        );
        assert!(seen(1_000, 1_000).ends_with(": none is left"));
    }

    #[test]
    fn a_dial_without_a_port_is_explained_by_what_is_known() {
        let seen = |ports, time_wait| Symptom::ports_ran_out(ports, time_wait).seen;
        assert_eq!(
            seen(Some(PORTS), Some(1)),
            "a dial failed, since no local port of 1000 was free towards the upstream; 1 socket of \
             this host in TIME_WAIT"
        );
        assert_eq!(
            seen(None, None),
            "a dial failed, since no local port was free towards the upstream"
        );
    }
}
