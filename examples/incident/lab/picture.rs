//! The latencies of an act, drawn.

use std::fmt;
use std::time::Duration;

/// A bar for each span of time.
pub(crate) struct Picture<'a> {
    pub(crate) latencies: &'a [Duration],
}

/// The spans: from where on, in milliseconds, and how they are called.
const SPANS: [(u64, &str); 8] = [
    (0, "below 10 ms"),
    (10, "10 - 100 ms"),
    (100, "100 - 500 ms"),
    (500, "0.5 - 0.9 s"),
    (900, "0.9 - 1.5 s"),
    (1_500, "1.5 - 2.9 s"),
    (2_900, "2.9 - 3.5 s"),
    (3_500, "above"),
];

const WIDTH: usize = 48;

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.latencies.len().max(1);
        for (number, (from, name)) in SPANS.iter().enumerate() {
            let from = Duration::from_millis(*from);
            let to =
                SPANS.get(number + 1).map_or(Duration::MAX, |(to, _)| Duration::from_millis(*to));
            let within = self.latencies.iter().filter(|one| (from..to).contains(one)).count();
            // A single one is seen.
            let bar = "#".repeat((within * WIDTH).div_ceil(most));
            writeln!(f, "  {name:<14}{within:>4}  {bar}")?;
        }
        Ok(())
    }
}
