use std::path::PathBuf;
use std::sync::Arc;

use super::source::Source;
use crate::Policy;
use crate::policy::fnv::Fnv;
use crate::policy::{PolicyErrors, Severity};
use crate::report::TARGET;

/// Files and texts of a policy, the base first: later ones stand over earlier ones.
///
/// ```no_run
/// use tower_conn_lint::{ConnLint, Policy};
///
/// # const BASE: &str = "version = 1";
/// // const BASE: &str = include_str!("../base.toml");
/// let policy = Policy::stack().text("base.toml", BASE).file("conn-lint.toml").load_or_builtin();
/// let lint = ConnLint::builder().policy(policy).build();
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a stack does nothing until it is loaded"]
pub struct Stack {
    sources: Vec<Source>,
}

/// What a policy was made of, and what of that was refused.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Can be loaded again.
    pub(crate) stack: Arc<Stack>,
    pub(crate) problems: Option<PolicyErrors>,
    /// Of all that was read.
    pub(crate) hash: u64,
    /// Whether any of it could be.
    pub(crate) is_read: bool,
    /// Those that were read, and those that could not be: for who watches them.
    #[cfg_attr(not(feature = "reload"), allow(dead_code))]
    pub(crate) files: Vec<PathBuf>,
}

// === impl Policy ===

impl Policy {
    /// Reads a policy file, strictly: for tests and checks. A service that starts takes
    /// [`from_file_or_builtin`](Self::from_file_or_builtin).
    ///
    /// # Errors
    ///
    /// All mistakes of the file at once, each with its place, its text, and the nearest right thing; a
    /// file that is missing, longer than 1 MiB, or not UTF-8.
    ///
    /// ```
    /// use tower_conn_lint::Policy;
    ///
    /// let errors = Policy::try_from_file("no-such-file.toml").unwrap_err();
    /// assert_eq!(errors.to_string(), "no-such-file.toml: there is no such file");
    /// ```
    pub fn try_from_file(path: impl Into<PathBuf>) -> Result<Policy, PolicyErrors> {
        Policy::stack().file(path).try_load()
    }

    /// Reads a policy file and never fails: what can be read holds, a mistake drops only itself, and
    /// where there is no file the built-in policy holds ([`Policy::default`]). One line in the log says
    /// what is wrong: at WARN if all of it may be right in a later version of this crate, else at ERROR.
    ///
    /// ```
    /// use tower_conn_lint::{ConnLint, Policy};
    ///
    /// let policy = Policy::from_file_or_builtin("no-such-file.toml");
    /// assert!(policy.problems().is_some());
    /// let lint = ConnLint::builder().policy(policy).build();
    /// ```
    pub fn from_file_or_builtin(path: impl Into<PathBuf>) -> Policy {
        Policy::stack().file(path).load_or_builtin()
    }

    /// What its files say now; `None` for a policy in code.
    pub(crate) fn read_again(&self) -> Option<Policy> {
        Some(Stack::clone(&self.loaded.as_ref()?.stack).load())
    }

    /// The files that it was read from.
    #[cfg(feature = "reload")]
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.loaded.as_ref().map(|loaded| loaded.files.clone()).unwrap_or_default()
    }

    /// A policy of several files, the base first.
    pub fn stack() -> Stack {
        Stack::default()
    }

    /// What was refused as it was loaded; none of a policy that was written in code.
    pub fn problems(&self) -> Option<&PolicyErrors> {
        self.loaded.as_ref()?.problems.as_ref()
    }
}

// === impl Stack ===

impl Stack {
    /// Adds a file over those that there are.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Stack {
        self.sources.push(Source::File(path.into()));
        self
    }

    /// Adds a file that may be missing, such as that of a service which needs no exceptions.
    ///
    /// ```
    /// use tower_conn_lint::Policy;
    ///
    /// let base = Policy::stack().text("base.toml", "version = 1\ncap = \"warn\"\n");
    /// let policy = base.optional_file("no-such-file.toml").try_load().unwrap();
    /// assert_eq!(policy.cap().as_str(), "warn");
    /// ```
    pub fn optional_file(mut self, path: impl Into<PathBuf>) -> Stack {
        self.sources.push(Source::OptionalFile(path.into()));
        self
    }

    /// Adds a text, as by `include_str!`. Mistakes in it are told under this name.
    pub fn text(mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Stack {
        self.sources.push(Source::Text { name: name.into(), text: text.into() });
        self
    }

    /// Reads all of it, strictly.
    ///
    /// # Errors
    ///
    /// All mistakes at once, as in [`Policy::try_from_file`].
    ///
    /// ```
    /// use tower_conn_lint::Policy;
    ///
    /// let file = "version = 1\n[lints]\nclient-send-close = \"fix\"\n";
    /// let errors = Policy::stack().text("conn-lint.toml", file).try_load().unwrap_err();
    /// assert_eq!(
    ///     errors.to_string(),
    ///     "conn-lint.toml:3:1: unknown lint `client-send-close`: did you mean `client-sends-close`?",
    /// );
    /// ```
    pub fn try_load(self) -> Result<Policy, PolicyErrors> {
        let policy = self.load();
        policy.problems().cloned().map_or(Ok(policy), Err)
    }

    /// Reads all of it and never fails, as [`Policy::from_file_or_builtin`]: a file that can't be read
    /// drops only itself.
    pub fn load_or_builtin(self) -> Policy {
        let policy = self.load();
        policy.tell_problems();
        policy
    }

    /// Reads all of it as it is now; what was refused is in [`Policy::problems`].
    pub(crate) fn load(self) -> Policy {
        let (mut documents, mut errors, mut more) = (Vec::new(), Vec::new(), 0);
        let (mut hash, mut is_read, mut files) = (Fnv::new(), false, Vec::new());
        for source in &self.sources {
            let reading = source.read(&mut hash);
            is_read |= reading.is_read;
            files.extend(reading.files);
            documents.push(Arc::new(reading.file.document));
            errors.extend(reading.errors);
            more += reading.more;
        }
        let (mut policy, refused) = Policy::of(&documents);
        errors.extend(refused);
        // In the order of the sources, then of the places in them.
        let names: Vec<_> = self.sources.iter().map(Source::name).collect();
        errors.sort_by_key(|error| {
            let name = error.origin().file_name();
            let source = names.iter().position(|of| Some(&**of) == name).unwrap_or(names.len());
            (source, error.origin().line_column())
        });
        let problems = PolicyErrors::check_counted(errors, more).err();
        let (stack, hash) = (Arc::new(self), hash.value());
        policy.loaded = Some(Arc::new(Loaded { stack, problems, hash, is_read, files }));
        policy
    }
}

// === impl Policy ===

impl Policy {
    /// What was refused of it, in one line of the log.
    pub(crate) fn tell_problems(&self) {
        let Some(problems) = self.problems() else { return };
        let is_read = self.loaded.as_ref().is_some_and(|loaded| loaded.is_read);
        let errors = problems.brief();
        match problems.severity() {
            Severity::Warning => {
                tracing::warn!(target: TARGET, %errors, "unknown parts of the policy: left out");
            }
            Severity::Error if is_read => {
                tracing::error!(target: TARGET, %errors, "mistakes in the policy: left out; the rest of it holds");
            }
            Severity::Error => {
                tracing::error!(target: TARGET, %errors, "no policy can be read: the built-in one is in force");
            }
        }
    }
}
