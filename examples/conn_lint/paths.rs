//! How the paths of route templates lie to each other.

use tower_conn_lint::policy::Template;

/// How the paths of one template lie to those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paths {
    /// They have none in common.
    Apart,
    /// All of the other's are its own.
    Cover,
    /// They may have some in common.
    Meet,
}

enum Segment<'t> {
    Static(&'t str),
    Parameter,
    Rest,
}

pub(crate) fn paths(one: &Template, other: &Template) -> Paths {
    use Segment::{Parameter, Rest, Static};

    let (mut ones, mut others) = (segments(one), segments(other).peekable());
    let mut so_far = Paths::Cover;
    loop {
        match (ones.next(), others.next()) {
            // Neither stands for an empty end.
            (Some(Parameter | Rest), Some(Static(""))) if others.peek().is_none() => {
                return Paths::Apart;
            }
            (Some(Rest), Some(_)) | (None, None) => return so_far,
            (Some(_), Some(Rest)) => return Paths::Meet,
            (Some(Parameter), Some(_)) => {}
            (Some(Static(_)), Some(Parameter)) => so_far = Paths::Meet,
            (Some(Static(one)), Some(Static(other))) if one == other => {}
            _ => return Paths::Apart,
        }
    }
}

fn segments(template: &Template) -> impl Iterator<Item = Segment<'_>> {
    template.as_str().split('/').skip(1).map(|segment| match segment {
        text if text.starts_with("{{") => Segment::Static(text),
        text if text.starts_with("{*") => Segment::Rest,
        text if text.starts_with('{') => Segment::Parameter,
        text => Segment::Static(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_cover_each_other_meet_or_lie_apart() {
        use Paths::{Apart, Cover, Meet};

        for (one, other, expected) in [
            ("/", "/", Cover),
            ("/a", "/a", Cover),
            ("/a", "/b", Apart),
            ("/a", "/a/", Apart),
            ("/{x}", "/a", Cover),
            ("/a", "/{x}", Meet),
            ("/{x}", "/{y}", Cover),
            ("/{x}/b", "/a/{y}", Meet),
            ("/{x}", "/a/b", Apart),
            ("/{*rest}", "/a/b", Cover),
            ("/{*rest}", "/", Apart),
            ("/a/{*rest}", "/a/", Apart),
            ("/a/{x}", "/a/", Apart),
            ("/a/{*rest}", "/a/{x}/c", Cover),
            ("/a/{x}", "/a/{*rest}", Meet),
            ("/a/{*rest}", "/{*rest}", Meet),
            ("/b/{*rest}", "/a/{*rest}", Apart),
            ("/{{x}}", "/{x}", Meet),
            ("/{{x}}", "/a", Apart),
        ] {
            let [a, b] = [one, other].map(|text| Template::parse(text).expect("a template"));
            assert_eq!(paths(&a, &b), expected, "{one} to {other}");
        }
    }
}
