use crate::case::{CASES, Case};
use crate::driven::Calls;
use crate::subjects::Subject::{
    All, AxumPrometheus, Boxing, Capture, Counters, Durations, Insert, Least, LeastLint, Lint,
    Noop, Nothing, Otel, Record, Reported, SetHeader, Timeout, TowerTimeout, Trace, TraceInfo,
};
use crate::subjects::{Place, Subject};

/// What is measured: a subject in its place, as a case passes.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) case: &'static Case,
    pub(crate) subject: Subject,
    pub(crate) place: Place,
}

/// Case, subject and place.
pub(crate) type Names = [&'static str; 3];

/// Which subjects are measured in which case, on a bare service and client.
const BARE: [(&str, &[Subject]); 29] = [
    (
        "clean-get",
        &[
            Noop,
            Lint,
            All,
            Record,
            Counters,
            Durations,
            Reported,
            Insert,
            Boxing,
            Least,
            LeastLint,
            Timeout,
            TowerTimeout,
            SetHeader,
            TraceInfo,
            Trace,
            AxumPrometheus,
            Otel,
        ],
    ),
    ("clean-get-answered", &[Lint, All, Least, TraceInfo]),
    ("no-routes", &[Lint, All]),
    ("routes-10000", &[Lint, All]),
    ("preview", &[Lint, All]),
    ("long-path", &[Lint, All]),
    ("empty-extensions", &[Lint, LeastLint, All, Insert, TraceInfo]),
    ("keep-alive", &[Lint, All, TraceInfo]),
    ("body", &[Lint, All, TraceInfo]),
    ("http2", &[Lint, All]),
    ("finding-request-close", &[Lint, All, Reported]),
    ("finding-request-close-routes-10000", &[Lint, All]),
    ("finding-response-close", &[Lint, All, Reported]),
    ("finding-http10-without-keep-alive", &[Lint]),
    ("finding-close-keep-alive-conflict", &[Lint]),
    ("finding-upgrade-with-close", &[Lint]),
    ("finding-connection-bad-token", &[Lint]),
    ("finding-misspelled-option", &[Lint]),
    ("finding-connection-lists-end-to-end", &[Lint]),
    ("finding-keep-alive-field-without-option", &[Lint]),
    ("finding-keep-alive-syntax", &[Lint]),
    ("finding-proxy-connection-sent", &[Lint]),
    ("finding-connection-field-in-http2", &[Lint]),
    ("deny", &[Lint]),
    ("rewrite", &[Lint, All]),
    ("outbound-clean-get", &[Noop, Lint, All, Durations, Capture, TraceInfo]),
    ("outbound-finding-response-close", &[Lint, All]),
    ("outbound-rewrite", &[Lint]),
    ("outbound-http2", &[Lint, All]),
];

/// In and around a router, as a clean GET passes.
const ROUTED: [Subject; 6] = [Noop, Lint, All, TraceInfo, AxumPrometheus, Otel];

/// Those that the gate watches.
const GUARDED: [(&str, Subject, Place); 14] = [
    ("clean-get", Lint, Place::Bare),
    ("clean-get", All, Place::Bare),
    ("clean-get", TraceInfo, Place::Bare),
    ("clean-get-answered", Lint, Place::Bare),
    ("clean-get-answered", All, Place::Bare),
    ("routes-10000", Lint, Place::Bare),
    ("keep-alive", Lint, Place::Bare),
    ("body", All, Place::Bare),
    ("http2", Lint, Place::Bare),
    ("finding-request-close", Lint, Place::Bare),
    ("outbound-clean-get", Lint, Place::Bare),
    ("outbound-clean-get", All, Place::Bare),
    ("clean-get", All, Place::Inside),
    ("clean-get", All, Place::Around),
];

/// Each of them once.
pub(crate) fn rows() -> Vec<Row> {
    let bare = BARE.iter().flat_map(|(name, subjects)| {
        subjects.iter().map(|subject| row(name, *subject, Place::Bare))
    });
    let routed = [Place::Inside, Place::Around]
        .into_iter()
        .flat_map(|place| ROUTED.into_iter().map(move |subject| row("clean-get", subject, place)));
    bare.chain(routed).collect()
}

pub(crate) fn guarded() -> Vec<Row> {
    GUARDED.map(|(name, subject, place)| row(name, subject, place)).into()
}

fn row(name: &str, subject: Subject, place: Place) -> Row {
    let case = CASES.iter().find(|case| case.name == name).expect("the case is one of all");
    Row { case, subject, place }
}

// === impl Row ===

impl Row {
    /// As a command line names it.
    pub(crate) fn named(case: &str, subject: &str, place: &str) -> Option<Row> {
        Some(Row {
            case: CASES.iter().find(|known| known.name == case)?,
            subject: Subject::ALL.into_iter().find(|known| known.name() == subject)?,
            place: Place::ALL.into_iter().find(|known| known.name() == place)?,
        })
    }

    pub(crate) fn names(&self) -> Names {
        [self.case.name, self.subject.name(), self.place.name()]
    }

    /// The same without a layer.
    pub(crate) fn base(&self) -> Row {
        Row { subject: Nothing, ..*self }
    }

    /// The service, ready to be called.
    pub(crate) fn calls(&self) -> Box<dyn Calls> {
        match self.place {
            Place::Bare if self.case.name.starts_with("outbound-") => {
                self.subject.outbound(self.case)
            }
            Place::Bare => self.subject.bare(self.case),
            Place::Inside => self.subject.inside(self.case),
            Place::Around => self.subject.around(self.case),
        }
    }
}
