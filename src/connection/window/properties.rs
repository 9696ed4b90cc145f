//! Against a naive model: a list of all that was ever counted, and when.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Heavy, Ring, SLICES, Served, Slice, Window};

/// All that was counted, and the slice that the clock showed.
#[derive(Default)]
struct Model(Vec<u32>);

// === impl Model ===

impl Model {
    fn add(&mut self, slice: u32, times: u32) {
        self.0.extend((0..times).map(|_| slice));
    }

    fn sum(&self, now: u32) -> u64 {
        let within = self.0.iter().filter(|&&slice| slice <= now && now - slice < SLICES as u32);
        within.count() as u64
    }

    fn all(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Steps of a clock that never goes back, with jumps.
fn forward() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => Just(0_i64),
        6 => 1..=2_i64,
        2 => 5..=15_i64,
        1 => Just(1 << 16),
        1 => 0..=1_000_000_i64,
    ]
}

/// Steps of a clock that does.
fn any_step() -> impl Strategy<Value = i64> {
    prop_oneof![3 => forward(), 1 => -20..=0_i64, 1 => -1_000_000..=0_i64]
}

fn step(now: u32, by: i64) -> u32 {
    u32::try_from((i64::from(now) + by).max(1)).expect("a few million at most")
}

proptest! {
    #[test]
    fn a_ring_agrees_with_the_model(steps in vec((forward(), 0..5_u32), 0..60)) {
        let (ring, mut model, mut now) = (Ring::default(), Model::default(), 1);
        for (by, times) in steps {
            now = step(now, by);
            (0..times).for_each(|_| ring.add(Slice::new(now)));
            model.add(now, times);
            prop_assert_eq!(ring.sum(Slice::new(now)), model.sum(now));
        }
        for later in 0..10 {
            prop_assert_eq!(ring.sum(Slice::new(now + later)), model.sum(now + later));
        }
    }

    #[test]
    fn connections_that_end_hand_over_what_the_model_has(
        steps in vec((forward(), 0..5_usize, any::<bool>()), 0..100)
    ) {
        // A few connections side by side; one that ends makes room for a new one.
        let mut open: [(Served, bool); 5] = Default::default();
        let (mut window, mut model, mut fresh) = (Window::default(), Model::default(), Model::default());
        let mut now = 1;
        for (by, connection, ends) in steps {
            now = step(now, by);
            let (served, used) = &mut open[connection];
            served.add(Slice::new(now), !*used);
            model.add(now, 1);
            fresh.add(now, u32::from(!*used));
            *used = true;
            if ends {
                served.drain_into(&mut window);
                open[connection] = Default::default();
            }
            let mut sums = window.sums(Slice::new(now)).of_requests();
            for (served, _) in &open {
                let live = served.sums(Slice::new(now));
                sums.requests += live.requests;
                sums.fresh += live.fresh;
            }
            prop_assert_eq!((sums.requests, sums.fresh), (model.sum(now), fresh.sum(now)));
        }
    }

    #[test]
    fn a_table_that_forgets_whom_keeps_how_many(
        steps in vec((forward(), 0..40_u8, 0..5_u32), 0..200)
    ) {
        let (mut table, mut model, mut now) = (Heavy::new(8), Model::default(), 1);
        let mut by_key: [Model; 40] = std::array::from_fn(|_| Model::default());
        for (by, key, times) in steps {
            now = step(now, by);
            let sums = table.entry(&key, Slice::new(now)).window.at(Slice::new(now));
            sums.requests += u64::from(times);
            sums.dials += times;
            model.add(now, times);
            by_key[usize::from(key)].add(now, times);

            let sums = table.sums(Slice::new(now));
            prop_assert_eq!(sums.requests, model.sum(now));
            prop_assert_eq!(u64::from(sums.dials), model.sum(now));
            prop_assert!(table.len() <= 8);
            for (key, party) in table.iter() {
                let truth = by_key[usize::from(*key)].sum(now);
                prop_assert!(party.window.sums(Slice::new(now)).requests <= truth);
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_adds_nothing(
        steps in vec((any_step(), 0..40_u8, 0..5_u32), 0..200)
    ) {
        let (ring, mut table, served) = (Ring::default(), Heavy::new(8), Served::default());
        let (mut window, mut model, mut now) = (Window::default(), Model::default(), 1);
        for (by, key, times) in steps {
            now = step(now, by);
            let slice = Slice::new(now);
            model.add(now, times);
            for _ in 0..times {
                ring.add(slice);
                served.add(slice, false);
                table.entry(&key, slice).window.at(slice).requests += 1;
            }
            if key == 0 {
                served.drain_into(&mut window);
            }
            let split = window.sums(slice).requests + served.sums(slice).requests;
            for sum in [ring.sum(slice), table.sums(slice).requests, split] {
                prop_assert!(sum <= model.all());
                prop_assert!(sum >= u64::from(times), "what came just now is in it");
            }
        }
    }
}
