use std::fmt;
use std::future::Future;
use std::pin::Pin;

use hyper::rt;
use tokio::runtime::Handle;

/// Where the tasks of cures run.
#[derive(Default)]
pub(crate) enum Executor {
    /// On the runtime of whoever leaves a body.
    #[default]
    Current,
    Given(Box<dyn rt::Executor<Task> + Send + Sync>),
}

/// What reads the rest of a body.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

// === impl Executor ===

impl Executor {
    /// Whether there is someone who runs it.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> bool {
        match self {
            Executor::Current => {
                let Ok(runtime) = Handle::try_current() else { return false };
                runtime.spawn(task);
            }
            Executor::Given(executor) => executor.execute(Box::pin(task)),
        }
        true
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Executor::Current => "Current",
            Executor::Given(_) => "Given",
        })
    }
}
