//! Nothing tells the connection of a request before its response without hyper-util.

use std::error::Error as StdError;
use std::sync::Arc;

use http::Request;

use crate::connection::Record;

/// Never made: only hyper-util tells.
#[derive(Debug)]
pub(super) enum Captured {}

impl Captured {
    pub(super) fn of<B>(_: &mut Request<B>) -> Captured {
        unreachable!("no layer captures without the feature")
    }

    pub(super) fn settle(&mut self) {}
}

pub(super) fn record_of(_: &(dyn StdError + 'static)) -> Option<Arc<Record>> {
    None
}
