//! What layers add to a request and its response, beside other layers: `benches/compare`. How to run and
//! read it: `benches/README.md`.

mod apart;

fn main() -> std::process::ExitCode {
    apart::run("compare")
}
