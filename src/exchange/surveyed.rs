use super::shared::Shared;
use crate::policy::Table;
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
        let status = self.look_at_policy(false);
        Snapshot::new(
            survey,
            &self.startup(),
            status.expectations,
            connections.window(),
            &self.in_force.table().bounds,
            self.last_port_use(),
            self.drains_for(),
        )
    }

    pub(super) fn startup(&self) -> Startup {
        let Table { preset, cap, capped_floors, cures, .. } = *self.in_force.table();
        let (wired, source) = (self.wiring.wired(), self.in_force.source());
        Startup { wired, source, preset, cap, capped_floors, cures }
    }
}
