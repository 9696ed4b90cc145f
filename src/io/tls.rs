//! What the records of TLS show of themselves without a key (RFC 8446, 5.1).

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const CLIENT_HELLO: u8 = 1;

/// Of type, version and length.
const HEADER: usize = 5;

/// What an alert has under TLS 1.3: level and description, its type, and the tag.
const SEALED_ALERT: usize = 2 + 1 + 16;

/// Whether a stream that begins so goes on under TLS: a handshake, whose first message is a client's.
pub(crate) fn is_hello(head: &[u8]) -> bool {
    match head {
        [HANDSHAKE, 3, _, _, _, message, ..] => *message == CLIENT_HELLO,
        [HANDSHAKE, 3, ..] => true,
        _ => false,
    }
}

/// Whether what begins so is under TLS.
pub(crate) fn is_record(head: &[u8]) -> bool {
    matches!(head, [CHANGE_CIPHER_SPEC..=APPLICATION_DATA, 3, ..])
}

/// Whether these bytes, of which this is the head, are an alert: most likely the one that says that
/// its sender ends. Under TLS 1.3 an alert looks like data, of a length that no message of HTTP and
/// no frame of HTTP/2 has.
pub(crate) fn is_alert(head: &[u8], bytes: usize) -> bool {
    let [kind, 3, _, high, low, ..] = *head else { return false };
    let length = usize::from(u16::from_be_bytes([high, low]));
    bytes == HEADER + length
        && (kind == ALERT || kind == APPLICATION_DATA && length == SEALED_ALERT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_begins_with_its_type_and_version() {
        assert!(is_hello(&[22, 3, 1, 2, 0, 1]), "as rustls and OpenSSL begin");
        assert!(is_hello(&[22, 3, 1]), "there is more of it to come");
        let certificate = &[22, 3, 3, 2, 0, 11][..];
        for head in [&b""[..], &[22], b"GET / HTTP/1.1", b"PRI * HTTP/2.0", certificate] {
            assert!(!is_hello(head), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn an_alert_is_told_from_data_by_its_type_or_its_length() {
        let record = |kind, length: u8| {
            let mut record = vec![kind, 3, 3, 0, length];
            record.resize(HEADER + usize::from(length), 0);
            record
        };
        for (bytes, expected) in [
            (record(21, 26), true),
            (record(23, 19), true),
            // The shortest request, and a frame of HTTP/2 without content.
            (record(23, 35), false),
            (record(23, 26), false),
            (record(22, 19), false),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), false),
            (Vec::new(), false),
        ] {
            assert_eq!(is_alert(&bytes, bytes.len()), expected, "{bytes:?}");
            assert!(!is_alert(&bytes, bytes.len() + 1), "there is more of it: {bytes:?}");
        }
    }
}
