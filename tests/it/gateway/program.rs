//! The example `gateway`, started as its users start it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command as Blocking, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;
use std::{env, fs};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::within::within;

/// A gateway that runs as long as its value lives.
pub(super) struct Program {
    pub(super) addr: SocketAddr,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    /// In front of an upstream.
    pub(super) async fn before(upstream: SocketAddr, more: &[&str]) -> Program {
        let upstream = format!("http://{upstream}");
        let arguments = ["--listen", "127.0.0.1:0", "--upstream", upstream.as_str()];
        let mut command = Program::command(&[&arguments[..], more].concat());
        let mut child = command.spawn().expect("the gateway starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        within("the gateway's start", stdout.read_line(&mut line)).await.expect("a line comes");
        let addr = line.trim().strip_prefix("listening on http://").and_then(|a| a.parse().ok());
        let addr = addr.unwrap_or_else(|| panic!("no address in {line:?}"));
        Program { addr, child, stdout }
    }

    pub(super) fn command(arguments: &[&str]) -> Command {
        let mut command = Command::new(path());
        command.args(arguments).env_remove("CONN_LINT").env("RUST_LOG", "error");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Tells it to end, and gives its exit code and what it printed since its address.
    #[cfg(unix)]
    pub(super) async fn terminate(mut self) -> (Option<i32>, String) {
        let id = self.child.id().expect("it runs").to_string();
        let kill = Command::new("kill").args(["-TERM", id.as_str()]).status().await;
        assert!(kill.expect("kill is there").success(), "the signal goes");
        let mut rest = String::new();
        within("the drain", self.stdout.read_to_string(&mut rest)).await.expect("it is text");
        let status = within("the end", self.child.wait()).await.expect("it ends");
        (status.code(), rest)
    }
}

/// Built by `cargo test` with the tests; one that is missing, or older than its sources, is built.
fn path() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let tests = env::current_exe().expect("a test knows its program");
        let profile = tests.ancestors().nth(2).expect("it is in the target directory");
        let path = profile.join("examples").join(format!("gateway{}", env::consts::EXE_SUFFIX));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = [newest(&root.join("src")), newest(&root.join("examples/gateway"))];
        let built = fs::metadata(&path).and_then(|built| built.modified()).ok();
        if built.is_none_or(|built| sources.iter().any(|source| *source > built)) {
            let mut build = Blocking::new(env!("CARGO"));
            build.args(["build", "--quiet", "--features", "full", "--example", "gateway"]);
            build.current_dir(root).env("CARGO_TARGET_DIR", profile.parent().expect("it has one"));
            assert!(build.status().is_ok_and(|status| status.success()), "the gateway builds");
        }
        path
    })
}

/// When the newest of these files was changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).expect("the sources are there");
    let changed = entries.map(|entry| {
        let path = entry.expect("a folder can be read").path();
        let modified =
            || fs::metadata(&path).and_then(|file| file.modified()).expect("it is there");
        if path.is_dir() { newest(&path) } else { modified() }
    });
    changed.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

#[tokio::test]
async fn it_says_how_it_is_used() {
    let output = Program::command(&["--help"]).output().await.expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("usage: gateway --listen ADDR --upstream URL"), "{text}");
}

#[tokio::test]
async fn what_can_t_be_done_is_said_and_exits_with_two() {
    for (arguments, said) in [
        (&[][..], "`--listen` is missing"),
        (&["--listen", "127.0.0.1:0"], "`--upstream` is missing"),
        (&["--listen", "here", "--upstream", "http://a"], "is no address with a port"),
        (&["--listen", "127.0.0.1:0", "--upstream", "a:1"], "names no scheme"),
        (&["--listen", "127.0.0.1:0", "--upstream", "https://a"], "TLS is not built in"),
        (&["--listen", "127.0.0.1:0", "--upstream", "http://a/b"], "has a path"),
        (&["--listen", "127.0.0.1:0", "--upstream", "http://u:p@a"], "has credentials"),
        (&["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"], "is there twice"),
        (&["--listen"], "missing argument"),
        (&["--unknown"], "invalid option '--unknown'"),
        (
            &["--listen", "127.0.0.1:0", "--upstream", "http://a", "--policy", "/no/such/file"],
            "/no/such/file can't be read",
        ),
    ] {
        let output = Program::command(arguments).output().await.expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {said:?} is missing in {text}");
        assert!(output.stdout.is_empty(), "{arguments:?}: nothing but an address goes to stdout");
    }
}
