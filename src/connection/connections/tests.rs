use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::connection::Addresses;
use crate::connection::course::Event;
use crate::connection::record::Finish;
use crate::connection::{Alive, Dialler, Symptom};
use crate::lint::{Client, Label};
use crate::{Clock, ManualClock};

const REQUEST: Duration = Duration::from_millis(5);

/// A party and its connections, on a clock that is moved by hand.
struct Peer {
    connections: Connections,
    clock: ManualClock,
    party: Party,
    open: Vec<Arc<Record>>,
}

impl Peer {
    fn new(side: Side) -> Peer {
        let clock = ManualClock::new();
        let party = match side {
            Side::Inbound => Party::caller("192.0.2.1"),
            Side::Outbound => Party::upstream(Label::new("gateway"), "192.0.2.1:80"),
        };
        let connections =
            Connections::new(Clock::from(clock.clone()).now(), Bounds::default().window);
        Peer { connections, clock, party, open: Vec::new() }
    }

    fn now(&self) -> Instant {
        Clock::from(self.clock.clone()).now()
    }

    /// A new connection, in use: whether it was excused.
    fn open(&mut self) -> bool {
        let side = self.party.side();
        let clock = Clock::from(self.clock.clone());
        let record = Record::new(side, clock, self.now(), Addresses::default());
        let record = Arc::new(record.born(self.connections.since_epoch(self.now())));
        let turn = record.begin(self.now(), Flag::BodyRead);
        self.connections.count(&record, turn);
        self.connections.meet(&record, self.party.clone(), self.now());
        let excused = record.is(Flag::Excused);
        self.open.push(record);
        excused
    }

    /// Another request on an open connection.
    fn ask(&self, at: usize) {
        let turn = self.open[at].begin(self.now(), Flag::BodyRead);
        self.connections.count(&self.open[at], turn);
    }

    fn answer(&self, at: usize) {
        self.open[at].finish(|| self.now(), Finish::Whole);
    }

    fn close(&mut self, at: usize) {
        let record = self.open.swap_remove(at);
        let ended = self.connections.close(&record, self.now(), false);
        assert!(ended.is_some(), "it ends once");
    }

    fn low_reuse(&self) -> Option<Symptom> {
        let window = self.connections.window_of(&self.party, self.now());
        let (sums, known_for) = window.expect("the party is known");
        Symptom::low_reuse(self.party.side(), &sums, known_for, &Bounds::default())
    }

    fn sums(&self) -> Sums {
        self.connections.window_of(&self.party, self.now()).expect("the party is known").0
    }
}

const SIDES: [Side; 2] = [Side::Inbound, Side::Outbound];

#[test]
fn one_after_the_other_only_the_first_connection_is_needed() {
    for side in SIDES {
        let mut peer = Peer::new(side);
        let excused = (0..200).filter(|_| {
            let excused = peer.open();
            peer.clock.advance(REQUEST);
            peer.answer(0);
            peer.close(0);
            peer.clock.advance(Duration::from_millis(200));
            excused
        });
        assert_eq!(excused.count(), 1, "{side}");
        let symptom = peer.low_reuse().expect("none of them was used again");
        assert!(symptom.seen.starts_with("200 of 200 requests"), "{}", symptom.seen);
    }
}

#[test]
fn connections_that_are_left_open_and_never_used_again_are_not_needed() {
    for pause in [20, 200, 400].map(Duration::from_millis) {
        let mut peer = Peer::new(Side::Inbound);
        let excused = (0..2_000).filter(|_| {
            let excused = peer.open();
            peer.clock.advance(REQUEST);
            peer.answer(peer.open.len() - 1);
            peer.clock.advance(pause);
            excused
        });
        let excused = excused.count();
        let barely_free = BARELY_FREE.div_duration_f64(REQUEST + pause) as usize;
        assert!(excused <= 2 + barely_free, "{excused} after {pause:?} each");
        assert!(peer.low_reuse().is_some(), "they could have been used again");
    }
}

#[test]
fn bursts_of_fifty_over_connections_that_are_kept_are_perfect() {
    for side in SIDES {
        let mut peer = Peer::new(side);
        let mut excused = 0;
        for burst in 0..200 {
            for request in 0..50 {
                match request < peer.open.len() && burst > 0 {
                    true => peer.ask(request),
                    false => excused += usize::from(peer.open()),
                }
            }
            peer.clock.advance(REQUEST);
            (0..50).for_each(|request| peer.answer(request));
            // Past the warm-up, and past the window in which the connections were opened.
            peer.clock.advance(Duration::from_millis(500));
            assert!(peer.low_reuse().is_none(), "{side}, burst {burst}");
        }
        assert_eq!(excused, 50, "{side}: each of them was needed");
    }
}

#[test]
fn races_that_were_lost_trip_nothing() {
    let mut peer = Peer::new(Side::Outbound);
    for round in 0..1_000 {
        // Seven dials that nobody needed, of 1,000 requests.
        if round % 150 == 0 {
            peer.open();
        } else {
            peer.ask(0);
        }
        peer.clock.advance(REQUEST);
        peer.answer(if round % 150 == 0 { peer.open.len() - 1 } else { 0 });
        peer.clock.advance(Duration::from_millis(60));
        assert!(peer.low_reuse().is_none(), "round {round}");
    }
}

#[test]
fn bursts_over_a_pool_that_is_too_small_are_not_excused_again() {
    let mut peer = Peer::new(Side::Outbound);
    let (mut excused, mut dials) = (0, 0);
    for _ in 0..100 {
        let kept = peer.open.len();
        (0..kept).for_each(|kept| peer.ask(kept));
        for _ in kept..8 {
            dials += 1;
            excused += usize::from(peer.open());
        }
        peer.clock.advance(REQUEST);
        (0..8).for_each(|request| peer.answer(request));
        // The pool keeps one.
        (0..7).for_each(|_| peer.close(0));
        peer.clock.advance(Duration::from_millis(500));
    }
    assert!(dials > 600, "{dials} dials");
    assert_eq!(excused, 8, "a burst of eight needs eight, once");
    assert!(peer.low_reuse().is_some(), "they could have been kept");
}

#[test]
fn an_excuse_stays_with_its_request_when_that_takes_long() {
    // Fifty long requests on as many connections, over and over.
    let mut peer = Peer::new(Side::Inbound);
    (0..50).for_each(|_| _ = peer.open());
    for _ in 0..20 {
        peer.clock.advance(Duration::from_secs(15));
        (0..50).for_each(|at| peer.answer(at));
        (0..50).for_each(|at| peer.ask(at));
        let Sums { fresh, excused, .. } = peer.sums();
        assert_eq!(fresh, excused, "they enter and leave the window together");
        assert!(peer.low_reuse().is_none(), "all of them are used on");
    }
}

#[test]
fn more_connections_than_are_asked_are_all_counted() {
    let mut peer = Peer::new(Side::Inbound);
    let excused = (0..3_000).filter(|_| peer.open()).count();
    assert_eq!(excused, 3_000, "all of them are in use at once");
    let Sums { requests, fresh, excused, .. } = peer.sums();
    assert_eq!((requests, fresh, excused), (3_000, 3_000, 3_000));
    (0..3_000).for_each(|at| peer.answer(at));
    peer.clock.advance(Duration::from_secs(1));
    assert!(!peer.open(), "all of them were free");
    assert_eq!(of_all(1_000, 3_000), 3_000);
    assert_eq!(of_all(0, 0), 0);
}

#[test]
fn a_service_that_outlives_its_connection_puts_nothing_back() {
    let mut peer = Peer::new(Side::Inbound);
    peer.open();
    let known = peer.open[0].clone();
    let late = Record::new(Side::Inbound, Clock::default(), peer.now(), Addresses::default());
    let late = Arc::new(late);
    peer.close(0);
    assert!(peer.connections.close(&known, peer.now(), false).is_none(), "it ended already");
    assert!(peer.connections.close(&late, peer.now(), false).is_some(), "it ends unused");
    peer.connections.meet(&late, peer.party.clone(), peer.now());
    peer.connections.meet(&known, peer.party.clone(), peer.now());
    assert_eq!(peer.connections.live(), 0, "both have ended");
}

#[test]
fn a_client_that_ends_is_counted_once_whatever_it_held() {
    let mut peer = Peer::new(Side::Outbound);
    let name = Label::new("gateway");
    let client = Client { name, built_at: std::panic::Location::caller() };
    for _ in 0..3 {
        let alive = Alive::new(Dialler::new(client, None));
        let hold = |_| {
            let record =
                Record::new(Side::Outbound, Clock::default(), peer.now(), Addresses::default());
            let record = Arc::new(record.dialled(alive.dialler().clone(), Duration::ZERO));
            peer.connections.meet(&record, peer.party.clone(), peer.now());
            record.raise(Flag::Socket);
            record.wrote(1, || peer.now());
            record.answer(peer.now());
            record.answering();
            record.finish(|| peer.now(), Finish::Whole);
            record
        };
        let held: Vec<_> = (0..50).map(hold).collect();
        drop(alive);
        for record in held {
            record.note(Event::ShutDown);
            let ended = peer.connections.close(&record, peer.now(), false);
            assert_eq!(ended.map(|ended| ended.end.cause), Some(EndCause::ClientDropped));
        }
    }
    peer.open();
    let sums = peer.sums();
    assert_eq!((sums.clients, sums.ended[EndCause::ClientDropped as usize]), (3, 150));
}

/// What may happen to a connection, in any order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    Finish(Finish),
    Note(Event),
    Read(usize),
    Wrote(usize),
    ReadInVain,
    Meet,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let causes = (0..EndCause::COUNT).prop_map(|cause| Event::Seen(EndCause::ALL[cause]));
    let events = prop_oneof![
        Just(Event::RequestStarted),
        Just(Event::ResponseStarted),
        Just(Event::ResponseUnwatched),
        Just(Event::ResponseEnded),
        Just(Event::ResponseLeft),
        Just(Event::Upgraded),
        Just(Event::Eof),
        any::<bool>().prop_map(|reset| Event::Failed { reset }),
        Just(Event::ShutDown),
        causes,
    ];
    let finish = prop_oneof![Just(Finish::Whole), Just(Finish::Left), Just(Finish::Cut)];
    prop_oneof![
        4 => Just(Step::Begin),
        4 => finish.prop_map(Step::Finish),
        4 => events.prop_map(Step::Note),
        1 => any::<usize>().prop_map(Step::Read),
        1 => any::<usize>().prop_map(Step::Wrote),
        1 => Just(Step::ReadInVain),
        1 => Just(Step::Meet),
        1 => Just(Step::Close),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_in_whatever_order_ends_once_and_leaves_nothing(
        outbound: bool,
        multiplexed: bool,
        steps in vec((step(), any::<i32>()), 0..60),
    ) {
        let side = if outbound { Side::Outbound } else { Side::Inbound };
        let peer = Peer::new(side);
        let epoch = peer.now();
        let record = Arc::new(Record::new(side, Clock::default(), epoch, Addresses::default()));
        if multiplexed {
            record.speaks(http::Version::HTTP_2);
        }
        let (mut under_way, mut requests, mut ends) = (0, 0, 0);
        for (step, millis) in steps {
            // Forth and back, by weeks.
            let by = Duration::from_millis(millis.unsigned_abs().into());
            let moved = if millis < 0 { epoch.checked_sub(by) } else { epoch.checked_add(by) };
            let now = moved.unwrap_or(epoch);
            match step {
                Step::Begin => {
                    let turn = record.begin(now, Flag::BodyRead);
                    peer.connections.count(&record, turn);
                    (under_way, requests) = (under_way + 1, requests + 1);
                    prop_assert_eq!(turn.number, requests);
                }
                // Each exchange ends once: its guard or its body is dropped once.
                Step::Finish(_) if under_way == 0 => {}
                Step::Finish(how) => {
                    record.finish(|| now, how);
                    under_way -= 1;
                }
                Step::Note(event) => _ = record.note(event),
                Step::Read(bytes) => record.read(bytes),
                Step::Wrote(bytes) => record.wrote(bytes, || now),
                Step::ReadInVain => record.read_in_vain(|| now),
                Step::Meet => peer.connections.meet(&record, peer.party.clone(), now),
                Step::Close => {
                    ends += usize::from(peer.connections.close(&record, now, false).is_some());
                }
            }
            prop_assert_eq!(record.in_flight(), under_way);
            prop_assert!(peer.connections.live() <= 1);
            _ = (record.rested(), record.touched(), record.was_pooled_since(now), record.went_stale(now));
        }
        ends += usize::from(peer.connections.close(&record, epoch, true).is_some());
        prop_assert_eq!(ends, 1, "it ends once");
        prop_assert_eq!(peer.connections.live(), 0);
        prop_assert_eq!(record.requests(), requests);
    }
}
