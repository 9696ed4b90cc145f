use super::suggest::nearest;
use super::{LintName, PolicyError, PolicyErrors, admitted};
use crate::lint::{Level, Lint};

/// What the environment variable `CONN_LINT` says, in the style of `RUST_LOG`: settings separated
/// by commas, over any policy.
///
/// - `off`: no lint runs;
/// - `observe`: nothing acts, everything is reported as the policy says;
/// - `client-sends-close=warn`: this level, on every route.
///
/// `off`, `observe` and levels may be in upper case, too.
///
/// ```
/// use tower_conn_lint::policy::Environment;
///
/// let (environment, errors) = Environment::parse("observe,low-resue=warn");
/// assert_ne!(environment, Environment::default());
/// assert!(errors.is_some(), "no lint has this name");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    pub(super) off: bool,
    pub(super) observe: bool,
    pub(super) levels: Vec<(Lint, Level)>,
}

impl Environment {
    /// The variable's name.
    pub const VARIABLE: &'static str = "CONN_LINT";

    /// Reads the settings; what can't be read drops only itself, and stands beside the rest.
    pub fn parse(text: &str) -> (Environment, Option<PolicyErrors>) {
        let mut environment = Environment::default();
        let mut errors = Vec::new();
        for setting in text.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                None if setting.eq_ignore_ascii_case("off") => environment.off = true,
                None if setting.eq_ignore_ascii_case("observe") => environment.observe = true,
                None => errors.push(PolicyError::setting(
                    setting,
                    "`off`, `observe` or `lint=level`",
                    nearest(setting, ["off", "observe"]),
                )),
                Some((name, level)) => {
                    let level = level.trim();
                    let level = level.to_ascii_lowercase().parse::<Level>().map_err(|_| {
                        let levels = Level::ALL.map(Level::as_str);
                        let expected = "a level: allow, warn, fix or deny";
                        PolicyError::setting(level, expected, nearest(level, levels))
                    });
                    match LintName::from(name.trim()).resolve().and_then(|lint| Ok((lint, level?)))
                    {
                        Ok((lint, level)) => {
                            let level = admitted(lint, level, &mut errors);
                            environment.levels.push((lint, level));
                        }
                        Err(error) => errors.push(error),
                    }
                }
            }
        }
        (environment, PolicyErrors::check(errors).err())
    }
}
