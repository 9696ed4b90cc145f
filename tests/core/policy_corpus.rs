//! Bad policy files, kept with what is told of them: `tests/corpus/policy`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use tower_conn_lint::Policy;

/// From the project's folder, where tests run: mistakes are told under this name.
const FOLDER: &str = "tests/corpus/policy";

#[test]
fn each_kept_file_is_refused_as_it_was_when_it_was_kept() {
    let mut names: Vec<_> = fs::read_dir(FOLDER)
        .expect("the folder is kept")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 10, "there are files: {names:?}");
    for name in names {
        let found = told(&format!("{FOLDER}/{name}.toml"));
        let kept = Path::new(FOLDER).join(format!("{name}.errors"));
        if env::var_os("WRITE_ERRORS").is_some() {
            fs::write(&kept, &found).expect("the folder can be written to");
        }
        let kept = fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(
            found, kept,
            "{name}.toml: after a look at it, run the tests with WRITE_ERRORS=1"
        );
    }
}

/// What is told of a file, a mistake a line.
fn told(path: &str) -> String {
    let mut text = String::new();
    let Err(errors) = Policy::try_from_file(path) else { return text };
    for error in &errors {
        _ = writeln!(text, "{error}");
    }
    if errors.more() > 0 {
        _ = writeln!(text, "and {} more", errors.more());
    }
    text.replace(&format!("{FOLDER}/"), "")
}
