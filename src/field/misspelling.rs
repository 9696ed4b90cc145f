use http::HeaderMap;

use super::token::token;

/// The options whose misspellings have been seen, and cost a connection when missed.
const KNOWN: [&[u8]; 3] = [b"close", b"keep-alive", b"upgrade"];

/// Whether a list element is one of the known options, misspelled: `closed`, `keep_alive`,
/// `close;q=1`, `"close"`, `keep alive`.
///
/// That is: its leading token is a known option and something follows; or it is a known option
/// once quotes, spaces, hyphens and underscores are gone, or one letter away from one. But an option
/// that names a field of its message is a nomination, whatever it resembles.
pub(crate) fn is_misspelled(element: &[u8], headers: &HeaderMap) -> bool {
    if KNOWN.iter().any(|known| element.eq_ignore_ascii_case(known)) {
        return false;
    }
    let resembles = KNOWN.iter().any(|known| {
        goes_on(element, known) || same_letters(element, known) || one_letter_apart(element, known)
    });
    resembles && !token(element).is_some_and(|option| headers.contains_key(option))
}

/// The known option, and then something that ends its token.
fn goes_on(element: &[u8], known: &[u8]) -> bool {
    element.split_at_checked(known.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(known)
            && rest.first().is_some_and(|byte| token(&[*byte]).is_none())
    })
}

fn same_letters(element: &[u8], known: &[u8]) -> bool {
    fn letters(text: &[u8]) -> impl Iterator<Item = u8> {
        let is_letter = |b: &u8| !matches!(b, b'"' | b'\'' | b' ' | b'\t' | b'-' | b'_');
        text.iter().copied().filter(is_letter).map(|b| b.to_ascii_lowercase())
    }
    letters(element).eq(letters(known))
}

/// One letter more, one less, one other, or two neighbours swapped.
fn one_letter_apart(element: &[u8], known: &[u8]) -> bool {
    if element.len().abs_diff(known.len()) > 1 {
        return false;
    }
    let same = |a: &[u8], b: &[u8]| a.eq_ignore_ascii_case(b);
    let start = element.iter().zip(known).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let (element, known) = (&element[start..], &known[start..]);
    match (element, known) {
        ([], []) => false,
        ([_, rest @ ..], []) | ([], [_, rest @ ..]) => rest.is_empty(),
        ([_, e @ ..], [_, k @ ..]) => {
            let swapped = matches!((element, known), ([a, b, e @ ..], [x, y, k @ ..])
                if a.eq_ignore_ascii_case(y) && b.eq_ignore_ascii_case(x) && same(e, k));
            same(e, k) || same(e, known) || same(element, k) || swapped
        }
    }
}
