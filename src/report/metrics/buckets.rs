/// The buckets of each histogram of [`Metrics`](super::Metrics), by its name: the facade can't set
/// them, an exporter can. Those of dials, and of what waits for one, stand around 1, 3 and 7 s, where a
/// packet that was lost and sent again shows.
///
/// ```
/// use tower_conn_lint::report::recommended_buckets;
///
/// let dials = recommended_buckets().iter().find(|(name, _)| name.contains("dial_duration"));
/// assert!(dials.is_some_and(|(_, buckets)| buckets.contains(&3.1)));
/// ```
///
/// With `metrics-exporter-prometheus`:
///
/// ```text
/// let builder = PrometheusBuilder::new();
/// let builder = recommended_buckets().iter().try_fold(builder, |builder, (name, buckets)| {
///     builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)
/// })?;
/// builder.install()?;
/// ```
pub fn recommended_buckets() -> &'static [(&'static str, &'static [f64])] {
    &[
        (
            "http_client_connection_duration_seconds",
            &[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0],
        ),
        (
            "conn_lint_client_dial_duration_seconds",
            &[
                0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 0.9, 1.1, 1.9, 2.1, 2.9, 3.1, 3.9, 6.9, 7.1,
                15.0,
            ],
        ),
        (
            "conn_lint_client_phase_duration_seconds",
            &[
                0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.9, 1.1, 1.9, 2.1, 2.9, 3.1, 3.9,
                6.9, 7.1, 15.0,
            ],
        ),
        (
            "conn_lint_server_time_before_arrival_seconds",
            &[
                0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.9, 1.1, 1.9, 2.1, 2.9, 3.1, 3.9,
                6.9, 7.1, 15.0, 60.0,
            ],
        ),
        (
            "conn_lint_requests_per_connection",
            &[0.0, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 1_000.0, 10_000.0],
        ),
        (
            "conn_lint_request_duration_seconds",
            &[
                0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 3.0, 5.0, 7.0,
                7.5, 10.0,
            ],
        ),
    ]
}
