/// One HTTP/1 message as it stood on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Start line and fields, one character a byte.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The first message in `bytes` and its length; `None` where more has to be read.
    pub(crate) fn first(bytes: &[u8]) -> Option<(Message, usize)> {
        let head_end = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        let head = bytes[..head_end].iter().copied().map(char::from).collect();
        let mut message = Message { head, body: Vec::new() };
        let end = head_end + message.body_len(&bytes[head_end..])?;
        message.body = bytes[head_end..end].to_vec();
        Some((message, end))
    }

    /// The values of a field, line by line, in the casing that was sent.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    /// Whether `Connection` has this option.
    pub(crate) fn says(&self, option: &str) -> bool {
        let lines = self.lines("connection");
        let mut options = lines.iter().flat_map(|line| line.split(',')).map(str::trim);
        options.any(|sent| sent.eq_ignore_ascii_case(option))
    }

    /// A response's status.
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no status line: {}", self.head))
    }

    /// A request's path.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    fn body_len(&self, after: &[u8]) -> Option<usize> {
        if self.lines("transfer-encoding").contains(&"chunked") {
            return chunked_len(after);
        }
        if self.head.starts_with("HTTP/") && matches!(self.status(), 100..200 | 204 | 304) {
            return Some(0);
        }
        let length = self.lines("content-length").first().map_or(Ok(0), |length| length.parse());
        let length = length.unwrap_or_else(|_| panic!("no length: {}", self.head));
        (after.len() >= length).then_some(length)
    }
}

/// The length of a chunked body with its trailers.
fn chunked_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = at + bytes[at..].windows(2).position(|end| end == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..line]).ok()?;
        let size = usize::from_str_radix(size, 16).expect("a chunk begins with its size");
        if size == 0 {
            let trailers = bytes[line..].windows(4).position(|end| end == b"\r\n\r\n")?;
            return Some(line + trailers + 4);
        }
        at = line + 2 + size + 2;
        if bytes.len() < at {
            return None;
        }
    }
}
