//! The static branches of all nodes in one open-addressing hash table.
//!
//! A table of the standard library can't be asked for a pair that borrows its segment.

use super::NodeId;
use super::cut::{Cut, word};

/// From a node and a segment to a node.
#[derive(Clone, Debug)]
pub(super) struct Branches {
    /// As many as a power of two, at least half of them free.
    slots: Vec<Option<Branch>>,
    len: usize,
    /// The length of the longest segment.
    longest: usize,
}

#[derive(Clone, Debug)]
struct Branch {
    from: u32,
    to: NodeId,
    /// The segment as a [`Cut`]: most are compared without a look at the heap.
    head: u64,
    text: Box<[u8]>,
}

/// The hash of a segment, to be combined with a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SegmentHash(u64);

// Odd, with bits all over: digits of pi.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
const STEP: u64 = 0x1319_8a2e_0370_7345;

// === impl Branches ===

impl Branches {
    /// Reads no more of a segment than the longest one has: a longer one is in no branch.
    ///
    /// A path can't be made to collide at a cost: what is in the table, and so how far a lookup
    /// probes, is up to the policy alone.
    #[inline]
    pub(super) fn hash(&self, segment: &Cut<'_>) -> SegmentHash {
        if (9..=self.longest).contains(&segment.text.len()) {
            SegmentHash(hash_tail(segment))
        } else {
            SegmentHash(segment.head)
        }
    }

    #[inline(always)]
    pub(super) fn find(&self, from: u32, segment: &Cut<'_>, hash: SegmentHash) -> Option<NodeId> {
        self.probe(from, segment, hash).ok()
    }

    /// The branch there is, or else `to`, which is one from now on.
    pub(super) fn find_or_insert(&mut self, from: u32, segment: &Cut<'_>, to: NodeId) -> NodeId {
        if 2 * (self.len + 1) > self.slots.len() {
            self.grow();
        }
        self.longest = self.longest.max(segment.text.len());
        match self.probe(from, segment, self.hash(segment)) {
            Ok(branch) => branch,
            Err(free) => {
                self.slots[free] =
                    Some(Branch { from, to, head: segment.head, text: segment.text.into() });
                self.len += 1;
                to
            }
        }
    }

    /// The branch, or the free slot where it would be. There is a free slot.
    #[inline(always)]
    fn probe(&self, from: u32, segment: &Cut<'_>, hash: SegmentHash) -> Result<NodeId, usize> {
        let mask = self.slots.len() - 1;
        let key = hash.0 ^ u64::from(from).wrapping_mul(SEED);
        let mut place = fold(key ^ SEED, STEP) as usize & mask;
        while let Some(branch) = &self.slots[place] {
            if branch.from == from && branch.is(segment) {
                return Ok(branch.to);
            }
            place = (place + 1) & mask;
        }
        Err(place)
    }

    fn grow(&mut self) {
        let twice = vec![None; 2 * self.slots.len()];
        for branch in std::mem::replace(&mut self.slots, twice) {
            let Some(branch) = branch else { continue };
            let segment = Cut::whole(&branch.text);
            if let Err(free) = self.probe(branch.from, &segment, self.hash(&segment)) {
                self.slots[free] = Some(branch);
            }
        }
    }
}

impl Default for Branches {
    fn default() -> Self {
        Self { slots: vec![None; 8], len: 0, longest: 0 }
    }
}

// === impl Branch ===

impl Branch {
    #[inline]
    fn is(&self, segment: &Cut<'_>) -> bool {
        self.head == segment.head
            && self.text.len() == segment.text.len()
            && (self.text.len() <= 8 || self.text[8..] == *segment.tail())
    }
}

#[inline(never)]
fn hash_tail(segment: &Cut<'_>) -> u64 {
    let words = segment.tail().chunks(8).map(word);
    words.fold(segment.head, |hash, word| fold(hash ^ SEED, word ^ STEP))
}

/// Both halves of the product: every bit of the operands reaches the low bits.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}
