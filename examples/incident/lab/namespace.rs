//! The network namespace: its loopback, its ports, its balancer. It has no name, so that the kernel
//! deletes it, and all that is in it, with the last process in it: also after ctrl-C and a panic.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Blocking, Stdio};
use std::{env, fs};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::BoxError;

/// Names the namespace that was left.
const LEFT: &str = "INCIDENT_LAB_LEFT";

const NAMESPACE: &str = "/proc/self/ns/net";

/// Starts this program again in a namespace of its own, in place of this process; returns there.
pub(super) fn enter() -> Result<(), BoxError> {
    let current = fs::read_link(NAMESPACE)
        .map_err(|error| format!("the lab needs network namespaces: {NAMESPACE}: {error}"))?;
    match env::var_os(LEFT) {
        // Nothing below may touch the namespace that others use.
        Some(left) if Path::new(&left) != current => return Ok(()),
        Some(_) => return Err("the lab has no namespace of its own: unshare made none".into()),
        None => {}
    }
    if !is_root() {
        return Err("the lab needs root, for a network namespace: run the built \
                    program `target/debug/examples/incident --lab` with sudo"
            .into());
    }
    let [unshare, _, _] = programs()?;
    let error = Blocking::new(unshare)
        .args(["--net", "--"])
        .arg(env::current_exe()?)
        .args(env::args_os().skip(1))
        .env(LEFT, current)
        .exec();
    Err(format!("unshare: {error}").into())
}

/// Loopback, ten ports for clients, and SYNs that are sent again after 1 and 2 more seconds, as
/// before Linux 6.5.
pub(super) async fn furnish() -> Result<(), BoxError> {
    let [_, ip, _] = programs()?;
    run(&ip, &["link", "set", "lo", "up"], "").await?;
    set("ip_local_port_range", "40000 40009")?;
    match set("tcp_syn_linear_timeouts", "0") {
        // Older kernels know no other way.
        Err(_) if !setting("tcp_syn_linear_timeouts").exists() => Ok(()),
        done => done,
    }
}

/// A balancer before this port, which remembers nothing yet: it holds the address and port of
/// each packet for 2 s, and drops SYNs from what it holds.
pub(super) async fn balance(port: u16) -> Result<(), BoxError> {
    let [_, _, nft] = programs()?;
    let rules = format!(
        "table inet balancer
delete table inet balancer
table inet balancer {{
    set held {{ type ipv4_addr . inet_service; flags dynamic, timeout; timeout 2s; size 65536; }}
    chain input {{
        type filter hook input priority 0; policy accept;
        tcp dport {port} tcp flags & (syn | ack) == syn ip saddr . tcp sport @held drop
        tcp dport {port} update @held {{ ip saddr . tcp sport timeout 2s }}
    }}
}}
"
    );
    run(&nft, &["-f", "-"], &rules).await
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Those that the lab needs, in the places where they are: a user's path may lack them.
fn programs() -> Result<[PathBuf; 3], BoxError> {
    let find = |program: &str, package: &str| {
        let path = env::var_os("PATH").unwrap_or_default();
        let places = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
        let found = places.map(|place| place.join(program)).find(|path| path.is_file());
        found.ok_or_else(|| format!("the lab needs `{program}`: apt-get install {package}"))
    };
    Ok([find("unshare", "util-linux")?, find("ip", "iproute2")?, find("nft", "nftables")?])
}

fn setting(name: &str) -> PathBuf {
    Path::new("/proc/sys/net/ipv4").join(name)
}

fn set(name: &str, value: &str) -> Result<(), BoxError> {
    let done = fs::write(setting(name), value);
    done.map_err(|error| format!("the lab can't set net.ipv4.{name}: {error}").into())
}

async fn run(program: &Path, arguments: &[&str], input: &str) -> Result<(), BoxError> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let program = program.display();
    Err(format!("the lab can't be set up: {program}: {}", said.trim()).into())
}
