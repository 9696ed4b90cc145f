use super::{Slice, Sums};

/// Sums by slice, of which those that are too old turn out as new ones come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    /// At most one for each [`Slice::place`], in no order. Most parties are seen in one slice only,
    /// so no more are allocated than are used.
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Default)]
struct Part {
    slice: Slice,
    sums: Sums,
    /// The greatest concurrency.
    peak: u32,
}

// === impl Window ===

impl Window {
    /// The sums to count into now. Where the place has a later slice already, the clock went
    /// back, and these are its sums.
    pub(crate) fn at(&mut self, slice: Slice) -> &mut Sums {
        &mut self.part(slice).sums
    }

    /// The sums to add to what was counted elsewhere in this slice; `None` if that is too old.
    pub(crate) fn past(&mut self, slice: Slice) -> Option<&mut Sums> {
        if slice == Slice::NEVER {
            return None;
        }
        let part = self.part(slice);
        (part.slice == slice).then_some(&mut part.sums)
    }

    /// The sums of the window that ends now.
    pub(crate) fn sums(&self, now: Slice) -> Sums {
        let mut sums = Sums::default();
        for part in self.within(now) {
            sums += &part.sums;
        }
        sums
    }

    /// Notes a concurrency, and whether it rises: whether it is greater than any of the window.
    pub(crate) fn peak(&mut self, slice: Slice, concurrency: u32) -> bool {
        let greatest = self.greatest(slice);
        let part = self.part(slice);
        part.peak = part.peak.max(concurrency);
        concurrency > greatest
    }

    /// The greatest concurrency of the window that ends now.
    pub(crate) fn greatest(&self, now: Slice) -> u32 {
        self.within(now).map(|part| part.peak).max().unwrap_or(0)
    }

    /// [`Sums::weight`], of the window that ends now.
    pub(super) fn weight(&self, now: Slice) -> u64 {
        self.within(now).fold(0, |weight, part| weight.saturating_add(part.sums.weight()))
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = (Slice, &Sums)> {
        self.parts.iter().map(|part| (part.slice, &part.sums))
    }

    fn within(&self, now: Slice) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.slice.is_within(now))
    }

    /// The part at the place of a slice: of this slice, or of a later one.
    fn part(&mut self, slice: Slice) -> &mut Part {
        let known = self.parts.iter().position(|part| part.slice.place() == slice.place());
        let index = known.unwrap_or_else(|| {
            self.parts.push(Part::default());
            self.parts.len() - 1
        });
        let part = &mut self.parts[index];
        if part.slice < slice {
            *part = Part { slice, ..Part::default() };
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::window::SLICES;

    #[test]
    fn a_slice_turns_out_when_its_place_is_needed() {
        let mut window = Window::default();
        for slice in 1..=100 {
            window.at(Slice::new(slice)).dials += 1;
            let expected = slice.min(SLICES as u32);
            assert_eq!(window.sums(Slice::new(slice)).dials, expected, "at {slice}");
            assert!(window.parts.len() <= SLICES, "the window is bounded");
        }
        assert_eq!(window.sums(Slice::new(106)).dials, 1);
        assert_eq!(window.sums(Slice::new(107)).dials, 0, "a window without anybody is empty");
    }

    #[test]
    fn what_comes_late_counts_and_what_is_too_old_does_not() {
        let mut window = Window::default();
        window.at(Slice::new(9)).dials += 1;
        window.at(Slice::new(2)).dials += 1;
        assert_eq!(window.sums(Slice::new(9)).dials, 2, "the clock went back");
        assert!(window.past(Slice::new(2)).is_none());
        assert!(window.past(Slice::NEVER).is_none());
        window.past(Slice::new(8)).expect("the slice before").dials += 1;
        assert_eq!(window.sums(Slice::new(9)).dials, 3);
        assert_eq!(window.sums(Slice::new(15)).dials, 2, "the slice before has left");
    }

    #[test]
    fn concurrency_rises_above_all_of_the_window() {
        let mut window = Window::default();
        for (slice, concurrency, rises) in [
            (1, 0, false),
            (1, 1, true),
            (1, 1, false),
            (2, 50, true),
            (3, 49, false),
            (4, 51, true),
            (9, 50, false),
            (10, 51, false),
            (17, 50, true),
            (16, 50, false),
        ] {
            let rose = window.peak(Slice::new(slice), concurrency);
            assert_eq!(rose, rises, "{concurrency} at {slice}");
        }
    }
}
