use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Connections, Side, lock};
use crate::connection::standing::Changes;
use crate::connection::window::{Requests, Slice, Sums};
use crate::connection::{Flag, Party, Record, State};
use crate::lint::Label;

/// What all windows hold at one instant, with the requests of connections that live.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) routes: Vec<(Label, Requests)>,
    /// Those who have a window, in no order.
    pub(crate) parties: Vec<(Party, Known)>,
    /// All other callers.
    pub(crate) other_callers: Known,
    /// All other upstreams.
    pub(crate) other_upstreams: Known,
    /// The open connections of all callers.
    pub(crate) callers: Callers,
    /// How the open connections of each party changed since this was last asked.
    pub(crate) changes: Vec<(Party, Changes)>,
}

/// What is known of a party, or of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) sums: Sums,
    /// Open connections that are used.
    pub(crate) active: u64,
    /// Open connections that wait for a request.
    pub(crate) idle: u64,
}

/// The open connections of callers: how many, how many of them are idle and how many were told to
/// close; and the requests under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Callers {
    pub(crate) open: u64,
    pub(crate) idle: u64,
    pub(crate) in_flight: u64,
    pub(crate) told: u64,
}

// === impl Connections ===

impl Connections {
    /// Reads all windows, and then the connections that live, one shard after the other: what
    /// ends in between is in neither, and nothing is in both.
    pub(crate) fn survey(&self, now: Instant) -> Survey {
        let slice = self.slice(now);
        let (mut parties, mut changes) = (Vec::new(), Vec::new());
        let other_callers = self.fold(Side::Inbound, slice, &mut parties);
        let other_upstreams = self.fold(Side::Outbound, slice, &mut parties);
        let mut survey = Survey {
            routes: self.routes.sums(slice),
            parties,
            other_callers,
            other_upstreams,
            callers: Callers::default(),
            changes: Vec::new(),
        };
        let places: HashMap<Party, usize> =
            survey.parties.iter().enumerate().map(|(at, (party, _))| (party.clone(), at)).collect();
        let mut callers = Callers::default();
        for shard in &self.live {
            for (party, siblings) in lock(shard).iter() {
                let known = match places.get(party) {
                    Some(place) => &mut survey.parties[*place].1,
                    None => survey.other(party.side()),
                };
                let mut changed = Changes::default();
                for record in siblings {
                    known.add(record, slice);
                    record.stand(&mut changed);
                    if record.side == Side::Inbound {
                        callers.add(record);
                    }
                }
                if !changed.is_empty() {
                    changes.push((party.clone(), changed));
                }
            }
        }
        Survey { callers, changes, ..survey }
    }

    /// How long windows slide over: as long as all their slices but the current one.
    pub(crate) fn window(&self) -> Duration {
        self.slices.window()
    }

    /// The windows of one side; those of all who lost their place are returned.
    fn fold(&self, side: Side, slice: Slice, into: &mut Vec<(Party, Known)>) -> Known {
        let parties = self.parties(side);
        for (party, known) in parties.iter() {
            into.push((party.clone(), Known::from(known.window.sums(slice))));
        }
        Known::from(parties.other().sums(slice))
    }
}

// === impl Survey ===

impl Survey {
    fn other(&mut self, side: Side) -> &mut Known {
        match side {
            Side::Inbound => &mut self.other_callers,
            Side::Outbound => &mut self.other_upstreams,
        }
    }
}

// === impl Callers ===

impl Callers {
    fn add(&mut self, record: &Record) {
        self.open += 1;
        self.idle += u64::from(record.state() == State::Idle);
        self.in_flight += u64::from(record.in_flight());
        self.told += u64::from(record.is(Flag::LastRequest));
    }
}

// === impl Known ===

impl Known {
    fn add(&mut self, record: &Record, slice: Slice) {
        self.sums.add_requests(record.served.sums(slice));
        // Whether it is open still, nobody knows.
        if record.hides_end() {
            return;
        }
        match record.state() {
            State::Active => self.active += 1,
            State::Idle => self.idle += 1,
        }
    }
}

impl From<Sums> for Known {
    fn from(sums: Sums) -> Known {
        Known { sums, active: 0, idle: 0 }
    }
}
