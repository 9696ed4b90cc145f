//! What ends connections: each case on real sockets, and what the crate names beside what was
//! really done. Who closed is known from the kernel, which keeps the TIME_WAIT with the active
//! closer, or by construction, where the peer waits for our end or we for its.

mod bodies;
mod clean;
mod ends;
mod failures;
mod http2;
mod kernel;
mod messages;
mod pools;
mod reqwest;
mod row;
mod scene;
mod tls;
#[cfg(feature = "tonic")]
mod tonic;
mod tunnels;
mod unix;

use std::future::Future;
use std::io::Write as _;

use tokio::runtime::{Builder, Runtime};

use self::row::{HEAD, Row};

/// The rows so far, and where they are acted out.
struct Table {
    rows: Vec<Row>,
    runtime: Runtime,
    threads: &'static str,
}

#[test]
fn each_cause_and_each_closer_is_what_was_really_done() {
    let mut two_threads = Builder::new_multi_thread();
    two_threads.worker_threads(2);
    let mut table = Table::acted(Builder::new_current_thread(), "");
    let threads = Table::acted(two_threads, ", two threads");
    let mistakes = table.rows.iter().chain(&threads.rows).flat_map(Row::complaints);
    let mistakes: Vec<String> = mistakes.collect();
    // A race between threads is another one; the others come out alike.
    table.rows.extend(threads.rows.into_iter().filter(|row| row.is_race));
    table.print();
    assert!(mistakes.is_empty(), "not as it was done:\n{}", mistakes.join("\n"));
}

// === impl Table ===

impl Table {
    fn acted(mut builder: Builder, threads: &'static str) -> Table {
        let runtime = builder.enable_all().build().expect("a runtime starts");
        let mut table = Table { rows: Vec::new(), runtime, threads };
        messages::rows(&mut table);
        pools::rows(&mut table);
        reqwest::rows(&mut table);
        bodies::rows(&mut table);
        failures::rows(&mut table);
        ends::rows(&mut table);
        tunnels::rows(&mut table);
        tls::rows(&mut table);
        http2::rows(&mut table);
        unix::rows(&mut table);
        #[cfg(feature = "tonic")]
        tonic::rows(&mut table);
        table
    }

    /// Acts a case out; none where a program is missing.
    fn act<F>(&mut self, what: &str, case: impl FnOnce(String) -> F)
    where
        F: Future<Output = Option<Row>> + Send + 'static,
    {
        let what = format!("{what}{}", self.threads);
        let acted = self.runtime.block_on(self.runtime.spawn(case(what.clone())));
        self.rows.extend(acted.unwrap_or_else(|error| Some(Row::failed(what, &error))));
    }

    fn print(&mut self) {
        let mut lines = vec![HEAD.map(str::to_owned)];
        lines.extend(self.rows.iter().map(|row| row.cells.clone()));
        let mut widths = [0; HEAD.len()];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        lines.insert(1, widths.map(|width| "-".repeat(width)));
        let mut text = String::new();
        for line in lines {
            let cells = line.iter().zip(widths);
            let cells: Vec<_> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        // Not by a macro: those are captured while a test passes.
        _ = std::io::stderr().write_all(text.as_bytes());
    }
}
