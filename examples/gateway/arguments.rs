use std::ffi::OsString;
use std::path::PathBuf;

use http::Uri;
use http::uri::{Authority, Scheme};
use lexopt::{Arg, Parser, ValueExt as _};

pub(crate) const HELP: &str = "\
A reverse proxy that finds what costs connections, and mends it by policy.

usage: gateway --listen ADDR --upstream URL [--policy FILE]

  --listen ADDR    where to listen, as in 127.0.0.1:8080 or [::]:80; port 0 takes a free one
  --upstream URL   where requests go, as in http://127.0.0.1:3000
  --policy FILE    what to do about each lint; it is read again as it changes
                   (without one: the preset recommended-1)
  -h, --help       this text
  -V, --version    the version

It prints one line with its address, and what it finds to stderr; RUST_LOG filters that, as in
warn,tower_conn_lint=info. CONN_LINT=observe reports only, and CONN_LINT=off switches the lint off.

Host is passed on as it came. X-Forwarded-For grows by the caller's address; X-Forwarded-Proto and
X-Forwarded-Host are set where they are not there, so put it behind what sets them, or at the edge
where nothing trusts them. WebSockets pass. What one hop says of its connection goes no further,
whatever the policy; a request whose end or whose host can be read in two ways is refused.

SIGINT and SIGTERM end it once the requests under way have ended, after 30 s at most.
exit codes: 0 ended when told to, 1 failed, 2 what was asked can't be done
";

/// How it is to run.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) listen: String,
    pub(crate) upstream: Authority,
    pub(crate) policy: Option<PathBuf>,
}

pub(crate) enum Asked {
    Help,
    Version,
    Run(Arguments),
}

// === impl Arguments ===

impl Arguments {
    pub(crate) fn read(
        arguments: impl Iterator<Item = OsString> + 'static,
    ) -> Result<Asked, String> {
        let arguments: Vec<_> = arguments.collect();
        if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
            return Ok(Asked::Help);
        }
        Arguments::parse(Parser::from_args(arguments)).map_err(|error| {
            format!("{error}\n\nusage: gateway --listen ADDR --upstream URL [--policy FILE]")
        })
    }

    fn parse(mut parser: Parser) -> Result<Asked, String> {
        let (mut listen, mut upstream, mut policy) = (None, None, None);
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let (slot, name) = match argument {
                Arg::Short('V') | Arg::Long("version") => return Ok(Asked::Version),
                Arg::Long("listen") => (&mut listen, "listen"),
                Arg::Long("upstream") => (&mut upstream, "upstream"),
                Arg::Long("policy") => (&mut policy, "policy"),
                other => return Err(other.unexpected().to_string()),
            };
            let value = parser.value().map_err(|error| error.to_string())?;
            if slot.replace(value).is_some() {
                return Err(format!("`--{name}` is there twice"));
            }
        }
        let text = |value: Option<OsString>, name: &str| {
            let value = value.ok_or_else(|| format!("`--{name}` is missing"))?;
            value.string().map_err(|error| format!("`--{name}`: {error}"))
        };
        Ok(Asked::Run(Arguments {
            listen: address(text(listen, "listen")?)?,
            upstream: origin(&text(upstream, "upstream")?)?,
            policy: policy.map(PathBuf::from),
        }))
    }
}

fn address(text: String) -> Result<String, String> {
    let port =
        text.rsplit_once(':').map(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match port {
        Some(true) => Ok(text),
        _ => Err(format!("`--listen {text}` is no address with a port, as in 127.0.0.1:8080")),
    }
}

fn origin(text: &str) -> Result<Authority, String> {
    let refused = |why: &str| format!("`--upstream {text}` {why}, as in http://127.0.0.1:3000");
    let uri: Uri = text.parse().map_err(|_| refused("is no URL"))?;
    let authority = uri.authority().ok_or_else(|| refused("names no scheme and host"))?;
    match () {
        () if uri.scheme().is_none() => Err(refused("names no scheme")),
        () if uri.scheme() != Some(&Scheme::HTTP) => {
            Err(refused("is no http:// URL: TLS is not built in"))
        }
        () if authority.as_str().contains('@') => Err(refused("has credentials: leave them out")),
        () if !matches!(uri.path(), "" | "/") || uri.query().is_some() => {
            Err(refused("has a path: name an origin only"))
        }
        () => Ok(authority.clone()),
    }
}
