//! Bytes: tokens, optional whitespace, digits (RFC 9110 sections 5.6.2, 5.6.3 and 8.6).

/// `TCHAR[b]` is true where the byte `b` may stand in a token.
const TCHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};

/// The bytes as text, if they are a token.
#[inline]
pub(crate) fn token(bytes: &[u8]) -> Option<&str> {
    if bytes.is_empty() || !bytes.iter().all(|&byte| TCHAR[usize::from(byte)]) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

/// The bytes without optional whitespace at either end: SP and HTAB, nothing else.
#[inline]
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether the bytes are `1*DIGIT`: no sign, no quotes, no whitespace.
pub(super) fn is_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

/// The number that `1*DIGIT` spells; none for other bytes and for numbers above [`u64::MAX`].
pub(super) fn decimal(bytes: &[u8]) -> Option<u64> {
    if !is_digits(bytes) {
        return None;
    }
    bytes.iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_the_tchars_of_rfc_9110_and_nothing_else() {
        let others = b"!#$%&'*+-.^_`|~";
        for byte in 0..=u8::MAX {
            let tchar = byte.is_ascii_alphanumeric() || others.contains(&byte);
            assert_eq!(token(&[byte]).is_some(), tchar, "byte {byte:#04x}");
        }
        assert_eq!(token(b""), None, "a token has at least one byte");
    }

    #[test]
    fn only_space_and_tab_are_trimmed() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b"\x0ba\xa0"), b"\x0ba\xa0");
        assert_eq!(trim(b" \t"), b"");
    }

    #[test]
    fn a_decimal_is_digits_within_64_bits() {
        assert_eq!(decimal(b"007"), Some(7));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for bytes in [&b"18446744073709551616"[..], b"", b"+1", b"-1", b"1 ", b"0x1", b"\xb2"] {
            assert_eq!(decimal(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
