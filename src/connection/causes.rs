use super::EndCause;

/// A set of end causes.
///
/// ```
/// use tower_conn_lint::connection::{Causes, EndCause};
///
/// let causes: Causes = [EndCause::Drain, EndCause::RequestClose].into_iter().collect();
/// assert!(causes.contains(EndCause::Drain));
/// assert_eq!(causes.to_string(), "request-close, drain");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Causes(u32);

// === impl Causes ===

impl Causes {
    /// No cause.
    pub const NONE: Causes = Causes(0);

    /// The set with one more.
    #[must_use]
    pub const fn with(self, cause: EndCause) -> Causes {
        Causes(self.0 | 1 << cause as u8)
    }

    /// The set without one.
    #[must_use]
    pub const fn without(self, cause: EndCause) -> Causes {
        Causes(self.0 & !(1 << cause as u8))
    }

    /// Whether it is in the set.
    pub const fn contains(self, cause: EndCause) -> bool {
        self.0 & 1 << cause as u8 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each cause, in the order of [`EndCause::ALL`].
    pub fn iter(self) -> impl Iterator<Item = EndCause> {
        EndCause::ALL.iter().copied().filter(move |cause| self.contains(*cause))
    }
}

impl FromIterator<EndCause> for Causes {
    fn from_iter<I: IntoIterator<Item = EndCause>>(causes: I) -> Causes {
        causes.into_iter().fold(Causes::NONE, Causes::with)
    }
}

impl std::fmt::Display for Causes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, cause) in self.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{cause}")?;
        }
        Ok(())
    }
}
