use http::Extensions;

/// Empty extensions with room for what is put into a request's: our handle, and what a router adds.
/// Those that begin with the handle alone would have to grow there, which takes as long as all
/// inserts.
#[derive(Clone, Debug)]
pub(crate) struct Room(Extensions);

// === impl Room ===

impl Room {
    /// Gives extensions that hold nothing their room.
    #[inline]
    pub(crate) fn make_in(&self, extensions: &mut Extensions) {
        if extensions.is_empty() {
            extensions.clone_from(&self.0);
        }
    }
}

impl Default for Room {
    fn default() -> Room {
        #[derive(Clone)]
        struct Taken<const N: usize>;

        let mut extensions = Extensions::new();
        extensions.insert(Taken::<0>);
        extensions.insert(Taken::<1>);
        extensions.insert(Taken::<2>);
        extensions.insert(Taken::<3>);
        // What was taken stays.
        extensions.clear();
        Room(extensions)
    }
}

#[cfg(test)]
mod tests {
    use allocation_counter::measure;

    use super::*;

    #[test]
    fn extensions_with_room_do_not_grow() {
        let inserts = |extensions: &mut Extensions| {
            extensions.insert(1_u8);
            extensions.insert(1_u16);
            extensions.insert(1_u32);
            extensions.insert(1_u64);
        };
        let room = Room::default();
        let mut roomy = Extensions::new();
        room.make_in(&mut roomy);
        assert!(roomy.is_empty());
        let each_in_a_box = measure(|| inserts(&mut roomy));
        assert_eq!(each_in_a_box.count_total, 4);

        roomy.remove::<u64>();
        room.make_in(&mut roomy);
        assert_eq!(roomy.len(), 3, "what is there stays");
    }
}
