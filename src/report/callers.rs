use std::sync::Arc;

/// The heaviest callers of a stream, in a table that never grows (space-saving): a caller that is
/// not in a full table takes the place of the lightest, and its count.
#[derive(Debug, Default)]
pub(super) struct Callers(Vec<(Arc<str>, u64)>);

impl Callers {
    const BOUND: usize = 8;

    pub(super) fn add(&mut self, caller: &Arc<str>) {
        if let Some((_, times)) = self.0.iter_mut().find(|(known, _)| known == caller) {
            *times += 1;
        } else if self.0.len() < Callers::BOUND {
            self.0.push((caller.clone(), 1));
        } else if let Some(lightest) = self.0.iter_mut().min_by_key(|(_, times)| *times) {
            *lightest = (caller.clone(), lightest.1 + 1);
        }
    }

    /// The callers, the heaviest first; the table is empty after it.
    pub(super) fn take(&mut self) -> Vec<(Arc<str>, u64)> {
        let mut callers = std::mem::take(&mut self.0);
        callers.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        callers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavy_callers_stay_though_junk_comes_first() {
        let mut callers = Callers::default();
        for junk in 0..1_000 {
            callers.add(&Arc::from(format!("junk-{junk}")));
        }
        for _ in 0..2_000 {
            callers.add(&Arc::from("heavy"));
        }
        let callers = callers.take();
        assert_eq!(callers.len(), Callers::BOUND, "the table is bounded");
        assert_eq!(&*callers[0].0, "heavy");
    }
}
