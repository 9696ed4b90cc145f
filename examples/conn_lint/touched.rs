//! How many of the requests seen a change of policy touches.
//!
//! A row of a snapshot tells neither method nor path. So it is looked at in pieces: its requests on
//! no route of a policy that is narrower, and those on each that is. Where all pieces change, or
//! none, the count is exact.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};
use tower_conn_lint::Policy;
use tower_conn_lint::connection::Side;
use tower_conn_lint::policy::{DecidedBy, EffectiveLevel, Query, RouteName, Template};

use crate::paths::{Paths, paths};
use crate::seen::{Row, Seen};

pub(crate) struct Touched {
    window: f64,
    /// And how many of its requests.
    rows: Vec<(Row, Count)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    at_least: u64,
    at_most: u64,
}

/// Both policies, and the routes of either.
struct Compared<'p> {
    old: &'p Policy,
    new: &'p Policy,
    routes: Vec<Piece<'p>>,
    /// The rows of inbound routes.
    labels: Vec<Template>,
}

/// A route of a policy.
struct Piece<'p> {
    side: Side,
    method: Option<&'p str>,
    /// The client or host.
    target: Option<&'p str>,
    template: Option<Template>,
    changes: bool,
}

/// The row of all that have none of their own.
const OTHER: &str = "other";

// === impl Touched ===

impl Touched {
    pub(crate) fn new(old: &Policy, new: &Policy, seen: Seen) -> Touched {
        let compared = Compared::new(old, new, &seen);
        let rows = seen.rows.into_iter().map(|row| {
            let count = compared.count(&row);
            (row, count)
        });
        Touched { window: seen.window, rows: rows.collect() }
    }

    fn requests(&self) -> u64 {
        self.rows.iter().fold(0, |sum, (row, _)| sum.saturating_add(row.requests))
    }

    fn total(&self) -> Count {
        self.rows.iter().fold(Count::default(), |sum, (_, count)| Count {
            at_least: sum.at_least.saturating_add(count.at_least),
            at_most: sum.at_most.saturating_add(count.at_most),
        })
    }

    /// For programs.
    pub(crate) fn object(&self) -> Value {
        let count = |requests: u64, count: Count| {
            let Count { at_least, at_most } = count;
            json!({ "requests": requests, "at_least": at_least, "at_most": at_most })
        };
        let rows = self.rows.iter().map(|(row, of)| {
            let mut object = count(row.requests, *of);
            object["side"] = row.side.as_str().into();
            object["route"] = row.name.clone().into();
            object["client"] = row.client.clone().into();
            object
        });
        let mut object = count(self.requests(), self.total());
        object["window"] = self.window.into();
        object["routes"] = rows.collect();
        object
    }
}

impl fmt::Display for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, requests) = (self.total(), self.requests());
        writeln!(f, "touches {total} of {requests} requests, seen in {} s", self.window)?;
        let touched = self.rows.iter().filter(|(_, count)| count.at_most > 0);
        let named: Vec<_> =
            touched.map(|(row, count)| (row.to_string(), count, row.requests)).collect();
        let width = named.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        for (name, count, requests) in named {
            writeln!(f, "  {name:<width$}  {count} of {requests}")?;
        }
        Ok(())
    }
}

// === impl Count ===

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Count { at_least, at_most } if at_least == at_most => write!(f, "{at_most}"),
            Count { at_least: 0, at_most } => write!(f, "at most {at_most}"),
            Count { at_least, at_most } => write!(f, "{at_least} to {at_most}"),
        }
    }
}

// === impl Row ===

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { side, name, client, .. } = self;
        match client {
            Some(client) => write!(f, "{side} {client} ({name})"),
            None => write!(f, "{side} {name}"),
        }
    }
}

// === impl Compared ===

impl<'p> Compared<'p> {
    fn new(old: &'p Policy, new: &'p Policy, seen: &Seen) -> Compared<'p> {
        let inbound = seen.rows.iter().filter(|row| row.side == Side::Inbound);
        let labels = inbound.filter_map(|row| Template::parse(&row.name).ok()).collect();
        let mut compared = Compared { old, new, routes: Vec::new(), labels };
        let routes: BTreeSet<&RouteName> = old.routes().chain(new.routes()).collect();
        compared.routes = routes.into_iter().map(|route| compared.piece(route)).collect();
        compared
    }

    fn piece(&self, route: &'p RouteName) -> Piece<'p> {
        let mut words: Vec<_> = route.text.split(' ').collect();
        let has_path = words.last().is_some_and(|word| word.starts_with('/'));
        let template = if has_path { words.pop() } else { None };
        let target = if route.side == Side::Outbound { words.pop() } else { None };
        Piece {
            side: route.side,
            method: words.pop(),
            target,
            template: template.and_then(|template| Template::parse(template).ok()),
            changes: self.changes_on(route.side, &route.text),
        }
    }

    fn count(&self, row: &Row) -> Count {
        let pieces = match row.side {
            Side::Inbound => self.inbound(row),
            Side::Outbound => self.outbound(row),
        };
        let requests_if = |changes: bool| if changes { row.requests } else { 0 };
        Count {
            at_least: requests_if(pieces.iter().all(|changes| *changes)),
            at_most: requests_if(pieces.contains(&true)),
        }
    }

    /// Of each piece of a row, whether it changes.
    fn inbound(&self, row: &Row) -> Vec<bool> {
        let template = Template::parse(&row.name).unwrap_or_else(|_| every_path());
        let mut pieces = vec![self.changes_on(Side::Inbound, template.as_str())];
        for route in self.routes.iter().filter(|route| route.side == Side::Inbound) {
            let Some(of_route) = &route.template else { continue };
            match (paths(of_route, &template), route.method) {
                (Paths::Cover, Some(method)) => {
                    pieces.push(self.changes_on(Side::Inbound, &format!("{method} {template}")));
                }
                // What a row of its own counts is not in this one.
                (Paths::Meet, _) if !self.has_row(of_route) => pieces.push(route.changes),
                _ => {}
            }
        }
        pieces
    }

    fn outbound(&self, row: &Row) -> Vec<bool> {
        let host = row.name.rsplit_once(':').map(|(host, _)| host);
        let names = [row.client.as_deref(), Some(&row.name), host];
        let is_of = |target: &str| {
            let mut names = names.iter().flatten();
            row.name == OTHER || names.any(|name| name.eq_ignore_ascii_case(target))
        };
        let client = row.client.as_deref().unwrap_or(&row.name);
        let mut pieces = vec![self.changes_on(Side::Outbound, client)];
        let routes = self.routes.iter().filter(|route| route.target.is_some_and(is_of));
        pieces.extend(routes.map(|route| route.changes));
        pieces
    }

    fn has_row(&self, template: &Template) -> bool {
        self.labels.iter().any(|label| label.same_route(template))
    }

    /// Whether a lint has another level there; what is expected, and so allowed, is not compared.
    fn changes_on(&self, side: Side, route: &str) -> bool {
        let query = match side {
            Side::Inbound => Query::route(side, route),
            // No route names a client that can't be written.
            Side::Outbound => Query::route(side, route).or_else(|_| Query::route(side, OTHER)),
        };
        let Ok(query) = query else { return false };
        let (old, new) = (self.old.effective(&query), self.new.effective(&query));
        if old.excluded && new.excluded {
            return false;
        }
        let is_compared = |level: &EffectiveLevel| level.by != DecidedBy::Expectation;
        let differs = |(old, new): (&EffectiveLevel, &EffectiveLevel)| {
            is_compared(old) && is_compared(new) && (old.level, old.share) != (new.level, new.share)
        };
        old.iter().zip(new.iter()).any(differs)
    }
}

fn every_path() -> Template {
    Template::parse("/{*rest}").expect("this template is well-formed")
}
