//! The ports that are held towards upstreams: read from the kernel, told, and judged.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::shared::Shared;
use crate::connection::{Symptom, TIME_WAIT};
use crate::kernel::{Held, Ports, time_wait};
use crate::report::TARGET;
use crate::snapshot::{PortUse, UpstreamPorts};

impl Shared {
    /// Reads them now, which may take as long as the kernel is given.
    pub(crate) fn read_ports(&self) -> Option<PortUse> {
        if self.off {
            return None;
        }
        let dialled = self.connections.dialled.list();
        let addresses: Vec<_> = dialled.iter().map(|(address, _)| *address).collect();
        let towards = self.kernel.towards(&addresses)?;
        let ports = Ports::of_system();
        let mut upstreams = Vec::with_capacity(dialled.len());
        for (address, whose) in dialled {
            let held = towards.of(address);
            if let Some(ports) = ports.filter(|ports| !ports.are_taken_again(Some(address.ip()))) {
                if let Some(symptom) = Symptom::ports_held(held, ports) {
                    self.tell(&symptom, self.at_upstream(whose.client, &whose.upstream));
                }
            }
            let name = whose.upstream.name().to_string();
            upstreams.push(upstream(name, whose.client.name, address, held, ports));
        }
        let by_use = |upstream: &UpstreamPorts| (Reverse(upstream.held), upstream.address);
        upstreams.sort_by_key(by_use);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let port_use = PortUse {
            taken_at: now.as_secs_f64(),
            time_wait: time_wait(),
            ports: ports.map(|ports| ports.count),
            is_whole: towards.is_whole,
            upstreams,
        };
        self.reporter.port_use(&port_use);
        let mut last = self.port_use.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(port_use.clone());
        Some(port_use)
    }

    /// As they were last read.
    pub(super) fn last_port_use(&self) -> Option<PortUse> {
        self.port_use.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads them each so often, as long as the lint lives: on a thread, since no runtime's should wait
    /// for the kernel, and nothing of ours is called where nothing happens.
    pub(crate) fn read_ports_every(self: &Arc<Shared>, period: Duration) {
        if !cfg!(all(feature = "linux", target_os = "linux")) {
            return;
        }
        let lint = Arc::downgrade(self);
        let read = move || {
            loop {
                thread::sleep(period);
                let Some(lint) = lint.upgrade() else { return };
                lint.read_ports();
            }
        };
        let name = "conn-lint-ports".to_owned();
        if let Err(error) = thread::Builder::new().name(name).spawn(read) {
            tracing::warn!(target: TARGET, %error, "no thread reads the ports that are held");
        }
    }
}

fn upstream(
    name: String,
    client: crate::lint::Label,
    address: SocketAddr,
    held: Held,
    ports: Option<Ports>,
) -> UpstreamPorts {
    let Held { time_wait, sockets } = held;
    let used = ports.map(|ports| (sockets as f64 / f64::from(ports.count.max(1))).min(1.0));
    let runs_out = ports.filter(|ports| !ports.are_taken_again(Some(address.ip())));
    let lasts = runs_out.filter(|_| time_wait > 0).map(|ports| {
        let free = (f64::from(ports.count) - sockets as f64).max(0.0);
        free * TIME_WAIT.as_secs_f64() / time_wait as f64
    });
    UpstreamPorts { name, client, address, time_wait, held: sockets, used, lasts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Label;

    #[test]
    fn the_rest_of_the_ports_is_enough_for_as_long_as_the_last_minute_says() {
        let ports = Ports { count: 1_000, are_reused: false, are_reused_within: true };
        let (here, there) = ([127, 0, 0, 1], [192, 0, 2, 1]);
        for (address, time_wait, sockets, used, lasts) in [
            (there, 0, 0, 0.0, None),
            (there, 0, 500, 0.5, None),
            (there, 500, 500, 0.5, Some(60.0)),
            (there, 500, 750, 0.75, Some(30.0)),
            (there, 100, 100, 0.1, Some(540.0)),
            (there, 1_000, 1_000, 1.0, Some(0.0)),
            // Others, with a port of their choice, hold more than the range has.
            (there, 2_000, 3_000, 1.0, Some(0.0)),
            // Towards this host a dial takes one out of TIME_WAIT.
            (here, 500, 500, 0.5, None),
        ] {
            let (held, address) = (Held { time_wait, sockets }, SocketAddr::from((address, 80)));
            let name = || "gateway:80".to_owned();
            let told = upstream(name(), Label::new("gateway"), address, held, Some(ports));
            assert_eq!((told.used, told.lasts), (Some(used), lasts), "{held:?} to {address}");
            let told = upstream(name(), Label::new("gateway"), address, held, None);
            assert_eq!((told.used, told.lasts), (None, None), "nobody knows the range");
        }
    }
}
