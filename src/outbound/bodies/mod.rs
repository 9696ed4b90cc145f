//! The layer that tracks the bodies of responses: it changes their type, so it stands beside the
//! header layer and not in it.

mod future;
mod layer;

pub use self::future::ResponseBodiesFuture;
pub use self::layer::{ResponseBodies, ResponseBodiesLayer};
