//! What a plain subscriber writes, for the tests of this module.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use ::tracing::Dispatch;
use ::tracing::subscriber::NoSubscriber;

/// Where a subscriber writes to.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics with the lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `run` makes a plain subscriber write, all levels.
pub(crate) fn of(run: impl FnOnce()) -> String {
    // Beside a single one, tracing-core 0.1 asks the thread that comes to an event first whether
    // anybody listens, and keeps the answer for all threads.
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

    LazyLock::force(&SECOND);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(::tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    ::tracing::subscriber::with_default(subscriber, run);
    let bytes = log.0.lock().expect("no test panics with the lock").clone();
    String::from_utf8(bytes).expect("a log is text")
}
