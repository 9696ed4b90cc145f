//! The policy of a running process is replaced: on demand, or as its files change.

#[cfg(feature = "reload")]
mod watch;

#[cfg(feature = "reload")]
pub use self::watch::PolicyWatch;

#[cfg(feature = "reload")]
use std::{io, sync::Arc};

use crate::ConnLint;
#[cfg(feature = "config")]
use crate::exchange::{Reread, Shared};
use crate::policy::Policy;
#[cfg(feature = "config")]
use crate::policy::{PolicyErrors, Reload};

impl ConnLint {
    /// The policy in force; what it makes of a request tells [`Policy::effective`].
    pub fn policy(&self) -> Policy {
        (*self.0.in_force.policy()).clone()
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
        self.0.in_force.replace(policy.into(), self.0.clock.now());
        self.0.replaced_policy();
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
        self.0.reload(Asked::ByCode)
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
        let shared = Arc::downgrade(&self.0);
        PolicyWatch::new(self.0.in_force.policy().files(), move || {
            let shared = shared.upgrade()?;
            // Reported already.
            _ = shared.reload(Asked::ByWatch);
            Some(shared.in_force.policy().files())
        })
    }
}

/// Who asks for a reload: a watch does so again and again.
#[cfg(feature = "config")]
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    ByCode,
    #[cfg(feature = "reload")]
    ByWatch,
}

#[cfg(feature = "config")]
impl Shared {
    fn reload(&self, asked: Asked) -> Result<Reload, PolicyErrors> {
        let (outcome, is_news) = match self.in_force.reread(self.clock.now()) {
            Reread::Unchanged => (Ok(Reload::Unchanged), false),
            Reread::Replaced => (Ok(Reload::Replaced), true),
            Reread::Refused { errors, again } => (Err(errors), !again),
        };
        if is_news || asked == Asked::ByCode {
            self.reporter.reloaded(outcome.as_ref().copied());
        }
        match outcome {
            Ok(Reload::Replaced) => {
                self.in_force.policy().tell_problems();
                self.replaced_policy();
            }
            Err(_) if is_news => _ = self.look_at_policy(false),
            _ => {}
        }
        outcome
    }
}

#[cfg(all(test, feature = "config"))]
mod tests {
    use std::{env, fs, process};

    use super::*;
    use crate::report::log;

    #[test]
    fn what_a_reload_does_not_know_is_one_line_in_the_log() {
        let file = env::temp_dir().join(format!("conn-lint-reload-{}.toml", process::id()));
        fs::write(&file, "version = 1\n").unwrap();
        let policy = Policy::from_file_or_builtin(&file);
        let lint = ConnLint::builder().policy(policy).environment("").build();
        fs::write(&file, "version = 1\n[lints]\nclient-send-close = \"fix\"\n").unwrap();
        let log = log::of(|| assert_eq!(lint.reload(), Ok(Reload::Replaced)));
        fs::remove_file(&file).unwrap();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("WARN")).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains("did you mean `client-sends-close`?"), "{log}");
    }
}
