use http::Method;

use super::window::RouteSlot;

/// Where the last request on a connection went, as far as a layer told: 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Unknown,
    /// To where the policy has no lint run.
    Excluded,
    /// Inbound: to this route, with this method if it is one of the standard's.
    Route(RouteSlot, Standard),
    /// Outbound: under this entry of the policy, in 28 bits.
    Entry(u32),
}

/// A method of RFC 9110 section 9 or RFC 5789, or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standard(u8);

// From the low end: 24 bits of the slot or the entry, 4 of the method, 4 of the kind.
const METHOD: u32 = 24;
const KIND: u32 = 28;

// === impl Last ===

impl Last {
    #[inline]
    pub(super) fn bits(self) -> u32 {
        match self {
            Last::Unknown => 0,
            Last::Excluded => 1 << KIND,
            Last::Route(slot, method) => {
                2 << KIND | u32::from(method.0) << METHOD | slot.bits() as u32
            }
            Last::Entry(entry) if entry >> KIND == 0 => 3 << KIND | entry,
            Last::Entry(_) => 0,
        }
    }

    pub(super) fn from_bits(bits: u32) -> Last {
        let low = bits & ((1 << METHOD) - 1);
        match bits >> KIND {
            1 => Last::Excluded,
            2 => {
                let method = Standard((bits >> METHOD & 0b1111) as u8);
                Last::Route(RouteSlot::from_bits(low.into()), method)
            }
            3 => Last::Entry(bits & ((1 << KIND) - 1)),
            _ => Last::Unknown,
        }
    }

    pub(crate) fn route(self) -> Option<RouteSlot> {
        match self {
            Last::Route(slot, _) => Some(slot),
            _ => None,
        }
    }
}

// === impl Standard ===

impl Standard {
    const ALL: &'static [Method] = &[
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::HEAD,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];

    pub(crate) const OTHER: Standard = Standard(0);

    #[inline]
    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn method(self) -> Option<&'static Method> {
        Standard::ALL.get(usize::from(self.0).checked_sub(1)?)
    }
}

impl From<&Method> for Standard {
    fn from(method: &Method) -> Standard {
        // In the order of the table, one above its places.
        Standard(match *method {
            Method::GET => 1,
            Method::POST => 2,
            Method::PUT => 3,
            Method::DELETE => 4,
            Method::PATCH => 5,
            Method::HEAD => 6,
            Method::OPTIONS => 7,
            Method::CONNECT => 8,
            Method::TRACE => 9,
            _ => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_request_went_is_kept_whole() {
        let slots = [(0, 1), (255, 1), (255, u16::MAX)];
        let slots = slots
            .map(|(index, generation)| RouteSlot::from_bits(u64::from(generation) << 8 | index));
        let purge = Method::from_bytes(b"PURGE").expect("a method");
        for method in Standard::ALL.iter().chain([&purge]) {
            let standard = Standard::from(method);
            let expected = (*method != purge).then(|| method.clone());
            assert_eq!(standard.method(), expected.as_ref(), "{method}");
            for slot in slots {
                let last = Last::Route(slot, standard);
                assert_eq!(Last::from_bits(last.bits()), last);
                assert_eq!(last.route(), Some(slot));
            }
        }
        for last in [Last::Unknown, Last::Excluded, Last::Entry(0), Last::Entry((1 << KIND) - 1)] {
            assert_eq!(Last::from_bits(last.bits()), last);
            assert_eq!(last.route(), None);
        }
        assert_eq!(Last::from_bits(0), Last::Unknown, "as a record begins");
        assert_eq!(Last::from_bits(Last::Entry(1 << KIND).bits()), Last::Unknown, "too many");
    }
}
