use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{PartyReuse, Snapshot};
use crate::clock::Clock;
use crate::connection::{
    Addresses, Bounds, Closer, Connections, EndCause, Event, Finish, Flag, Party, Record, Side,
};
use crate::lint::{Label, Level, LintSet};
use crate::policy::Preset;
use crate::report::{Part, Startup, Wired};

const MINUTE: Duration = Duration::from_secs(60);

/// Connections, at a time that a test moves.
struct World {
    connections: Connections,
    bounds: Bounds,
    now: Instant,
}

impl World {
    fn new() -> World {
        let now = Instant::now();
        // Few requests tell as much as many do elsewhere.
        let bounds = Bounds { min_requests: 1, ..Bounds::default() };
        World { connections: Connections::new(now, bounds.window), bounds, now }
    }

    fn snapshot(&self) -> Snapshot {
        let startup = Startup {
            source: crate::policy::PolicySource::Code,
            wired: [Part::Accept].into_iter().collect::<Wired>(),
            preset: Preset::Observe1,
            cap: Level::Warn,
            capped_floors: LintSet::EMPTY,
            cures: crate::heal::Cures::new(),
        };
        let survey = self.connections.survey(self.now);
        Snapshot::new(
            survey,
            &startup,
            Vec::new(),
            self.connections.window(),
            &self.bounds,
            None,
            None,
        )
    }

    fn open(&self, side: Side, party: Party) -> Arc<Record> {
        let record = Record::new(side, Clock::default(), self.now, Addresses::default());
        let record = Arc::new(record.born(self.connections.since_epoch(self.now)));
        self.connections.meet(&record, party, self.now);
        record
    }

    fn request(&self, record: &Record) {
        let turn = record.begin(self.now, Flag::BodyRead);
        self.connections.count(record, turn);
        record.note(Event::ResponseStarted);
        record.finish(|| self.now, Finish::Whole);
    }

    fn end(&self, record: &Record, cause: EndCause) {
        record.see(cause);
        self.connections.close(record, self.now, false).expect("it was open");
    }

    /// One request on a connection of its own.
    fn visit(&self, party: Party) {
        let record = self.open(party.side(), party);
        self.request(&record);
        self.end(&record, EndCause::RequestClose);
    }
}

fn caller(number: u32) -> Party {
    Party::caller(Ipv4Addr::from(number).to_string())
}

fn heavy(number: u32) -> Party {
    Party::caller(format!("heavy-{}", number % 20))
}

fn sum(parties: &[PartyReuse], of: fn(&PartyReuse) -> u64) -> u64 {
    parties.iter().map(of).sum()
}

fn find<'a>(parties: &'a [PartyReuse], name: &str) -> &'a PartyReuse {
    parties.iter().find(|party| party.name == name).expect("it is in")
}

#[test]
fn live_connections_count_as_those_that_ended() {
    let world = World::new();
    let [first, second] = [(); 2].map(|()| world.open(Side::Inbound, Party::caller("client")));
    for _ in 0..9 {
        world.request(&first);
    }
    world.request(&second);
    let under_way = world.open(Side::Inbound, Party::caller("client"));
    let turn = under_way.begin(world.now, Flag::BodyRead);
    world.connections.count(&under_way, turn);
    let live = world.snapshot();
    let callers = &live.callers;
    assert_eq!(callers.len(), 1, "nobody else called: {callers:?}");
    let PartyReuse { requests, fresh, connections, active, idle, .. } = callers[0];
    assert_eq!((requests, fresh, connections, active, idle), (11, 3, 3, 1, 2));

    under_way.note(Event::ResponseStarted);
    under_way.finish(|| world.now, Finish::Whole);
    for record in [first, second, under_way] {
        world.end(&record, EndCause::ResponseClose);
    }
    let after = world.snapshot();
    let PartyReuse { requests, fresh, active, idle, .. } = after.callers[0];
    assert_eq!((requests, fresh, active, idle), (11, 3, 0, 0), "none was lost, and none doubled");
    assert_eq!(after.callers[0].causes, [(EndCause::ResponseClose, 3)].into());
    assert_eq!(after.callers[0].closers, [(Closer::Unknown, 3)].into(), "no socket is watched");
}

#[test]
fn windows_slide() {
    let mut world = World::new();
    let lasting = world.open(Side::Inbound, Party::caller("lasting"));
    world.visit(Party::caller("past"));
    world.request(&lasting);
    assert_eq!(sum(&world.snapshot().callers, |caller| caller.requests), 2);

    world.now += MINUTE + Duration::from_secs(10);
    world.request(&lasting);
    let callers = world.snapshot().callers;
    assert_eq!(callers.len(), 1, "what is past is gone: {callers:?}");
    let PartyReuse { requests, fresh, idle, reuse, .. } = callers[0];
    assert_eq!((requests, fresh, idle, reuse), (1, 0, 1, Some(1.0)), "the first has left");
}

#[test]
fn the_worst_stand_first_with_what_to_change() {
    let world = World::new();
    let gateway = |authority: &str| Party::upstream(Label::new("gateway"), authority);
    let good = world.open(Side::Outbound, gateway("good:80"));
    for _ in 0..1_000 {
        world.request(&good);
    }
    for _ in 0..50 {
        world.visit(gateway("bad:80"));
    }
    for _ in 0..10 {
        world.visit(gateway("worse-than-good:80"));
    }
    // As many as rising concurrency needs are no fault.
    let burst = [(); 100].map(|()| world.open(Side::Outbound, gateway("burst:80")));
    burst.iter().for_each(|record| _ = record.begin(world.now, Flag::BodyRead));
    world.connections.dial_failed(&gateway("down:80"), world.now);

    let upstreams = world.snapshot().upstreams;
    let names: Vec<_> = upstreams.iter().map(|upstream| &*upstream.name).collect();
    assert_eq!(names[..2], ["bad:80", "worse-than-good:80"]);
    assert_eq!(names.len(), 5);
    let bad = find(&upstreams, "bad:80");
    assert_eq!(bad.client, Some(Label::new("gateway")));
    assert_eq!((bad.fresh, bad.excused, bad.reuse), (50, 1, Some(0.0)));
    assert_eq!(bad.change, Some("let the client send no `close`"), "by its most common cause");
    let good = find(&upstreams, "good:80");
    assert_eq!((good.change, good.dials, good.idle), (None, 1, 1), "it reuses well");
    let down = find(&upstreams, "down:80");
    assert_eq!((down.dials, down.failed_dials, down.connections), (1, 1, 0));
    assert_eq!(find(&upstreams, "burst:80").active, 100);
}

#[test]
fn a_hundred_thousand_callers_hosts_and_routes_leave_the_heavy_ones_in() {
    const JUNK: u32 = 100_000;
    const EACH: u32 = 1_000;

    let world = World::new();
    let client = Label::new("snapshot");
    let slice = world.connections.slice(world.now);
    let routes = &world.connections.routes;
    let route = |label: String| {
        let slot = routes.slot(Label::new(&label), slice);
        assert!(routes.count(slot, 0, slice, true, false), "the slot is new");
    };
    let upstream = |party: &Party| Party::upstream(client, party.name().clone());
    for number in 0..JUNK {
        world.visit(caller(number));
        world.connections.dial_failed(&upstream(&caller(number)), world.now);
        // Labels are bounded for the process: these are those of other tests of windows.
        route(format!("/window/junk/{}", number % 600));
    }
    for number in 0..20 * EACH {
        world.visit(heavy(number));
        world.visit(upstream(&heavy(number)));
        route(format!("/window/heavy/{}", number % 20));
    }
    // Of whom there is no window any more, and whose connection lives.
    let forgotten = world.open(Side::Inbound, caller(JUNK));
    world.request(&forgotten);
    for number in JUNK + 1..JUNK + 1_000 {
        world.visit(caller(number));
    }

    let snapshot = world.snapshot();
    let Snapshot { routes, callers, upstreams, .. } = &snapshot;
    assert!(callers.len() <= 257, "{} callers", callers.len());
    assert!(upstreams.len() <= 257, "{} upstreams", upstreams.len());
    assert!(routes.len() <= 256, "{} routes", routes.len());
    for number in 0..20 {
        for parties in [callers, upstreams] {
            let heavy = find(parties, heavy(number).name());
            assert_eq!(heavy.requests, u64::from(EACH), "it lost nothing");
            assert_eq!(heavy.causes, [(EndCause::RequestClose, u64::from(EACH))].into());
        }
    }
    let labels: Vec<_> = routes[..20].iter().map(|route| route.route.as_str()).collect();
    assert!(labels.iter().all(|label| label.starts_with("/window/heavy/")), "{labels:?}");
    let all = u64::from(JUNK + 20 * EACH);
    assert_eq!(sum(callers, |caller| caller.requests), all + 1_000);
    assert_eq!(sum(callers, |caller| caller.fresh), all + 1_000);
    assert_eq!(sum(callers, |caller| caller.connections), all + 1_000);
    assert_eq!(sum(callers, |caller| caller.idle), 1, "the one that lives");
    let heavy = u64::from(20 * EACH);
    assert_eq!(sum(upstreams, |upstream| upstream.dials), all);
    assert_eq!(sum(upstreams, |upstream| upstream.failed_dials), u64::from(JUNK));
    assert_eq!(sum(upstreams, |upstream| upstream.requests), heavy);
    assert_eq!(sum(upstreams, |upstream| upstream.causes.values().sum()), heavy);
    assert_eq!(sum(upstreams, |upstream| upstream.closers.values().sum()), heavy);
    assert_eq!(sum(callers, |caller| caller.causes.values().sum()), all + 999);
    assert_eq!(routes.iter().map(|route| route.requests).sum::<u64>(), all);
    for last in [callers.last(), upstreams.last()] {
        assert_eq!(last.map(|last| &*last.name), Some("other"), "all others stand last");
    }
    assert_eq!(routes.last().map(|last| last.route), Some(Label::OTHER));
}

#[cfg(feature = "serde")]
#[test]
fn a_snapshot_is_written_with_the_names_of_logs_and_metrics() {
    let world = World::new();
    world.visit(Party::caller("192.0.2.1"));
    world.visit(Party::caller("192.0.2.1"));
    let json = serde_json::to_value(world.snapshot()).expect("it is written");
    for (pointer, value) in [
        ("/window", serde_json::json!(60.0)),
        ("/preset", "observe-1".into()),
        ("/cap", "warn".into()),
        ("/wired/0", "accept".into()),
        ("/unknown/0", "routes, and what heads inbound say".into()),
        ("/callers/0/name", "192.0.2.1".into()),
        ("/callers/0/client", serde_json::Value::Null),
        ("/callers/0/fresh", 2.into()),
        ("/callers/0/reuse", 0.0.into()),
        ("/callers/0/causes/request-close", 2.into()),
        ("/callers/0/closers/unknown", 2.into()),
        ("/callers/0/change", "let the client send no `close`".into()),
        ("/upstreams", serde_json::json!([])),
        ("/drain", serde_json::Value::Null),
    ] {
        assert_eq!(json.pointer(pointer), Some(&value), "{pointer} of {json:#}");
    }
    assert!(json["taken_at"].as_f64().is_some_and(|seconds| seconds > 1.7e9), "{json:#}");
}
