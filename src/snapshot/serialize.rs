//! Names are written as they stand in logs and metrics.

use serde::{Serialize, Serializer};

use crate::connection::{Closer, EndCause};
use crate::lint::{Label, Level};
use crate::policy::Preset;
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

by_name!(Closer, EndCause, Label, Level, Part, Preset);
