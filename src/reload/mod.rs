//! The policy of a running process is replaced: on demand, or as its files change.

#[cfg(feature = "reload")]
mod watch;

#[cfg(feature = "reload")]
pub use self::watch::PolicyWatch;

use std::convert::Infallible;
#[cfg(feature = "reload")]
use std::{io, ops::ControlFlow, sync::Arc};

use crate::ConnLint;
#[cfg(feature = "config")]
use crate::exchange::Shared;
use crate::policy::Policy;
#[cfg(feature = "config")]
use crate::policy::{PolicyErrors, Reload, Severity};

impl ConnLint {
    /// The policy in force; what it makes of a request tells [`Policy::effective`].
    pub fn policy(&self) -> Policy {
        self.0.in_force.policy()
    }

    /// Puts another policy in force. Requests that are under way finish under the one that they
    /// started with. Levels that were given in code stay over it, and so does `CONN_LINT`; the
    /// length of windows stays as it was built.
    ///
    /// ```
    /// use tower_conn_lint::{ConnLint, Preset};
    ///
    /// let lint = ConnLint::new();
    /// lint.replace_policy(Preset::Recommended1);
    /// ```
    pub fn replace_policy(&self, policy: impl Into<Policy>) {
        let shared = &self.0;
        let Ok(_) = shared
            .in_force
            .replace(shared.clock.now(), |_| Ok::<_, Infallible>(Some(policy.into())));
        shared.took_policy();
    }

    /// Reads the policy's files again, and puts what they say in force.
    ///
    /// # Errors
    ///
    /// All mistakes of the files, as in [`Policy::try_from_file`]: then the policy in force stays.
    /// A lint, a key or a version that this crate doesn't know is none, nor is what a floor of the
    /// base outdoes; those are one line in the log.
    ///
    /// ```
    /// use tower_conn_lint::policy::Reload;
    /// use tower_conn_lint::{ConnLint, Policy};
    ///
    /// let policy = Policy::stack().text("base.toml", "preset = \"strict-1\"").load_or_builtin();
    /// let lint = ConnLint::builder().policy(policy).build();
    /// assert_eq!(lint.reload(), Ok(Reload::Unchanged), "a text never changes");
    /// ```
    #[cfg(feature = "config")]
    pub fn reload(&self) -> Result<Reload, PolicyErrors> {
        self.0.reload(None).1
    }

    /// Watches the policy's files, and the links that lead to them, and reloads the policy within
    /// two seconds of a change, however it is made: written in place, by rename, or by the swap of
    /// a link as Kubernetes does for a ConfigMap. A file with mistakes leaves the policy in force,
    /// and is one line at ERROR. Of a policy in code nothing is watched.
    ///
    /// # Errors
    ///
    /// The thread that watches can't be started.
    ///
    /// ```
    /// use tower_conn_lint::{ConnLint, Policy};
    ///
    /// let policy = Policy::from_file_or_builtin("conn-lint.toml");
    /// let lint = ConnLint::builder().policy(policy).build();
    /// let watch = lint.watch()?;
    /// // ... as long as the service runs.
    /// # drop(watch);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "reload")]
    pub fn watch(&self) -> io::Result<PolicyWatch> {
        let policy = self.policy();
        let shared = Arc::downgrade(&self.0);
        let mut tried = policy.hash();
        PolicyWatch::new(policy.files(), move || match shared.upgrade() {
            None => ControlFlow::Break(()),
            Some(shared) => {
                tried = shared.reload(tried).0;
                ControlFlow::Continue(())
            }
        })
    }
}

#[cfg(feature = "config")]
impl Shared {
    /// Reads the files again, unless they are what was tried before; the hash of what was tried.
    fn reload(&self, tried: Option<u64>) -> (Option<u64>, Result<Reload, PolicyErrors>) {
        let mut hash = tried;
        let replaced = self.in_force.replace(self.clock.now(), |policy| {
            let Some(next) = policy.read_again() else { return Ok(None) };
            hash = next.hash();
            if hash == tried || hash == policy.hash() && !self.in_force.is_failing() {
                return Ok(None);
            }
            match next.problems().filter(|errors| errors.severity() == Severity::Error) {
                Some(errors) => Err(errors.clone()),
                None => Ok(Some(next)),
            }
        });
        if hash == tried && tried.is_some() {
            return (hash, Ok(Reload::Unchanged));
        }
        self.in_force.fails(replaced.is_err());
        let outcome = replaced.map(|replaced| match replaced {
            true => Reload::Replaced,
            false => Reload::Unchanged,
        });
        self.reporter.reloaded(outcome.as_ref().copied());
        self.took_policy();
        (hash, outcome)
    }
}
