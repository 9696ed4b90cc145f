use super::checks::admitted;
use super::suggest::nearest;
use super::{LintName, Origin, PolicyError, PolicyErrors};
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
    pub(crate) off: bool,
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
            if let Err(error) = environment.read(setting, &mut errors) {
                errors.push(error);
            }
        }
        let errors = errors.into_iter().map(|error| error.at(&Origin::ENVIRONMENT)).collect();
        (environment, PolicyErrors::check(errors).err())
    }

    /// No level acts above this one.
    pub(super) fn cap(&self) -> Level {
        if self.observe { Level::Warn } else { Level::Deny }
    }

    fn read(&mut self, setting: &str, errors: &mut Vec<PolicyError>) -> Result<(), PolicyError> {
        let Some((name, level)) = setting.split_once('=') else {
            match setting.to_ascii_lowercase().as_str() {
                "off" => self.off = true,
                "observe" => self.observe = true,
                _ => {
                    let expected = "`off`, `observe` or `lint=level`";
                    let near = nearest(setting, ["off", "observe"]);
                    return Err(PolicyError::setting(setting, expected, near));
                }
            }
            return Ok(());
        };
        let lint = LintName::from(name.trim()).resolve()?;
        let level = read_level(level.trim())?;
        self.levels.push((lint, admitted(lint, level, &Origin::ENVIRONMENT, errors)));
        Ok(())
    }
}

fn read_level(text: &str) -> Result<Level, PolicyError> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        let near = nearest(text, Level::ALL.map(Level::as_str));
        PolicyError::setting(text, "a level: allow, warn, fix or deny", near)
    })
}
