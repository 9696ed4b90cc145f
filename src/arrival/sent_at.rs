//! The send time in a request's field: written, and read from whoever sends it.

use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue};

/// The field, as balancers and tracing vendors have it.
pub(crate) const FIELD: HeaderName = HeaderName::from_static("x-request-start");

/// What a sent time may have before and after its point.
const DIGITS: usize = 19;

/// The value for a request that is sent now.
pub(crate) fn stamp(now: SystemTime) -> Option<HeaderValue> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let text = format!("t={}.{:06}", since.as_secs(), since.subsec_micros());
    HeaderValue::from_str(&text).ok()
}

/// The time since 1970 that a value tells: `t=` or nothing before it, then seconds with a fraction, or
/// a whole number of seconds, milliseconds, microseconds or nanoseconds, whichever is of this age.
pub(super) fn parse(value: &[u8]) -> Option<Duration> {
    let value = value.trim_ascii();
    let value = value.strip_prefix(b"t=").unwrap_or(value);
    let point = value.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&value[..point], Some(&value[point + 1..])),
        None => (value, None),
    };
    let number = number(whole)?;
    let (seconds, nanos) = match (number, fraction) {
        (0..SECONDS, Some(fraction)) => (number, nanos(fraction)?),
        (_, Some(_)) => return None,
        (0..SECONDS, None) => (number, 0),
        (..MILLIS, None) => (number / 1_000, number % 1_000 * 1_000_000),
        (..MICROS, None) => (number / 1_000_000, number % 1_000_000 * 1_000),
        (_, None) => (number / 1_000_000_000, number % 1_000_000_000),
    };
    Some(Duration::new(seconds, u32::try_from(nanos).ok()?))
}

/// Below these a number is one of seconds, of milliseconds, of microseconds: each until the year 5138.
const SECONDS: u64 = 100_000_000_000;
const MILLIS: u64 = SECONDS * 1_000;
const MICROS: u64 = MILLIS * 1_000;

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// As nanoseconds; what is finer is cut off.
fn nanos(fraction: &[u8]) -> Option<u64> {
    number(fraction)?;
    let digits = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9);
    number(&digits.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_the_units_that_are_in_use() {
        let millis = Duration::from_millis(1_700_000_000_123);
        let micros = Duration::from_micros(1_700_000_000_123_456);
        let nanos = Duration::from_nanos(1_700_000_000_123_456_789);
        for (value, expected) in [
            ("t=1700000000.123456", micros),
            ("t=1700000000.123", millis),
            ("1700000000.123", millis),
            (" t=1700000000.123456 ", micros),
            ("t=1700000000.123456789", nanos),
            ("t=1700000000.1234567891", nanos),
            ("t=1700000000", Duration::from_secs(1_700_000_000)),
            ("1700000000123", millis),
            ("t=1700000000123456", micros),
            ("1700000000123456789", nanos),
            ("0", Duration::ZERO),
        ] {
            assert_eq!(parse(value.as_bytes()), Some(expected), "{value}");
        }
    }

    #[test]
    fn nonsense_is_no_time() {
        for value in [
            &b""[..],
            b"t=",
            b"t=.5",
            b"t=5.",
            b".",
            b"t=-5",
            b"t=+5",
            b"t=1e9",
            b"t=0x10",
            b"t=1700000000,5",
            b"t=1700000000.5.5",
            b"t=1700000000 s",
            b"t=t=1700000000",
            b"T=1700000000",
            // Milliseconds have no fraction.
            b"t=1700000000123.5",
            b"t=18446744073709551615",
            b"t=99999999999999999999999999",
            b"t=1.99999999999999999999999999",
            b"t=\xff\xfe",
            b"t=\xd9\xa1",
            b"now",
        ] {
            assert_eq!(parse(value), None, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn what_is_stamped_is_read_again_to_the_microsecond() {
        let sent = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 12_345_678);
        let value = stamp(sent).expect("a time after 1970");
        assert_eq!(value, "t=1700000000.012345");
        let expected = Duration::new(1_700_000_000, 12_345_000);
        assert_eq!(parse(value.as_bytes()), Some(expected));
        assert_eq!(stamp(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), None, "a clock unset");
    }
}
