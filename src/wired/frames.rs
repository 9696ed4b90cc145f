/// Looks for GOAWAY among the frames of HTTP/2: each has a head of nine bytes, which begins with
/// the length of what comes after it and the type (RFC 9113, 4.1). Nothing else is read of them.
#[derive(Debug, Default)]
pub(super) struct Frames {
    is_on: bool,
    head: [u8; 4],
    /// How much of a head was read.
    read: u8,
    /// How much of a payload is still to come.
    payload: usize,
}

const HEAD: u8 = 9;
const GOAWAY: u8 = 0x07;

// === impl Frames ===

impl Frames {
    /// The stream speaks HTTP/2, from its first byte on.
    pub(super) fn begin(&mut self) {
        self.is_on = true;
    }

    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether one begins in these bytes, which come after all that were given before.
    pub(super) fn has_goaway(&mut self, mut bytes: &[u8]) -> bool {
        let mut found = false;
        while let Some((byte, rest)) = bytes.split_first() {
            if self.payload > 0 {
                let skipped = self.payload.min(bytes.len());
                self.payload -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            if let Some(place) = self.head.get_mut(usize::from(self.read)) {
                *place = *byte;
            }
            self.read += 1;
            bytes = rest;
            if self.read == HEAD {
                let [high, middle, low, kind] = self.head;
                self.payload = u32::from_be_bytes([0, high, middle, low]) as usize;
                self.read = 0;
                found |= kind == GOAWAY;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of this type.
    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind];
        // Flags, and the number of a stream.
        frame.extend([0, 0, 0, 0, 1]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn a_goaway_is_found_wherever_reads_cut_the_frames() {
        // Payloads that look like heads of GOAWAY.
        let mut bytes = frame(0x04, &[GOAWAY; 36]);
        bytes.extend(frame(0x00, &[GOAWAY; 70_000]));
        bytes.extend(frame(0x04, b""));
        let before = bytes.len();
        bytes.extend(frame(GOAWAY, &[0; 8]));
        let end = before + usize::from(HEAD);
        for cut in [1, 2, 3, 4, 8, 9, 10, 64, 16_384, bytes.len()] {
            let mut frames = Frames::default();
            let mut read = 0;
            for part in bytes.chunks(cut) {
                let found = frames.has_goaway(part);
                let ends_here = read < end && end <= read + part.len();
                assert_eq!(found, ends_here, "cut by {cut}, after {read}");
                read += part.len();
            }
        }
    }
}
