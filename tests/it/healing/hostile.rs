//! Peers that take what a cure gives and never stop: they get its bounds, and others their answers.

use std::net::IpAddr;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::*;

/// What a peer does that has its response.
#[derive(Clone, Copy, Debug)]
enum Manner {
    NeverCloses,
    SendsForEver,
    SendsByteByByte,
}

/// How many farewells are under way, and how many were at most.
#[derive(Clone, Default)]
struct Farewells {
    now: Arc<AtomicI64>,
    most: Arc<AtomicI64>,
    ended: Arc<AtomicUsize>,
}

const MANNERS: [Manner; 3] = [Manner::NeverCloses, Manner::SendsForEver, Manner::SendsByteByByte];

/// Below what anyone notices who waits for an answer, on a machine that is busy.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn whoever_is_waited_for_has_its_grace_and_no_more() {
    let mut grace = Grace::default();
    grace.time = Duration::from_millis(200);
    for manner in MANNERS {
        let mut world = World::with(Cures::new().peer_closes_first(grace));
        let server = world.serve().await;
        let tasks = alive();
        let mut other = Peer::connect(server.addr).await;
        let mut peer = TcpStream::connect(server.addr).await.expect("loopback accepts");
        peer.write_all(CLOSE.as_bytes()).await.expect("it goes");
        assert_eq!(world.act().await, (Cure::PeerClosesFirst, Tried), "{manner:?}");
        let began = Instant::now();
        let peer = tokio::spawn(manner.goes_on(peer));
        other.ask(PLAIN).await;
        assert_eq!(world.act().await, (Cure::PeerClosesFirst, GaveUp), "{manner:?}");
        assert!(began.elapsed() < SOON, "{manner:?}: {:?}", began.elapsed());
        assert_eq!(world.end().await, (EndCause::RequestClose, Closer::Local), "{manner:?}");
        within("the peer", peer).await.expect("it learns of the end");
        drop(other);
        world.end().await;
        within("the last task", none_beyond(tasks)).await;
    }
}

#[tokio::test]
async fn whoever_sends_a_body_that_nobody_reads_has_its_budget_and_no_more() {
    let mut budget = Budget::default();
    budget.time = Duration::from_millis(200);
    let head = "POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n";
    for manner in MANNERS {
        // As much as announced never comes, or more than is read.
        budget.bytes = if matches!(manner, Manner::SendsForEver) { 1 << 20 } else { 1 << 30 };
        let mut world = World::with(Cures::new().drain_request_body(budget));
        let server = world.serve().await;
        let tasks = alive();
        let mut other = Peer::connect(server.addr).await;
        let mut peer = TcpStream::connect(server.addr).await.expect("loopback accepts");
        let head = match manner {
            Manner::SendsForEver => {
                head.replace("content-length: 1000000", "transfer-encoding: chunked")
            }
            _ => head.to_owned(),
        };
        peer.write_all(head.as_bytes()).await.expect("it goes");
        assert_eq!(world.act().await, (Cure::DrainRequestBody, Tried), "{manner:?}");
        let began = Instant::now();
        let peer = tokio::spawn(manner.goes_on(peer));
        other.ask(PLAIN).await;
        assert_eq!(world.act().await, (Cure::DrainRequestBody, GaveUp), "{manner:?}");
        assert!(began.elapsed() < SOON, "{manner:?}: {:?}", began.elapsed());
        assert_eq!(world.end().await.0, EndCause::UnreadRequestBody, "{manner:?}");
        within("the peer", peer).await.expect("it learns of the end");
        drop(other);
        world.end().await;
        within("the last task", none_beyond(tasks)).await;
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_does_not_outlast_a_drain() {
    let mut world = World::with(Cures::new().drain(Duration::from_millis(200)));
    let server = world.serve().await;
    let mut peer = Peer::connect(server.addr).await;
    peer.ask(PLAIN).await;
    let stream = peer.into_stream();
    world.lint.drain();
    let began = Instant::now();
    within("the peer", Manner::SendsByteByByte.goes_on(stream)).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(world.act().await, (Cure::Drain, Tried));
    assert_eq!(world.end().await.0, EndCause::Drain);
}

/// From as many addresses, so that none of them is known.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn ten_thousand_that_never_close_take_no_more_than_their_bounds() {
    const CONNECTIONS: u32 = 10_000;
    const AT_ONCE: usize = 500;
    const WAITING: usize = 64;

    let mut grace = Grace::default();
    (grace.time, grace.at_once) = (Duration::from_millis(20), WAITING);
    let farewells = Farewells::default();
    let cures = Cures::new()
        .peer_closes_first(grace)
        .drain_request_body(Budget::default())
        .drain(Duration::from_millis(1))
        .idle_timeout(Duration::from_secs(60));
    let builder = ConnLint::builder().heal(cures).reporter(farewells.clone());
    let lint = builder.environment("").without_tracing().without_metrics().build();
    let app = Router::new().route("/", get(|| async { "welcome" }));
    let server = Wired::of(&lint, app).await;
    let tasks = alive();
    let (places, mut peers) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    let mut other = Peer::connect(server.addr).await;
    let (began, mut most_tasks) = (Instant::now(), 0);
    for number in 0..CONNECTIONS {
        let place = places.clone().acquire_owned().await.expect("it is never closed");
        let addr = server.addr;
        peers.spawn(async move {
            let socket = TcpSocket::new_v4().expect("there is one left");
            let [_, high, middle, low] = number.to_be_bytes();
            let own = IpAddr::from([127, 1 + high, middle, low]);
            socket.bind((own, 0).into()).expect("loopback is wide");
            let mut peer = socket.connect(addr).await.expect("loopback accepts");
            peer.write_all(CLOSE.as_bytes()).await.expect("it goes");
            peer.read_to_end(&mut Vec::new()).await.expect("it is answered, and then ended");
            drop(place);
        });
        most_tasks = most_tasks.max(alive());
        if number % 500 == 0 {
            let asked = Instant::now();
            other.ask(PLAIN).await;
            assert!(asked.elapsed() < SOON, "after {number} others: {:?}", asked.elapsed());
        }
    }
    while let Some(peer) = peers.join_next().await {
        peer.expect("it is answered");
    }
    let elapsed = began.elapsed();
    // Six on two cores that have nothing else to do.
    assert!(elapsed < Duration::from_secs(60), "{elapsed:?}");
    // One of each peer, and one of the server for each, which ends a little later.
    assert!(most_tasks <= tasks + 3 * AT_ONCE, "{most_tasks} tasks at once");
    drop(other);
    within("the last task", none_beyond(tasks)).await;
    let Farewells { now, most, ended } = farewells;
    assert_eq!(ended.load(Ordering::Relaxed), CONNECTIONS as usize + 1, "all ended");
    assert_eq!(now.load(Ordering::Relaxed), 0, "nobody is waited for any more");
    let most = most.load(Ordering::Relaxed);
    assert!(0 < most && most <= WAITING as i64, "{most} were waited for at once");
    let callers = lint.snapshot().callers.len();
    assert!(callers <= 257, "{callers} callers are known");
    let kept = format!("{lint:?}");
    assert!(kept.contains("sleepers: Sleepers(Mutex { data: {}"), "who slept left: {kept}");
}

// === impl Manner ===

impl Manner {
    /// Until the other end is gone.
    async fn goes_on(self, mut peer: TcpStream) {
        match self {
            Manner::NeverCloses => _ = peer.read_to_end(&mut Vec::new()).await,
            // As a chunk is, where chunks are read.
            Manner::SendsForEver => {
                let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
                while peer.write_all(chunk.as_bytes()).await.is_ok() {}
            }
            Manner::SendsByteByByte => {
                while peer.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
}

// === impl Farewells ===

impl Reporter for Farewells {
    fn healed(&self, act: &Act) {
        let by = match (act.cure, act.outcome) {
            (Cure::PeerClosesFirst, Tried) => 1,
            (Cure::PeerClosesFirst, Worked | GaveUp) => -1,
            _ => return,
        };
        let now = self.now.fetch_add(by, Ordering::Relaxed) + by;
        self.most.fetch_max(now, Ordering::Relaxed);
    }

    fn ended(&self, _: &Ended) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The tasks of this test.
fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Until there are no more tasks than that.
async fn none_beyond(tasks: usize) {
    while alive() > tasks {
        tokio::task::yield_now().await;
    }
}
