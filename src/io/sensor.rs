use std::io;

/// What a [`Watched`](super::Watched) stream tells; it knows bytes and ends, and no HTTP.
///
/// The order of the calls is that of what happened, so that an end of the peer's that comes after
/// [`shutting_down`](Sensor::shutting_down) crossed ours.
pub(crate) trait Sensor {
    /// These bytes came from the peer; never none. Each is told once, when it leaves the stream,
    /// though a byte that was read ahead may reach the reader later or never.
    fn read(&self, bytes: &[u8]);

    /// The reader asked, and nothing is there. Not told of a read that the wrapper does by itself.
    fn read_pending(&self);

    /// The peer's end was read; told once.
    fn eof(&self);

    /// So many bytes were taken to be written; never zero. The first of what was offered are there
    /// to be looked at.
    fn wrote(&self, offered: &[u8], bytes: usize);

    /// All that was taken to be written has left this side.
    fn flushed(&self);

    /// We end the stream, and no end of the peer's was read: one that is told before
    /// [`shutting_down`](Sensor::shutting_down), or before the drop, was queued. Told at most once.
    fn leaving(&self);

    /// Our end was to be sent, and what the peer sent before was asked for; told once.
    fn shutting_down(&self);

    /// Reading, writing, flushing or shutting down failed; told of each error.
    fn failed(&self, error: &io::Error);

    /// The stream was dropped; told once, last.
    fn dropped(&self);
}
