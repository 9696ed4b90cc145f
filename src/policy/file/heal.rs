//! The table `[heal]`: which cures are switched on, and their bounds.

use std::time::Duration;

use super::forms::{Count, SomeTime};
use super::keys::{Form, Keys, Table};
use super::{Value, Walk};
use crate::heal::{Budget, Cure, Grace, Switch};
use crate::policy::cures::SaidCures;
use crate::policy::document::Written;

#[cfg(feature = "schema")]
use serde_json::{Value as Json, json};

/// A number of bytes.
struct Bytes(u64);

/// A number of which there is at least one.
struct AtLeastOne(u32);

// === impl SaidCures ===

impl Table for SaidCures {
    const NAME: &'static str = "`[heal]`";

    fn keys(keys: &mut impl Keys<SaidCures>) {
        keys.key(
            "drain-request-body",
            "Reads the rest of a request that a handler left; what is over the budget is told by `close`",
            |said, budget| {
                said.cures.drain_request_body = budget.value;
                said.origins.insert(Cure::DrainRequestBody, budget.origin);
            },
        );
        keys.key(
            "drain-response-body",
            "Reads the rest of a response that our code dropped",
            |said, budget| {
                said.cures.drain_response_body = budget.value;
                said.origins.insert(Cure::DrainResponseBody, budget.origin);
            },
        );
        keys.key(
            "peer-closes-first",
            "Waits for the peer's end before ours is sent, so that the TIME_WAIT stays with it",
            |said, grace| {
                said.cures.peer_closes_first = grace.value;
                said.origins.insert(Cure::PeerClosesFirst, grace.origin);
            },
        );
        keys.key(
            "retire",
            "Ends an idle connection before its upstream does",
            |said, is_on: Written<bool>| {
                said.cures.retire = switched(is_on.value);
                said.origins.insert(Cure::Retire, is_on.origin);
            },
        );
        keys.key(
            "max-requests",
            "How many requests a server's connection serves",
            |said, most: Written<AtLeastOne>| {
                said.cures.max_requests = Switch::On(most.value.0);
                said.origins.insert(Cure::MaxRequests, most.origin);
            },
        );
        keys.key(
            "max-age",
            "From which age on a server's connection is told to close",
            |said, age: Written<SomeTime>| {
                said.cures.max_age = Switch::On(age.value.0);
                said.origins.insert(Cure::MaxAge, age.origin);
            },
        );
        keys.key(
            "idle-timeout",
            "For how long a server keeps a connection without a request",
            |said, timeout: Written<SomeTime>| {
                said.cures.idle_timeout = Switch::On(timeout.value.0);
                said.origins.insert(Cure::IdleTimeout, timeout.origin);
            },
        );
        keys.key(
            "announce-idle-timeout",
            "Whether responses say so: `Keep-Alive: timeout=`",
            |said, is_on: Written<bool>| said.cures.announce_idle_timeout = switched(is_on.value),
        );
        keys.key(
            "drain",
            "Over how long connections are told to close as the process drains",
            |said, spread: Written<Duration>| {
                said.cures.drain = Switch::On(spread.value);
                said.origins.insert(Cure::Drain, spread.origin);
            },
        );
    }
}

impl Form for SaidCures {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<SaidCures> {
        walk.table(value)
    }

    #[cfg(feature = "schema")]
    fn schema() -> Json {
        super::schema::table::<SaidCures>()
    }
}

fn switched(is_on: bool) -> Switch<()> {
    if is_on { Switch::On(()) } else { Switch::Off }
}

// === impl Switch ===

/// `true` has the default bounds.
impl<T: Table + Default> Form for Switch<T> {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Switch<T>> {
        if value.get_ref().is_bool() {
            return match bool::read(value, walk)? {
                true => Some(Switch::On(T::default())),
                false => Some(Switch::Off),
            };
        }
        if !value.get_ref().is_table() {
            return walk.expected(value, "true, false or a table of bounds", None);
        }
        walk.table(value).map(Switch::On)
    }

    #[cfg(feature = "schema")]
    fn schema() -> Json {
        json!({ "anyOf": [bool::schema(), super::schema::table::<T>()] })
    }
}

// === impl Budget ===

impl Table for Budget {
    const NAME: &'static str = "a budget";

    fn keys(keys: &mut impl Keys<Budget>) {
        keys.key("bytes", "Default: \"1MiB\"", |budget, bytes: Written<Bytes>| {
            budget.bytes = bytes.value.0;
        });
        keys.key("time", "Default: \"500ms\"", |budget, time| budget.time = time.value);
        keys.key("at-once", "In the process. Default: 256", |budget, most: Written<Count>| {
            budget.at_once = most.value.0 as usize;
        });
        keys.key(
            "at-once-per-peer",
            "With one address. Default: 16",
            |budget, most: Written<Count>| budget.at_once_per_peer = most.value.0 as usize,
        );
    }
}

// === impl Grace ===

impl Table for Grace {
    const NAME: &'static str = "a grace";

    fn keys(keys: &mut impl Keys<Grace>) {
        keys.key("time", "Default: \"50ms\"", |grace, time| grace.time = time.value);
        keys.key("bytes", "Default: \"64KiB\"", |grace, bytes: Written<Bytes>| {
            grace.bytes = bytes.value.0;
        });
        keys.key("at-once", "In the process. Default: 1024", |grace, most: Written<Count>| {
            grace.at_once = most.value.0 as usize;
        });
        keys.key(
            "per-minute",
            "Closes of one address, whose ports they block. Default: 5000",
            |grace, most: Written<Count>| {
                grace.per_minute = u32::try_from(most.value.0).unwrap_or(u32::MAX);
            },
        );
    }
}

// === impl Bytes ===

/// What one unit is worth. Longer ones come before those that end alike.
const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

impl Form for Bytes {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<Bytes> {
        match value.get_ref().as_str().and_then(bytes) {
            Some(bytes) => Some(Bytes(bytes)),
            None => walk.expected(value, "a size: \"512B\", \"64KiB\" or \"1MiB\"", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> Json {
        let units = UNITS.map(|unit| unit.0).join("|");
        json!({ "type": "string", "pattern": format!("^[0-9]+({units})$") })
    }
}

fn bytes(text: &str) -> Option<u64> {
    let (number, worth) =
        UNITS.iter().find_map(|(unit, worth)| Some((text.strip_suffix(unit)?, worth)))?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(number.parse::<u64>().ok()?.saturating_mul(*worth))
}

// === impl AtLeastOne ===

impl Form for AtLeastOne {
    fn read(value: &Value<'_>, walk: &mut Walk<'_>) -> Option<AtLeastOne> {
        let Count(number) = Count::read(value, walk)?;
        match u32::try_from(number).ok().filter(|number| *number > 0) {
            Some(number) => Some(AtLeastOne(number)),
            None => walk.expected(value, "a whole number from 1 to 4294967295", None),
        }
    }

    #[cfg(feature = "schema")]
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
}
