//! Names are written as they stand in logs and metrics.

use serde::{Serialize, Serializer};

use crate::connection::{Closer, EndCause, Side};
use crate::heal::Cure;
use crate::lint::{Label, Level, Lint};
use crate::policy::{Day, DecidedBy, ExpectationState, Origin, Preset, RouteName};
use crate::report::Part;

macro_rules! by_name {
    ($($named:ty),+) => {$(
        impl Serialize for $named {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

by_name!(Closer, Cure, DecidedBy, EndCause, ExpectationState, Label, Level, Part, Preset, Side);

macro_rules! by_text {
    ($($shown:ty),+) => {$(
        impl Serialize for $shown {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

by_text!(Day, Lint, Origin, RouteName);
