use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::Version;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_util::CompositeKey;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::{Metrics, recommended_buckets};
use crate::Clock;
use crate::arrival::Unusable;
use crate::connection::{
    Addresses, AtDial, Causes, Closer, DialError, Dialler, End, EndCause, Ended, OpenChange,
    Opened, Party, Record, Side, State,
};
use crate::lint::{Client, Label};
use crate::report::{ArrivalTime, Reporter, RequestPhases, RequestTime};
use crate::snapshot::{PortUse, UpstreamPorts};

/// What was recorded, a line each: a histogram by its values.
fn rows(snapshotter: &Snapshotter) -> Vec<String> {
    let row = |(key, _, _, value): (CompositeKey, _, _, DebugValue)| {
        let labels = key.key().labels().map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(" ");
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => format!("{values:?}"),
        };
        format!("{} {labels} {value}", key.key().name())
    };
    let mut rows: Vec<_> = snapshotter.snapshot().into_vec().into_iter().map(row).collect();
    rows.sort();
    rows
}

/// What a reporter records as it is told.
fn recorded(tell: impl FnOnce(&Metrics)) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || tell(&Metrics::default().with_durations(true)));
    rows(&snapshotter)
}

fn gateway(authority: &str) -> Party {
    Party::upstream(Label::new("gateway"), authority)
}

fn client() -> Client {
    Client { name: Label::new("gateway"), built_at: Location::caller() }
}

fn opened(party: Option<Party>) -> Opened {
    let side = if party.is_some() { Side::Outbound } else { Side::Inbound };
    let mut record = Record::new(side, Clock::default(), Instant::now(), Addresses::default());
    if party.is_some() {
        let dialler = Dialler::new(client(), None);
        record = record.dialled(dialler, Duration::from_millis(250));
    }
    party.into_iter().for_each(|party| _ = record.meet(party));
    Opened::new(&Arc::new(record))
}

fn ended(party: Party, requests: u64) -> Ended {
    Ended {
        id: 1,
        side: party.side(),
        client: party.client().map(|_| client()),
        party: Some(party),
        route: Label::new("/login"),
        local: None,
        peer: None,
        version: Some(Version::HTTP_11),
        requests,
        bytes_in: 0,
        bytes_out: 0,
        dial: None,
        at_dial: None,
        lived: Duration::from_secs(2),
        end_seen: true,
        end: End {
            cause: EndCause::RequestClose,
            beside: Causes::NONE,
            closer: Closer::Peer,
            idle: Duration::ZERO,
        },
    }
}

#[test]
fn dials_and_accepts_are_counted_as_they_are_opened() {
    let rows = recorded(|metrics| {
        metrics.opened(&opened(None));
        metrics.opened(&opened(Some(gateway("gateway:81"))));
        metrics.opened(&opened(Some(gateway("gateway:81"))));
        let mut dropped = opened(Some(gateway("gateway:81")));
        let (retransmitted, syn_retransmitted) = (2, Some(true));
        dropped.at_dial = Some(AtDial { retransmitted, syn_retransmitted, rtt: None });
        metrics.opened(&dropped);
        let took = Duration::from_secs(3);
        metrics.dial_failed(&client(), &gateway("gateway:81"), DialError::Refused, took);
    });
    assert_eq!(
        rows,
        [
            "conn_lint_client_dial_duration_seconds server_address=gateway:81 [0.25, 0.25]",
            "conn_lint_client_dial_duration_seconds server_address=gateway:81 \
             conn_lint_syn_retransmitted=true [0.25]",
            "conn_lint_client_dials server_address=gateway:81 3",
            "conn_lint_client_dials server_address=gateway:81 error_type=refused 1",
            "conn_lint_server_accepts  1",
        ]
    );
}

#[test]
fn an_end_is_counted_by_side_cause_closer_and_reuse() {
    let rows = recorded(|metrics| {
        metrics.ended(&ended(Party::caller("192.0.2.1"), 1));
        metrics.ended(&ended(Party::caller("192.0.2.2"), 1));
        metrics.ended(&ended(gateway("[::1]:81"), 7));
    });
    assert_eq!(
        rows,
        [
            "conn_lint_connections_ended conn_lint_side=inbound conn_lint_end_cause=request-close \
             conn_lint_closer=peer conn_lint_connection_reused=false 2",
            "conn_lint_connections_ended conn_lint_side=outbound conn_lint_end_cause=request-close \
             conn_lint_closer=peer conn_lint_connection_reused=true 1",
            "conn_lint_requests_per_connection conn_lint_side=inbound http_route=/login [1.0, 1.0]",
            "conn_lint_requests_per_connection conn_lint_side=outbound server_address=[::1]:81 [7.0]",
            "http_client_connection_duration_seconds server_address=[::1] server_port=81 \
             network_protocol_version=1.1 [2.0]",
        ]
    );
}

#[test]
fn how_long_a_connection_lasted_is_recorded_where_its_end_was_seen() {
    let rows = recorded(|metrics| {
        metrics.ended(&Ended { end_seen: false, ..ended(gateway("gateway:81"), 7) });
    });
    assert!(!rows.is_empty(), "its end is counted");
    let durations = rows.iter().filter(|row| row.contains("connection_duration"));
    assert_eq!(durations.count(), 0, "{rows:?}");
}

#[test]
fn gauges_add_up_over_clients_and_states() {
    let rows = recorded(|metrics| {
        let billing = Party::upstream(Label::new("billing"), "gateway:81");
        for (party, version, state, by) in [
            (Some(&gateway("gateway:81")), None, State::Idle, 2),
            (Some(&gateway("gateway:81")), None, State::Idle, -2),
            (Some(&gateway("gateway:81")), Some(Version::HTTP_11), State::Active, 2),
            (Some(&billing), Some(Version::HTTP_11), State::Active, 1),
            (None, None, State::Idle, 3),
            (Some(&Party::caller("192.0.2.1")), Some(Version::HTTP_2), State::Idle, -1),
        ] {
            let side = party.map_or(Side::Inbound, Party::side);
            metrics.open_changed(&OpenChange { side, party, version, state, by });
        }
    });
    assert_eq!(
        rows,
        [
            "conn_lint_server_open_connections http_connection_state=idle 2",
            "http_client_open_connections http_connection_state=active server_address=gateway \
             server_port=81 network_protocol_version=1.1 3",
            "http_client_open_connections http_connection_state=idle server_address=gateway \
             server_port=81 0",
        ]
    );
}

#[test]
fn request_durations_are_kept_apart_by_route_client_and_reuse() {
    let rows = recorded(|metrics| {
        for (side, of, reused, millis) in [
            (Side::Inbound, "/login", false, 500),
            (Side::Inbound, "/login", true, 250),
            (Side::Inbound, "/login", true, 125),
            (Side::Outbound, "/login", true, 1000),
            (Side::Outbound, "gateway", true, 750),
        ] {
            let took = Duration::from_millis(millis);
            metrics.request_took(&RequestTime { side, of: Label::new(of), reused, took });
        }
    });
    let name = "conn_lint_request_duration_seconds conn_lint_side";
    assert_eq!(
        rows,
        [
            format!("{name}=inbound http_route=/login conn_lint_connection_reused=false [0.5]"),
            format!(
                "{name}=inbound http_route=/login conn_lint_connection_reused=true [0.25, 0.125]"
            ),
            format!(
                "{name}=outbound conn_lint_client=/login conn_lint_connection_reused=true [1.0]"
            ),
            format!(
                "{name}=outbound conn_lint_client=gateway conn_lint_connection_reused=true [0.75]"
            ),
        ]
    );
}

#[test]
fn every_table_of_handles_is_bounded() {
    let rows = recorded(|metrics| {
        for number in 0..20_000 {
            let party = gateway(&format!("bounded-{number}:80"));
            metrics.opened(&opened(Some(party.clone())));
            metrics.ended(&ended(party, 1));
            // As many as other tests of windows have, since labels are the process's.
            let of = Label::new(&format!("/window/junk/{}", number % 600));
            let took = Duration::from_millis(1);
            for (side, reused) in [
                (Side::Inbound, true),
                (Side::Inbound, false),
                (Side::Outbound, true),
                (Side::Outbound, false),
            ] {
                metrics.request_took(&RequestTime { side, of, reused, took });
            }
        }
    });
    let of = |name: &str| rows.iter().filter(|row| row.starts_with(name)).count();
    for name in [
        "conn_lint_client_dials",
        "conn_lint_client_dial_duration_seconds",
        "http_client_connection_duration_seconds",
        "conn_lint_requests_per_connection",
    ] {
        assert_eq!(of(name), 257, "{name}: 256 upstreams and the rest");
    }
    let requests = of("conn_lint_request_duration_seconds");
    assert!((900..=1_028).contains(&requests), "{requests} histograms for 2,400 kinds");
    let requests = rows.iter().filter(|row| row.starts_with("conn_lint_request_duration"));
    for row in requests.filter(|row| !row.contains("=other ")) {
        // The values stand between commas.
        assert!(row.matches(',').count() < 34, "none counts for another: {row}");
    }
    let dials: u64 = rows
        .iter()
        .filter(|row| row.starts_with("conn_lint_client_dials "))
        .filter_map(|row| row.rsplit(' ').next()?.parse::<u64>().ok())
        .sum();
    assert_eq!(dials, 20_000, "the sum is exact");
}

/// Counts what is registered, and drops what is recorded.
#[derive(Default)]
struct Registrations(AtomicUsize);

impl Recorder for Registrations {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        self.0.fetch_add(1, Ordering::Relaxed);
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        self.0.fetch_add(1, Ordering::Relaxed);
        Histogram::noop()
    }
}

#[test]
fn a_handle_is_registered_once_and_kept() {
    let (recorder, metrics) = (Registrations::default(), Metrics::default().with_durations(true));
    let registered = |times| {
        for number in 0..times {
            let party = gateway(&format!("gateway:{}", 80 + number % 2));
            metrics.opened(&opened(Some(party.clone())));
            let state = State::Idle;
            let change = OpenChange {
                side: Side::Outbound,
                party: Some(&party),
                version: None,
                state,
                by: 1,
            };
            metrics.open_changed(&change);
            metrics.ended(&ended(party, 1));
            let of = Label::new("/login");
            let took = Duration::from_millis(1);
            metrics.request_took(&RequestTime { side: Side::Inbound, of, reused: true, took });
        }
        recorder.0.load(Ordering::Relaxed)
    };
    metrics::with_local_recorder(&recorder, || {
        let first = registered(2);
        assert_eq!(first, 12, "two upstreams with five each, and two that they share");
        assert_eq!(registered(100), first, "nothing is looked up again");
    });
}

#[test]
fn two_recorders_in_one_process_do_not_mix() {
    let [one, two] =
        [(); 2].map(|()| (DebuggingRecorder::new(), Metrics::default().with_durations(true)));
    for (times, (recorder, metrics)) in [(1, &one), (2, &two), (3, &one)] {
        metrics::with_local_recorder(recorder, || {
            (0..times).for_each(|_| metrics.opened(&opened(None)));
        });
    }
    assert_eq!(rows(&one.0.snapshotter()), ["conn_lint_server_accepts  4"]);
    assert_eq!(rows(&two.0.snapshotter()), ["conn_lint_server_accepts  2"]);
}

fn arrival(before: Result<Duration, Unusable>) -> ArrivalTime {
    let (connection, request) = (Some(1), Some(1));
    ArrivalTime { of: Label::new("/login"), connection, request, before, slow: false }
}

#[test]
fn times_before_arrival_are_kept_by_route_and_what_tells_none_is_counted() {
    let rows = recorded(|metrics| {
        metrics.arrived(&arrival(Ok(Duration::from_millis(250))));
        metrics.arrived(&arrival(Ok(Duration::ZERO)));
        metrics.arrived(&arrival(Err(Unusable::Future)));
        metrics.arrived(&arrival(Err(Unusable::Future)));
    });
    assert_eq!(
        rows,
        [
            "conn_lint_server_stamps_ignored conn_lint_reason=future 2",
            "conn_lint_server_time_before_arrival_seconds http_route=/login [0.25, 0.0]",
        ]
    );
}

fn phases(upstream: &Party, took: [Option<Duration>; 5]) -> RequestPhases<'_> {
    let upstream = Some(upstream);
    RequestPhases { client: Some(client()), upstream, connection: 1, reused: false, took }
}

#[test]
fn phases_are_kept_apart_by_upstream_and_what_is_not_known_is_no_zero() {
    let ms = |millis| Some(Duration::from_millis(millis));
    let (one, other) = (gateway("gateway:81"), gateway("gateway:82"));
    let rows = recorded(|metrics| {
        metrics.request_passed(&phases(&one, [ms(500), ms(250), None, ms(125), ms(0)]));
        metrics.request_passed(&phases(&one, [ms(0), None, None, ms(125), None]));
        metrics.request_passed(&phases(&other, [None, None, ms(125), ms(250), None]));
    });
    let row = |phase: &str, port: u16, values: &str| {
        let name = "conn_lint_client_phase_duration_seconds";
        format!("{name} conn_lint_phase={phase} server_address=gateway:{port} {values}")
    };
    let expected = [
        row("body", 81, "[0.0]"),
        row("dial", 81, "[0.25]"),
        row("first-byte", 81, "[0.125, 0.125]"),
        row("first-byte", 82, "[0.25]"),
        row("tls", 82, "[0.125]"),
        row("wait", 81, "[0.5, 0.0]"),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn held_ports_are_told_by_upstream_and_the_rest_of_the_sockets_is_no_ones() {
    let of = |name: &str, last: u8, time_wait, used| UpstreamPorts {
        name: name.to_owned(),
        client: Label::new("gateway"),
        address: ([192, 0, 2, last], 81).into(),
        time_wait,
        held: time_wait,
        used: Some(used),
        lasts: None,
    };
    let read = |upstreams| PortUse {
        taken_at: 0.0,
        time_wait: Some(1_000),
        ports: Some(28_232),
        is_whole: true,
        upstreams,
    };
    let rows = recorded(|metrics| {
        let gone = of("gone:81", 3, 5, 0.125);
        let two = [of("gateway:81", 1, 100, 0.25), of("gateway:81", 2, 200, 0.5)];
        metrics.port_use(&read(two.iter().cloned().chain([gone]).collect()));
        metrics.port_use(&read(two.to_vec()));
    });
    assert_eq!(
        rows,
        [
            "conn_lint_ephemeral_ports_used server_address=gateway:81 0.5",
            "conn_lint_ephemeral_ports_used server_address=gone:81 0",
            "conn_lint_time_wait server_address=gateway:81 300",
            "conn_lint_time_wait server_address=gone:81 0",
            "conn_lint_time_wait server_address=other 700",
        ]
    );
}

#[test]
fn every_histogram_has_buckets_that_rise() {
    let rows = recorded(|metrics| {
        metrics.opened(&opened(Some(gateway("gateway:81"))));
        metrics.ended(&ended(gateway("gateway:81"), 1));
        let took = Duration::from_millis(1);
        let of = Label::new("/login");
        metrics.arrived(&arrival(Ok(took)));
        let upstream = gateway("gateway:81");
        metrics.request_passed(&phases(&upstream, [Some(took); 5]));
        metrics.request_took(&RequestTime { side: Side::Inbound, of, reused: true, took });
    });
    let histograms = rows.iter().filter(|row| row.ends_with(']'));
    let mut names: Vec<_> = histograms.filter_map(|row| row.split(' ').next()).collect();
    names.sort_unstable();
    names.dedup();
    let mut known: Vec<_> = recommended_buckets().iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(names, known, "each histogram, and nothing else");
    for (name, buckets) in recommended_buckets() {
        assert!(buckets.windows(2).all(|pair| pair[0] < pair[1]), "{name}: {buckets:?}");
    }
}
