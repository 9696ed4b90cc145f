use super::shared::Shared;
use crate::report::Startup;
use crate::snapshot::Snapshot;

impl Shared {
    /// What is known of connections now; the gauges are brought up to date on the way.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let Shared { connections, .. } = self;
        let survey = connections.survey(self.clock.now());
        for (party, changes) in &survey.changes {
            self.open_changed(party.side(), Some(party), changes);
        }
        Snapshot::new(survey, &self.startup(), connections.window(), &connections.bounds)
    }

    pub(super) fn startup(&self) -> Startup {
        Startup { wired: self.wiring.wired(), preset: self.table.preset, cap: self.table.cap }
    }
}
