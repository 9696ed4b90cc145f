use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{ADDRESS, Pair};
use crate::lint::Label;

/// The upstreams that have a name of their own in metrics. What an exporter was told once it
/// keeps, so the first ones stay, unlike in the windows, and the rest is `other`. They are no
/// [`Label`]s, so that many hosts take no label from routes.
#[derive(Debug, Default)]
pub(super) struct Upstreams(Mutex<HashMap<Arc<str>, u16>>);

/// An upstream, by its number for keys, and by its host and port.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) number: u16,
    authority: Arc<str>,
}

// === impl Upstreams ===

impl Upstreams {
    const BOUND: u16 = 256;

    pub(super) fn find(&self, authority: &Arc<str>) -> Upstream {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = known.get(authority).copied().or_else(|| {
            let next = u16::try_from(known.len()).ok().filter(|next| *next < Upstreams::BOUND)?;
            known.insert(authority.clone(), next);
            Some(next)
        });
        match number {
            Some(number) => Upstream { number, authority: authority.clone() },
            None => self.other(),
        }
    }

    /// All that have no name of their own.
    pub(super) fn other(&self) -> Upstream {
        Upstream { number: Upstreams::BOUND, authority: Label::OTHER.as_str().into() }
    }
}

// === impl Upstream ===

impl Upstream {
    pub(super) fn is_other(&self) -> bool {
        self.number == Upstreams::BOUND
    }

    /// As one label.
    pub(super) fn address(&self) -> Pair {
        (ADDRESS, self.authority.clone().into())
    }

    /// As two, where the port is known.
    pub(super) fn address_and_port(&self) -> impl Iterator<Item = Pair> {
        let (host, port) = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, Some(port)),
            _ => (&*self.authority, None),
        };
        let port = port.map(|port| ("server_port", port.to_owned().into()));
        [(ADDRESS, host.to_owned().into())].into_iter().chain(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_split_at_its_port() {
        for (authority, host, port) in [
            ("gateway:80", "gateway", Some("80")),
            ("[::1]:8080", "[::1]", Some("8080")),
            ("gateway", "gateway", None),
            ("gateway:http", "gateway:http", None),
            ("", "", None),
        ] {
            let upstream = Upstreams::default().find(&authority.into());
            assert_eq!(upstream.address(), ("server_address", authority.into()));
            let host = ("server_address", host.into());
            let port = port.map(|port| ("server_port", port.into()));
            let labels: Vec<Pair> = [host].into_iter().chain(port).collect();
            assert_eq!(upstream.address_and_port().collect::<Vec<_>>(), labels, "{authority}");
        }
    }

    #[test]
    fn a_full_table_knows_its_upstreams_and_calls_the_rest_other() {
        let upstreams = Upstreams::default();
        let find = |number| upstreams.find(&format!("{number}:80").into());
        for number in 0..100_000 {
            let expected = if number < 256 { format!("{number}:80") } else { "other".to_owned() };
            assert_eq!(&*find(number).authority, expected);
        }
        let len = upstreams.0.lock().expect("no test panics with the lock").len();
        assert_eq!(len, 256, "the table is bounded");
        assert_eq!(find(0).number, 0, "what was known stays known");
    }
}
