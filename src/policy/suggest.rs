/// The candidate that is nearest to what was written, if one is near enough to have been meant.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Nothing as long as this resembles a name of ours, and the distance is quadratic.
    if written.len() > 64 {
        return None;
    }
    let written = written.to_ascii_lowercase().replace('_', "-");
    let near = (written.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(written.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let names = ["client-sends-close", "handler-sends-close", "low-reuse"];
        for (written, meant) in [
            ("client-send-close", Some("client-sends-close")),
            ("HANDLER_SENDS_CLOSE", Some("handler-sends-close")),
            ("low-resue", Some("low-reuse")),
            ("frobnicate", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, names), meant, "for {written:?}");
        }
    }
}
