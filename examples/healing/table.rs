use serde_json::{Value, json};

use crate::measured::{Case, Measured};

pub(crate) fn print(cases: &[Case]) {
    let width = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    println!(
        "{:width$}         connections  errors  TIME_WAIT server:client    p50 ms    p99 ms",
        "case"
    );
    for case in cases {
        for (name, when, measured) in
            [(case.name, "before", &case.before), ("", "after", &case.after)]
        {
            let Measured { connections, errors, time_wait, .. } = measured;
            let waits = time_wait.map(|waits| format!("{}:{}", waits.server, waits.client));
            let waits = waits.unwrap_or_else(|| "-".to_owned());
            let ms =
                |share| measured.quantile(share).map_or("-".to_owned(), |ms| format!("{ms:.2}"));
            println!(
                "{name:width$}  {when:6}  {connections:10}  {errors:6}  {waits:>23}  {:>8}  {:>8}",
                ms(0.5),
                ms(0.99)
            );
        }
    }
}

pub(crate) fn json(cases: &[Case]) -> Value {
    let measured = |of: &Measured| {
        json!({
            "connections": of.connections,
            "errors": of.errors,
            "time_wait_server": of.time_wait.map(|waits| waits.server),
            "time_wait_client": of.time_wait.map(|waits| waits.client),
            "p50_ms": of.quantile(0.5),
            "p99_ms": of.quantile(0.99),
            "most_in_100_ms": of.busiest,
        })
    };
    let case = |case: &Case| {
        json!({
            "name": case.name,
            "before": measured(&case.before),
            "after": measured(&case.after),
        })
    };
    json!({ "cases": cases.iter().map(case).collect::<Value>() })
}
