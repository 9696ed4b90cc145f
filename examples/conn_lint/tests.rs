//! What is asked and what comes of it, without a process.

mod check;
mod diff;
mod effective;

use std::path::PathBuf;
use std::{env, fs, io, process};

use serde_json::Value;
use tower_conn_lint::lint;

use crate::command::{Failure, Streams, Verdict};
use crate::{Piped, run};

/// A folder of its own for a test's files.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = env::temp_dir().join(format!("conn-lint-command-{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("there is room for files");
        Folder(path)
    }

    /// Writes a policy without its first line, and returns its path.
    fn policy(&self, name: &str, rest: &str) -> String {
        self.file(name, &format!("version = 1\n{rest}"))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("there is room for files");
        path.into_os_string().into_string().expect("its name is text")
    }

    /// The text with its files called by their names alone.
    fn short(&self, text: &str) -> String {
        text.replace(&*self.0.join("").to_string_lossy(), "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn ask(arguments: &[&str]) -> (Result<Verdict, Failure>, String) {
    ask_with(arguments, b"")
}

fn ask_with(arguments: &[&str], mut input: &[u8]) -> (Result<Verdict, Failure>, String) {
    let mut out = Vec::new();
    let mut streams = Streams { input: Some(&mut input), out: &mut out };
    let verdict = run(arguments.iter().map(Into::into), &mut streams);
    (verdict, String::from_utf8(out).expect("what is shown is text"))
}

fn shown(arguments: &[&str]) -> String {
    let (verdict, text) = ask(arguments);
    assert_eq!(verdict.expect("it can be done"), Verdict::Fine, "{arguments:?}: {text}");
    text
}

/// What is shown of something that is not in order.
fn problems(arguments: &[&str]) -> String {
    let (verdict, text) = ask(arguments);
    assert_eq!(verdict.expect("it can be done"), Verdict::Problems, "{arguments:?}: {text}");
    text
}

fn refused(arguments: &[&str]) -> String {
    match ask(arguments) {
        (Err(Failure::Usage(text)), out) if out.is_empty() => text,
        other => panic!("{arguments:?} is to be refused, and shows nothing: {other:?}"),
    }
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&shown(arguments)).expect("one value of JSON")
}

#[test]
fn each_lint_is_explained_with_all_that_the_catalogue_has() {
    for lint in lint::all() {
        let text = shown(&["explain", lint.name()]);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let url = lint.url();
        for part in [
            lint.name(),
            lint.summary(),
            lint.why(),
            lint.example(),
            lint.fix(),
            lint.accept(),
            lint.likely(),
            lint.unknown(),
            lint.source(),
            &url,
        ] {
            assert!(words.contains(part), "{part:?} is missing in\n{text}");
        }
        for line in text.lines().filter(|line| !line.contains(&url)) {
            assert!(line.chars().count() <= 100, "too long: {line}");
        }
    }
}

#[test]
fn an_explanation_names_places_and_levels() {
    let text = shown(&["explain", "handler-sends-close"]);
    for line in [
        "  looked for in  outgoing response\n",
        "  fixed in       outgoing response\n",
        "  denied in      nowhere\n",
        "  level          observe-1: warn, recommended-1: fix, strict-1: fix\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
}

#[test]
fn a_program_gets_the_same() {
    let lint = json(&["explain", "--json", "handler-sends-close"]);
    assert_eq!(lint["name"], "handler-sends-close");
    assert_eq!(lint["levels"]["recommended-1"], "fix");
    assert_eq!(lint["fixed_in"], Value::from(["outgoing response"].as_slice()));
    assert_eq!(lint["denied_in"], Value::from([""; 0].as_slice()));

    let all = json(&["list", "--json"]);
    let all = all.as_array().expect("a list of lints");
    assert_eq!(all.len(), lint::all().count(), "all lints are listed");
    assert!(all.contains(&lint), "a listed lint is the same as an explained one");
}

#[test]
fn all_lints_are_listed_a_line_each() {
    let text = shown(&["list"]);
    assert_eq!(text.lines().count(), 1 + lint::all().count(), "a header and the lints:\n{text}");
    for (line, lint) in text.lines().skip(1).zip(lint::all()) {
        assert!(line.starts_with(lint.name()) && line.ends_with(lint.summary()), "{line}");
    }
}

#[test]
fn help_names_each_command_and_the_exit_codes() {
    let commands = crate::COMMANDS.map(|command| command.usage);
    for help in [shown(&["--help"]), shown(&["-h"]), refused(&[])] {
        for part in commands.into_iter().chain(["exit codes: 0 fine, 1 "]) {
            assert!(help.contains(part), "{part:?} is missing in\n{help}");
        }
    }
    for command in crate::COMMANDS {
        let help = shown(&[command.name, "--help"]);
        for part in [command.usage, command.does, command.details] {
            assert!(help.contains(part), "{part:?} is missing in\n{help}");
        }
        assert!(help.lines().all(|line| line.len() <= 100), "lines are short:\n{help}");
    }
    let version = shown(&["--version"]);
    assert_eq!(version, format!("conn_lint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_is_not_understood_is_refused_with_the_nearest_name() {
    for (arguments, part) in [
        (&["explain", "client-send-close"][..], "did you mean `client-sends-close`?"),
        (&["explain", "frobnicate"], "unknown lint `frobnicate`"),
        (&["explain"], "name one lint"),
        (&["explain", "low-reuse", "low-reuse"], "name one lint"),
        (&["explain", "low-reuse", "--jsn"], "--jsn"),
        (&["list", "low-reuse"], "takes no `low-reuse`"),
        (&["lits"], "no command `lits`: there are explain, list, check"),
        (&["check"], "name the policy's files, the base first"),
        (&["check", "-", "-"], "`-` can be read once only"),
        (&["effective", "x.toml", "--lint", "low-resue"], "did you mean `low-reuse`?"),
        (&["effective", "x.toml", "--lint", "low-reuse", "--lint", "a"], "`--lint` is there twice"),
        (&["effective", "x.toml", "--route"], "--route"),
        (&["effective", "x.toml", "--route", "post /login"], "did you mean `POST`?"),
        (&["effective", "x.toml", "--route", "a b c"], "write `POST /login`, or of a client"),
        (&["effective", "no-such-file.toml"], "no-such-file.toml: there is no such file"),
        (&["diff", "x.toml"], "name two policies"),
        (&["diff", "x.toml", "y.toml", "--snapshot", "no-such-file.json"], "no-such-file.json: "),
        (&["schema", "x"], "takes no `x`"),
        (&["--jsno"], "--jsno"),
    ] {
        let text = refused(arguments);
        assert!(text.contains(part), "{arguments:?}: {part:?} is missing in {text:?}");
    }
}

#[test]
fn an_output_that_takes_no_more_is_a_failure() {
    let mut room = [0; 4];
    let mut out = io::Cursor::new(room.as_mut_slice());
    let mut streams = Streams { input: None, out: &mut out };
    let verdict = run(["list".into()].into_iter(), &mut streams);
    assert!(matches!(verdict, Err(Failure::Output(_))), "{verdict:?}");
}

#[test]
fn a_reader_that_has_had_enough_changes_no_verdict() {
    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut streams = Streams { input: None, out: &mut Piped(Closed) };
    let arguments = ["check", "no-such-file.toml"].map(Into::into);
    let verdict = run(arguments.into_iter(), &mut streams);
    assert!(matches!(verdict, Ok(Verdict::Problems)), "{verdict:?}");
}

#[test]
fn the_schema_is_the_one_of_the_repository_where_it_is_built_in() {
    let kept = include_str!("../../conn-lint.schema.json");
    match cfg!(feature = "schema") {
        true => assert_eq!(shown(&["schema"]), kept, "the schema as it is"),
        false => assert!(refused(&["schema"]).contains("the feature `schema`"), "it says so"),
    }
}
