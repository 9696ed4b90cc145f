use std::fmt;
use std::time::Duration;

use super::{Budget, Grace};

/// What a cure is switched on with. `Display` is as the policy's file says it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Terms {
    None,
    Requests(u32),
    Time(Duration),
    Budget(Budget),
    Grace(Grace),
}

/// A number of bytes, in the largest unit that it is whole in.
struct Bytes(u64);

/// The same of a time.
struct Time(Duration);

// === impl Terms ===

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Terms::None => f.write_str("true"),
            Terms::Requests(most) => most.fmt(f),
            Terms::Time(time) => write!(f, "\"{}\"", Time(*time)),
            Terms::Budget(Budget { bytes, time, at_once, at_once_per_peer }) => write!(
                f,
                "{{ bytes = \"{}\", time = \"{}\", at-once = {at_once}, at-once-per-peer = {at_once_per_peer} }}",
                Bytes(*bytes),
                Time(*time)
            ),
            Terms::Grace(Grace { time, bytes, at_once, per_minute }) => write!(
                f,
                "{{ time = \"{}\", bytes = \"{}\", at-once = {at_once}, per-minute = {per_minute} }}",
                Time(*time),
                Bytes(*bytes)
            ),
        }
    }
}

// === impl Bytes ===

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        let is_whole = |(_, shift): &&(&str, u32)| self.0 > 0 && self.0 % (1 << shift) == 0;
        let (unit, shift) = units.iter().find(is_whole).copied().unwrap_or(("B", 0));
        write!(f, "{}{unit}", self.0 >> shift)
    }
}

// === impl Time ===

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
        let is_whole = |(_, worth): &&(&str, u128)| ms > 0 && ms % worth == 0;
        let (unit, worth) = units.iter().find(is_whole).copied().unwrap_or(("ms", 1));
        write!(f, "{}{unit}", ms / worth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_written_as_the_file_says_them() {
        let mut budget = Budget::default();
        for (terms, text) in [
            (Terms::None, "true"),
            (Terms::Requests(10_000), "10000"),
            (Terms::Time(Duration::ZERO), "\"0ms\""),
            (Terms::Time(Duration::from_millis(1_500)), "\"1500ms\""),
            (Terms::Time(Duration::from_secs(90)), "\"90s\""),
            (Terms::Time(Duration::from_secs(300)), "\"5m\""),
            (Terms::Time(Duration::from_secs(86_400)), "\"1d\""),
            (
                Terms::Budget(budget),
                "{ bytes = \"1MiB\", time = \"500ms\", at-once = 256, at-once-per-peer = 16 }",
            ),
            (
                Terms::Grace(Grace::default()),
                "{ time = \"50ms\", bytes = \"64KiB\", at-once = 1024, per-minute = 5000 }",
            ),
        ] {
            assert_eq!(terms.to_string(), text);
        }
        budget.bytes = 1_025;
        assert!(Terms::Budget(budget).to_string().contains("\"1025B\""));
        budget.bytes = 0;
        assert!(Terms::Budget(budget).to_string().contains("\"0B\""));
    }
}
