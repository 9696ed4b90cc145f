use std::fmt;

use http::{Method, Request};

use super::counted::RouteOf;
use super::placement::Placement;
use super::request::{template, without_credentials};
use crate::field::Signs;
use crate::lint::Label;
use crate::policy::Matched;

/// Where a request goes. Its route and server are looked up when something is found, so a clean
/// exchange pays for a copy of the text and not for a match.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Kept(Kept),
    Known(Known),
}

/// A host and a path, short enough to be kept without the heap; others are looked up at once.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    /// Of the host; one more than any where there is none.
    authority: u8,
    len: u8,
    text: [u8; Kept::BOUND],
}

/// What the policy and the client's layer have for a target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) matched: Matched,
    pub(crate) server: Option<Label>,
}

// === impl Target ===

impl Target {
    #[inline]
    pub(crate) fn new(
        placement: &Placement,
        method: &Method,
        authority: Option<&str>,
        path: &str,
    ) -> Target {
        match Kept::new(authority, path) {
            Some(kept) => Target::Kept(kept),
            None => Target::Known(Known::new(placement, method, authority, path)),
        }
    }

    /// Where a received request goes.
    #[inline(always)]
    pub(super) fn received<'a>(
        placement: &Placement,
        signs: Signs,
        method: &Method,
        path: impl FnOnce() -> &'a str,
    ) -> Target {
        let table = &placement.table;
        if signs.contains(Signs::PROBE) && table.probes_excluded {
            Target::matched(Matched::EXCLUDED)
        } else if signs.contains(Signs::PROBE) && table.would_exclude_probes() {
            Target::matched(table.inbound_probe(method, path()))
        } else if table.reads_inbound_paths() {
            Target::new(placement, method, None, path())
        } else {
            Target::matched(Matched::DEFAULT)
        }
    }

    /// The route that a received request counts for; none where it is excluded.
    #[cold]
    pub(super) fn route<'a, B>(
        &self,
        placement: &Placement,
        request: &'a Request<B>,
    ) -> Option<RouteOf<'a>> {
        let Known { matched, .. } = self.known(placement, request.method());
        if matched.is_excluded() {
            return None;
        }
        Some(match (placement.table.counted(matched), template(request.extensions())) {
            (Some((route, label)), _) => RouteOf::Policy(route, label),
            (None, Some(template)) => RouteOf::Router(template),
            (None, None) => RouteOf::Other,
        })
    }

    pub(crate) const fn matched(matched: Matched) -> Target {
        Target::Known(Known { matched, server: None })
    }

    /// Looks it up; placement and method are those of the request.
    pub(crate) fn known(&self, placement: &Placement, method: &Method) -> Known {
        match self {
            Target::Known(known) => *known,
            Target::Kept(kept) => {
                let (authority, path) = kept.parts();
                Known::new(placement, method, authority, path)
            }
        }
    }
}

// === impl Kept ===

impl Kept {
    /// A path with a UUID between nouns fits. With the two lengths it is 64 bytes, of which
    /// each word is copied twice on its way into the future.
    const BOUND: usize = 62;
    const NO_AUTHORITY: u8 = u8::MAX;

    #[inline]
    pub(super) fn new(authority: Option<&str>, path: &str) -> Option<Kept> {
        let host = authority.unwrap_or_default();
        let len = host.len() + path.len();
        let mut text = [0; Kept::BOUND];
        let (start, end) = text.get_mut(..len)?.split_at_mut(host.len());
        start.copy_from_slice(host.as_bytes());
        end.copy_from_slice(path.as_bytes());
        let authority = if authority.is_some() { host.len() as u8 } else { Kept::NO_AUTHORITY };
        Some(Kept { authority, len: len as u8, text })
    }

    /// A path alone.
    #[inline(always)]
    pub(super) fn path(path: &str) -> Option<Kept> {
        if path.len() > Kept::BOUND {
            return None;
        }
        let mut text = [0; Kept::BOUND];
        text[..path.len()].copy_from_slice(path.as_bytes());
        Some(Kept { authority: Kept::NO_AUTHORITY, len: path.len() as u8, text })
    }

    fn parts(&self) -> (Option<&str>, &str) {
        let text = std::str::from_utf8(&self.text[..self.len.into()]);
        let text = text.expect("two texts were copied, whole");
        match self.authority {
            Kept::NO_AUTHORITY => (None, text),
            len => {
                let (host, path) = text.split_at(len.into());
                (Some(host), path)
            }
        }
    }
}

/// What a caller sent is not for a log.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

// === impl Known ===

impl Known {
    fn new(placement: &Placement, method: &Method, authority: Option<&str>, path: &str) -> Known {
        let table = &placement.table;
        let authority = authority.map(without_credentials);
        match &placement.outlet {
            None => Known { matched: table.inbound(method, path), server: None },
            Some(outlet) => Known {
                matched: table.outbound(outlet.client.name.as_str(), method, authority, path),
                server: authority.map(|authority| outlet.server(authority)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_path_are_kept_apart() {
        let longest = "/".repeat(Kept::BOUND);
        for (authority, path) in [
            (None, "/"),
            (None, ""),
            (None, longest.as_str()),
            (Some(""), "/a"),
            (Some("api.example.com:8080"), "/v1/users/42"),
            (Some("bücher.example"), "/ä"),
        ] {
            let kept = Kept::new(authority, path).expect("it is short");
            assert_eq!(kept.parts(), (authority, path));
        }
        assert!(Kept::new(Some("a"), &longest).is_none(), "one byte too long");
        assert_eq!(size_of::<Kept>(), 64);
    }
}
