/// A place in the table of routes, and the how manieth label holds it: to be kept by a connection,
/// which learns by the second that the place was given away. 24 bits, never all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RouteSlot {
    index: u8,
    generation: u16,
}

// === impl RouteSlot ===

impl RouteSlot {
    pub(super) const BITS: u32 = 24;

    pub(super) const fn new(index: u8, generation: u16) -> RouteSlot {
        RouteSlot { index, generation }
    }

    /// Whether it is that of all routes without one of their own.
    pub(crate) const fn is_of_others(self) -> bool {
        self.index == 0
    }

    pub(super) const fn index(self) -> usize {
        self.index as usize
    }

    pub(super) const fn generation(self) -> u16 {
        self.generation
    }

    pub(crate) const fn bits(self) -> u64 {
        (self.generation as u64) << u8::BITS | self.index as u64
    }

    pub(crate) const fn from_bits(bits: u64) -> RouteSlot {
        RouteSlot { index: bits as u8, generation: (bits >> u8::BITS) as u16 }
    }
}
