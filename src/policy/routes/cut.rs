//! A path cut at its slashes, eight bytes at a time.

/// A segment of a path or template.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut<'p> {
    pub(super) text: &'p [u8],
    /// The first eight bytes, the first one lowest; zeros after a shorter text.
    pub(super) head: u64,
}

// === impl Cut ===

impl<'p> Cut<'p> {
    /// The first segment, and what follows its slash if there is one.
    #[inline(always)]
    pub(super) fn first(path: &'p [u8]) -> (Self, Option<&'p [u8]>) {
        let word = word(path);
        let slash = first_slash(word);
        let head = word & before(slash);
        let at = match slash {
            0 if path.len() > 8 => slash_after_word(path),
            0 => path.len(),
            slash => index(slash),
        };
        match path.split_at_checked(at) {
            Some((text, [_, after @ ..])) => (Self { text, head }, Some(after)),
            _ => (Self { text: path, head }, None),
        }
    }

    /// A text without a slash, whole.
    pub(super) fn whole(text: &'p [u8]) -> Self {
        let head = word(text);
        Self { text, head }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What [`head`](Self::head) doesn't hold.
    pub(super) fn tail(&self) -> &'p [u8] {
        self.text.get(8..).unwrap_or_default()
    }
}

/// The first eight bytes, or zeros where there are fewer.
#[inline]
pub(super) fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // The two overlap in the same bytes.
        let last = u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4));
        return u64::from(u32::from_le_bytes(*first)) | last;
    }
    (bytes.iter().rev()).fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// Where the first slash is that doesn't stand in the first eight bytes, or else the length.
#[inline(never)]
fn slash_after_word(path: &[u8]) -> usize {
    let mut at = 8;
    while at < path.len() {
        match first_slash(word(&path[at..])) {
            0 => at += 8,
            slash => return at + index(slash),
        }
    }
    path.len()
}

/// The high bit of the first byte that is a slash, alone; zero where there is none.
#[inline]
fn first_slash(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Zero where there is a slash. The subtraction sets the high bit of a zero byte; by its
    // borrow of others too, but only above one.
    let other = word ^ (ONES * b'/' as u64);
    let slashes = other.wrapping_sub(ONES) & !other & (ONES << 7);
    slashes & slashes.wrapping_neg()
}

/// Which byte the high bit belongs to.
#[inline]
fn index(high_bit: u64) -> usize {
    high_bit.trailing_zeros() as usize / 8
}

/// All bits of the bytes before the one the high bit belongs to; of all bytes for zero.
#[inline]
fn before(high_bit: u64) -> u64 {
    (high_bit >> 7).wrapping_sub(1)
}
