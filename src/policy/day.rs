use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::PolicyError;

/// A day of the calendar, in UTC: `2027-03-31`.
///
/// ```
/// use tower_conn_lint::policy::Day;
///
/// let day: Day = "2027-03-31".parse()?;
/// assert_eq!(day.to_string(), "2027-03-31");
/// assert_eq!("2028-03-01".parse::<Day>()?.days_since("2028-02-28".parse()?), 2, "a leap year");
/// assert!("2027-02-29".parse::<Day>().is_err());
/// # Ok::<(), tower_conn_lint::policy::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// The days of a year before each of its months.
const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// The days of 400 years, after which the calendar repeats.
const CYCLE: i64 = 146_097;

// === impl Day ===

impl Day {
    /// The day of an instant; what lies beyond the years 1970 to 9999 is the nearest day that does
    /// not.
    pub fn of(time: SystemTime) -> Day {
        let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Day::at(i64::try_from(seconds / 86_400).unwrap_or(i64::MAX))
    }

    /// How many days later it is than another; less than zero if it is earlier.
    pub fn days_since(self, other: Day) -> i64 {
        self.number() - other.number()
    }

    /// Whether the calendar has it. One that was parsed is; a builder may be given any.
    pub(crate) fn exists(self) -> bool {
        (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=self.days_of_month()).contains(&i64::from(self.day))
    }

    /// Days since 1970-01-01.
    fn number(self) -> i64 {
        let leap_day = i64::from(self.month > 2 && is_leap(self.year.into()));
        let month = BEFORE[usize::from(self.month.clamp(1, 12)) - 1] + leap_day;
        before(self.year.into()) - before(1970) + month + i64::from(self.day) - 1
    }

    fn at(number: i64) -> Day {
        const LAST: Day = Day { year: 9999, month: 12, day: 31 };

        let since_year_1 = number.clamp(0, LAST.number()) + before(1970);
        // At most one too early: years of a cycle differ by a day.
        let mut year = since_year_1 * 400 / CYCLE + 1;
        while before(year + 1) <= since_year_1 {
            year += 1;
        }
        while before(year) > since_year_1 {
            year -= 1;
        }
        let mut left = since_year_1 - before(year);
        let mut day = Day { year: year as u16, month: 1, day: 1 };
        while left >= day.days_of_month() {
            left -= day.days_of_month();
            day.month += 1;
        }
        day.day += left as u8;
        day
    }

    fn days_of_month(self) -> i64 {
        match self.month {
            2 => 28 + i64::from(is_leap(self.year.into())),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl FromStr for Day {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Day, PolicyError> {
        let number = |part: &str, digits: usize| {
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u16>().ok().filter(|_| is_number)
        };
        let mut parts = text.splitn(3, '-');
        let mut part = |digits| number(parts.next()?, digits);
        let mut read = || {
            let (year, month, day) = (part(4)?, part(2)?, part(2)?);
            Some(Day { year, month: month as u8, day: day as u8 })
        };
        read().filter(|day| day.exists()).ok_or_else(|| PolicyError::day(text))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}-{:02}", self.year, self.month, self.day))
    }
}

/// The days before the first of January of a year, from that of the year 1.
fn before(year: i64) -> i64 {
    let past = year - 1;
    365 * past + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_counted_from_1970_and_back() {
        for (text, number) in [
            ("1970-01-01", 0),
            ("1970-12-31", 364),
            ("1971-01-01", 365),
            ("1972-02-29", 789),
            ("1972-03-01", 790),
            ("1999-12-31", 10_956),
            ("2000-02-29", 11_016),
            ("2000-12-31", 11_322),
            ("2001-01-01", 11_323),
            ("2027-03-31", 20_908),
            ("2100-02-28", 47_540),
            ("2100-03-01", 47_541),
            ("9999-12-31", 2_932_896),
        ] {
            let day: Day = text.parse().expect("it is a day");
            assert_eq!(day.number(), number, "{text}");
            assert_eq!(Day::at(number), day, "{text}");
            assert_eq!(day.to_string(), text);
        }
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut last = Day::at(0);
        for number in 1..200_000 {
            let day = Day::at(number);
            assert!(day.exists() && day > last, "{last} and then {day}");
            assert_eq!(day.days_since(last), 1, "{last} and then {day}");
            last = day;
        }
    }

    #[test]
    fn an_instant_is_in_its_day_to_the_last_second() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (time, day) in [
            (at(0), "1970-01-01"),
            (at(86_399), "1970-01-01"),
            (at(86_400), "1970-01-02"),
            (at(1_806_451_199), "2027-03-30"),
            (at(1_806_451_200), "2027-03-31"),
            (at(1_806_537_599), "2027-03-31"),
            (UNIX_EPOCH - Duration::from_secs(1), "1970-01-01"),
            (at(253_402_300_800), "9999-12-31"),
        ] {
            assert_eq!(Day::of(time).to_string(), day, "{time:?}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2027",
            "2027-3-31",
            "2027-03-32",
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-00-01",
            "2027-01-00",
            "0000-01-01",
            "+027-01-01",
            "2027-01-01-",
            "2027-01-01T00:00:00Z",
            "99999-01-01",
        ] {
            let error = text.parse::<Day>().expect_err(text);
            assert!(error.to_string().contains("2027-03-31"), "it shows one: {error}");
        }
    }
}
