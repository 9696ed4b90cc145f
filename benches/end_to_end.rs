//! Whole servers and clients, with layers and without: `benches/compare`. How to run and read it:
//! `benches/README.md`.

mod apart;

fn main() -> std::process::ExitCode {
    apart::run("end_to_end")
}
