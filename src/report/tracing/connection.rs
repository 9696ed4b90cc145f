use std::time::Duration;

use super::TARGET;
use super::texts::{CALLER, LABEL, cut};
use crate::connection::{DialError, Ended, Opened, Party};
use crate::lint::Client;

/// The record of a connection that ended. Of what is not known there is no field.
pub(super) fn ended(connection: &Ended) {
    let Ended { id, side, party, client, route, local, peer, version, requests, .. } = connection;
    let Ended { bytes_in, bytes_out, dial, at_dial, lived, end_seen, end, .. } = connection;
    let server = party.as_ref().filter(|_| client.is_some());
    let caller = party.as_ref().filter(|_| client.is_none());
    ::tracing::debug!(
        target: TARGET,
        connection = id,
        side = side.as_str(),
        route = client.is_none().then(|| cut(route.as_str(), LABEL)),
        client = client.map(|client| cut(client.name.as_str(), LABEL)),
        server = server.map(|server| cut(server.name(), LABEL)),
        caller = caller.map(|caller| cut(caller.name(), CALLER)),
        local = local.map(::tracing::field::display),
        peer = peer.map(::tracing::field::display),
        version = version.map(::tracing::field::debug),
        requests,
        bytes_in,
        bytes_out,
        dial_seconds = dial.map(|dial| dial.as_secs_f64()),
        retransmitted_at_dial = at_dial.map(|at_dial| at_dial.retransmitted),
        lived_seconds = end_seen.then(|| lived.as_secs_f64()),
        idle_seconds = end_seen.then(|| end.idle.as_secs_f64()),
        end_cause = end.cause.as_str(),
        beside = (!end.beside.is_empty()).then(|| ::tracing::field::display(end.beside)),
        closer = end.closer.as_str(),
        "a connection ended: {}", end.cause.text(),
    );
}

/// A dial that took long, and what the kernel had counted of it.
pub(super) fn slow_dial(connection: &Opened, suppressed: u64) {
    let Opened { id, party, client, local, peer, dial, at_dial, .. } = connection;
    ::tracing::info!(
        target: TARGET,
        connection = id,
        client = client.map(|client| cut(client.name.as_str(), LABEL)),
        server = party.as_ref().map(|server| cut(server.name(), LABEL)),
        local = local.map(::tracing::field::display),
        peer = peer.map(::tracing::field::display),
        dial_seconds = dial.map(|dial| dial.as_secs_f64()),
        retransmitted_at_dial = at_dial.map(|at_dial| at_dial.retransmitted),
        syn_retransmitted = at_dial.and_then(|at_dial| at_dial.syn_retransmitted),
        round_trip_seconds = at_dial.and_then(|at_dial| at_dial.rtt).map(|rtt| rtt.as_secs_f64()),
        suppressed,
        "a dial was slow",
    );
}

/// A dial that led to no connection.
pub(super) fn dial_failed(client: &Client, upstream: &Party, error: DialError, took: Duration) {
    ::tracing::debug!(
        target: TARGET,
        client = cut(client.name.as_str(), LABEL),
        built_at = %client.short_built_at(),
        server = cut(upstream.name(), LABEL),
        error = error.as_str(),
        took_seconds = took.as_secs_f64(),
        "a dial failed",
    );
}

#[cfg(test)]
mod tests {
    use std::panic::Location;
    use std::sync::Arc;
    use std::time::Instant;

    use http::Version;

    use super::*;
    use crate::Clock;
    use crate::connection::{
        Addresses, AtDial, Causes, Closer, Dialler, End, EndCause, Record, Side,
    };
    use crate::lint::Label;
    use crate::report::tracing::log;

    fn inbound() -> Ended {
        Ended {
            id: 17,
            side: Side::Inbound,
            party: Some(Party::caller("192.0.2.1")),
            client: None,
            route: Label::new("/login"),
            local: "127.0.0.1:80".parse().ok(),
            peer: "192.0.2.1:4711".parse().ok(),
            version: Some(Version::HTTP_11),
            requests: 3,
            bytes_in: 100,
            bytes_out: 200,
            dial: None,
            at_dial: None,
            lived: Duration::from_millis(1500),
            end_seen: true,
            end: End {
                cause: EndCause::RequestClose,
                beside: Causes::NONE.with(EndCause::Drain),
                closer: Closer::Local,
                idle: Duration::from_millis(2),
            },
        }
    }

    #[test]
    fn an_ends_line_has_the_whole_record_and_nothing_that_is_not_known() {
        let line = log::of(|| ended(&inbound()));
        for part in [
            " DEBUG tower_conn_lint: a connection ended: the request said `close`",
            "connection=17 side=\"inbound\" route=\"/login\" caller=\"192.0.2.1\"",
            "local=127.0.0.1:80 peer=192.0.2.1:4711 version=HTTP/1.1",
            "requests=3 bytes_in=100 bytes_out=200 lived_seconds=1.5 idle_seconds=0.002",
            "end_cause=\"request-close\" beside=drain closer=\"local\"",
        ] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
        for part in ["client=", "server=", "dial_seconds="] {
            assert!(!line.contains(part), "{part} is in {line}");
        }
    }

    #[test]
    fn of_an_end_that_nobody_saw_there_is_no_time() {
        let line = log::of(|| ended(&Ended { end_seen: false, ..inbound() }));
        assert!(line.contains("end_cause=\"request-close\""), "{line}");
        for part in ["lived_seconds=", "idle_seconds="] {
            assert!(!line.contains(part), "{part} is in {line}");
        }
    }

    #[test]
    fn an_ends_line_is_bounded() {
        let long = "\u{200b}\"\\".repeat(200);
        let client = Client { name: Label::new(&long), built_at: Location::caller() };
        let longest = EndCause::ALL.iter().copied().max_by_key(|cause| cause.text().len());
        let mut of_server = inbound();
        of_server.party = Some(Party::caller(&*long));
        of_server.route = Label::new(&long);
        of_server.end.cause = longest.expect("there are causes");
        // As many as a record keeps.
        of_server.end.beside = EndCause::ALL.iter().copied().take(9).collect();
        let ipv6 = "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535".parse().ok();
        (of_server.local, of_server.peer) = (ipv6, ipv6);
        (of_server.requests, of_server.bytes_in, of_server.bytes_out) =
            (u64::MAX, 1 << 60, 1 << 60);
        of_server.lived = Duration::from_nanos(u64::MAX);
        let of_client = Ended {
            side: Side::Outbound,
            party: Some(Party::upstream(client.name, &*long)),
            client: Some(client),
            dial: Some(Duration::from_nanos(123_456_789)),
            ..of_server.clone()
        };
        for connection in [of_server, of_client] {
            let line = log::of(|| ended(&connection));
            assert!(line.len() <= 1024, "{} bytes: {line}", line.len());
            assert!(line.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
        }
    }

    #[test]
    fn a_slow_dials_line_says_how_slow_it_was_and_what_the_kernel_had_counted() {
        let client = Client { name: Label::new("gateway"), built_at: Location::caller() };
        let addresses = Addresses { peer: "192.0.2.1:81".parse().ok(), ..Addresses::default() };
        let record = Record::new(Side::Outbound, Clock::default(), Instant::now(), addresses);
        let record = record.dialled(Dialler::new(client, None), Duration::from_millis(450));
        record.meet(Party::upstream(client.name, "gateway:81"));
        let (retransmitted, rtt) = (3, Some(Duration::from_millis(2)));
        let mut opened = Opened::new(&Arc::new(record));
        let line = |opened: &Opened| log::of(|| slow_dial(opened, 7));
        assert!(!line(&opened).contains("retransmitted"), "nobody told: {}", line(&opened));
        opened.at_dial = Some(AtDial { retransmitted, syn_retransmitted: None, rtt });
        let line = line(&opened);
        for part in [
            " INFO tower_conn_lint: a dial was slow connection=",
            "client=\"gateway\" server=\"gateway:81\" peer=192.0.2.1:81 dial_seconds=0.45",
            "retransmitted_at_dial=3 round_trip_seconds=0.002 suppressed=7",
        ] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
    }

    #[test]
    fn a_failed_dials_line_says_whose_it_was_and_why() {
        let client = Client { name: Label::new("gateway"), built_at: Location::caller() };
        let upstream = Party::upstream(client.name, "gateway:81");
        let took = Duration::from_millis(250);
        let line = log::of(|| dial_failed(&client, &upstream, DialError::Refused, took));
        for part in [
            " DEBUG tower_conn_lint: a dial failed client=\"gateway\" built_at=",
            "server=\"gateway:81\" error=\"refused\" took_seconds=0.25",
        ] {
            assert!(line.contains(part), "{part} is missing in {line}");
        }
    }
}
