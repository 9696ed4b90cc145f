//! Any text may stand in a policy file: nothing panics, and what is told of it has a place in it.
//! `PROPTEST_CASES` says how many texts are tried; a kept one is in `tests/corpus/policy`.

use std::ops::Range;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tower_conn_lint::Policy;

/// The kept files, good and bad ones.
static KEPT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/policy");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is kept")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let read =
        |path| String::from_utf8_lossy(&std::fs::read(path).expect("it is kept")).into_owned();
    paths.into_iter().map(read).collect()
});

/// What a file is made of, and what doesn't belong there.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    " ",
    "\t",
    "=",
    ".",
    ",",
    "#",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\u0000",
    "\u{feff}",
    "\0",
    "ü",
    "\u{202e}",
    "version = 1\n",
    "version = 2\n",
    "preset = \"strict-1\"\n",
    "cap = fix\n",
    "[lints]\n",
    "[floor]\n",
    "[[route]]\n",
    "[[expect]]\n",
    "[exclude]\n",
    "[lints.low-reuse]\n",
    "[route.lints]\n",
    "low-reuse = \"warn\"\n",
    "low-reuse = { window = \"1m\" }\n",
    "inbound = \"/a/{*b}\"\n",
    "outbound = \"POST gateway /\"\n",
    "lints = { low-reuse = \"warn\" }\n",
    "until = 2027-03-31\n",
    "1e400",
    "-0",
    "0xffffffffffffffffffff",
    "9999999999999999999d",
    "nan",
    "true",
    "2027-02-30",
    "lints.low-reuse.level = ",
];

/// What is done to a text: a part of it is taken out, and something put there.
#[derive(Clone, Debug)]
struct Change {
    at: Index,
    out: usize,
    put: String,
}

fn change() -> impl Strategy<Value = Change> {
    let lines = any::<(Index, Index)>().prop_map(|(file, line)| {
        let file = file.get(&KEPT[..]);
        let lines: Vec<_> = file.split_inclusive('\n').collect();
        if lines.is_empty() { String::new() } else { (*line.get(&lines)).to_owned() }
    });
    let piece = prop_oneof![
        3 => select(PIECES).prop_map(str::to_owned),
        2 => lines,
        1 => any::<String>(),
        1 => Just(String::new()),
    ];
    (any::<Index>(), 0..40_usize, piece).prop_map(|(at, out, put)| Change { at, out, put })
}

/// A kept file that was changed in places.
fn changed() -> impl Strategy<Value = String> {
    (any::<Index>(), vec(change(), 1..8)).prop_map(|(file, changes)| {
        let mut text = file.get(&KEPT[..]).clone();
        for Change { at, out, put } in changes {
            let range = boundaries(&text, at.index(text.len() + 1), out);
            text.replace_range(range, &put);
        }
        text
    })
}

/// The tables of several files, shuffled together.
fn spliced() -> impl Strategy<Value = String> {
    vec((any::<Index>(), any::<Index>()), 1..12).prop_map(|tables| {
        let table = |(file, table): (Index, Index)| {
            let tables: Vec<_> = file.get(&KEPT[..]).split("\n[").collect();
            format!("{}\n[", table.get(&tables))
        };
        tables.into_iter().map(table).collect()
    })
}

fn boundaries(text: &str, at: usize, length: usize) -> Range<usize> {
    let down = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    down(at)..down((at + length).min(text.len()))
}

/// Loads the text; each mistake has to stand in it.
fn load(text: &str) -> Result<(), TestCaseError> {
    let stack = Policy::stack().text("x.toml", text);
    let policy = stack.clone().load_or_builtin();
    let problems = policy.problems().cloned();
    prop_assert_eq!(stack.try_load().err(), problems.clone(), "strict and lossy tell the same");

    let text = text.trim_start_matches('\u{feff}');
    for error in problems.iter().flatten() {
        let (line, column) = error.origin().line_column().expect("a text is read");
        let found = text.split('\n').nth(line as usize - 1);
        prop_assert!(found.is_some(), "{} is behind the last line", error);
        let length = found.map_or(0, |line| line.chars().count());
        prop_assert!((1..=length + 1).contains(&(column as usize)), "{} is not in its line", error);
        prop_assert!(!error.to_string().contains(char::is_control), "{:?} may go to a log", error);
        let shown = error.diagnostic(text).to_string();
        prop_assert!(shown.len() < 2_048, "{} is short", shown);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in vec(any::<u8>(), 0..400)) {
        load(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_pieces_of_a_file_are_read(pieces in vec(select(PIECES), 0..40)) {
        load(&pieces.concat())?;
    }

    #[test]
    fn a_changed_file_is_read(text in changed()) {
        load(&text)?;
    }

    #[test]
    fn tables_of_several_files_are_read(text in spliced()) {
        load(&text)?;
    }
}
