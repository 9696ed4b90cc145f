use std::{fmt, slice};

use super::{PolicyError, Severity};

/// The most mistakes that are told of one policy; the rest is counted.
const MOST: usize = 100;

/// All mistakes of a policy at once, in the order in which they were written; never empty. Of more
/// than a hundred the rest is counted ([`more`](Self::more)).
///
/// ```
/// use tower_conn_lint::Policy;
///
/// let errors = Policy::builder().fix("closer").deny("opener").build().unwrap_err();
/// assert_eq!(errors.iter().count(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors {
    errors: Vec<PolicyError>,
    more: usize,
}

// === impl PolicyErrors ===

impl PolicyErrors {
    pub(crate) fn check(errors: Vec<PolicyError>) -> Result<(), PolicyErrors> {
        PolicyErrors::check_counted(errors, 0)
    }

    /// Of these mistakes, and as many more that nobody wrote down. Warnings are the first to go.
    pub(super) fn check_counted(
        mut errors: Vec<PolicyError>,
        mut more: usize,
    ) -> Result<(), PolicyErrors> {
        if errors.is_empty() {
            return Ok(());
        }
        if errors.len() > MOST {
            more += errors.len() - MOST;
            let of = |wanted| errors.iter().filter(|error| error.severity() == wanted).count();
            let most = of(Severity::Error).min(MOST);
            let mut room = [MOST - most, most];
            errors.retain(|error| {
                let room = &mut room[error.severity() as usize];
                let fits = *room > 0;
                *room -= usize::from(fits);
                fits
            });
        }
        Err(PolicyErrors { errors, more })
    }

    /// How many there are beside those of [`iter`](Self::iter).
    pub fn more(&self) -> usize {
        self.more
    }

    /// The gravest of them.
    pub fn severity(&self) -> Severity {
        self.iter().map(PolicyError::severity).max().unwrap_or(Severity::Warning)
    }

    /// As much as goes on a line of a log: the first mistake, and more while they are short.
    pub(crate) fn brief(&self) -> String {
        self.joined(512)
    }

    fn joined(&self, most: usize) -> String {
        let mut text = String::new();
        for (index, error) in self.iter().enumerate() {
            let next = format!("{}{error}", if index > 0 { "; " } else { "" });
            if index > 0 && text.len() + next.len() > most {
                return format!("{text}; and {} more", self.errors.len() - index + self.more);
            }
            text.push_str(&next);
        }
        if self.more > 0 { format!("{text}; and {} more", self.more) } else { text }
    }

    /// Each mistake.
    pub fn iter(&self) -> slice::Iter<'_, PolicyError> {
        self.errors.iter()
    }
}

impl<'a> IntoIterator for &'a PolicyErrors {
    type Item = &'a PolicyError;
    type IntoIter = slice::Iter<'a, PolicyError>;

    fn into_iter(self) -> slice::Iter<'a, PolicyError> {
        self.iter()
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined(usize::MAX))
    }
}

impl std::error::Error for PolicyErrors {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyErrorKind;

    #[test]
    fn of_many_mistakes_the_grave_ones_are_kept_in_their_order() {
        let of = |kind, count: usize| (0..count).map(move |i| PolicyError::new(kind, i));
        let errors: Vec<_> = of(PolicyErrorKind::UnknownKey, 150)
            .chain(of(PolicyErrorKind::Value, 30))
            .chain(of(PolicyErrorKind::UnknownLint, 5))
            .collect();
        let errors = PolicyErrors::check_counted(errors, 7).expect_err("there are mistakes");

        let kept = |kind| errors.iter().filter(|error| error.kind() == kind).count();
        assert_eq!(kept(PolicyErrorKind::Value), 30, "no error goes before the warnings do");
        assert_eq!(kept(PolicyErrorKind::UnknownKey), 70, "the first warnings stay");
        assert_eq!(errors.more(), 185 - 100 + 7, "what is left out is counted");
        assert_eq!(errors.severity(), Severity::Error);
        assert_eq!(errors.iter().next().map(PolicyError::message), Some("0"), "in their order");
        assert!(errors.to_string().ends_with("; and 92 more"), "{errors}");
    }
}
