use super::Slice;

/// The weights of a table's places as last seen, so that the lightest is found without weighing
/// all: a stream of junk asks for it again and again.
#[derive(Debug, Default)]
pub(super) struct Weights {
    now: Slice,
    seen: Vec<u64>,
}

// === impl Weights ===

impl Weights {
    /// How many are weighed before all are.
    const FEW: usize = 8;

    /// The lightest of so many places; `None` of none.
    ///
    /// Within a slice a weight only grows, so one that is still as seen is the least of all.
    pub(super) fn lightest(
        &mut self,
        now: Slice,
        places: usize,
        weigh: impl Fn(usize) -> u64,
    ) -> Option<usize> {
        if self.now == now && self.seen.len() == places {
            for _ in 0..Weights::FEW {
                let index = self.least()?;
                let weight = weigh(index);
                if weight <= self.seen[index] {
                    return Some(index);
                }
                self.seen[index] = weight;
            }
        }
        self.now = now;
        self.seen.clear();
        self.seen.extend((0..places).map(weigh));
        self.least()
    }

    fn least(&self) -> Option<usize> {
        let least = self.seen.iter().enumerate().min_by_key(|(_, weight)| **weight);
        least.map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_lightest_is_found_and_few_are_weighed_for_it() {
        const PLACES: usize = 256;
        let mut weights = Weights::default();
        let mut truth: Vec<u64> = (0..PLACES as u64).map(|place| place * 37 % 101).collect();
        let weighed = Cell::new(0);
        for round in 0..10_000 {
            // Turns every thousand rounds; in between the heavy ones grow, and the lightest.
            let now = Slice::new(1 + round as u32 / 1_000);
            let lightest = weights
                .lightest(now, PLACES, |place| {
                    weighed.set(weighed.get() + 1);
                    truth[place]
                })
                .expect("there are places");
            let least = truth.iter().min().expect("there are places");
            assert_eq!(truth[lightest], *least, "round {round}");
            truth[lightest] += 1;
            truth[round % 20] += 10;
        }
        assert!(weighed.get() < 10_000 * 4, "{} were weighed", weighed.get());
    }

    #[test]
    fn no_place_is_the_lightest_of_none() {
        assert_eq!(Weights::default().lightest(Slice::new(1), 0, |_| 0), None);
    }
}
