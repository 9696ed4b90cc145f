use std::{fmt, str::FromStr};

#[cfg(test)]
mod tests;

/// The longest template in bytes.
pub(crate) const MAX_BYTES: usize = 1024;

/// The most segments of a template. It bounds the recursion of the matcher.
pub(crate) const MAX_SEGMENTS: usize = 64;

/// A path template in axum 0.8's syntax: `/users/{id}`, `/v1/{*rest}`.
///
/// | written | matches |
/// |---|---|
/// | `users` | the segment `users`, byte by byte, as it stands in the request (percent-encoded) |
/// | `{id}` | one segment that is not empty |
/// | `{*rest}` | one byte or more up to the end, slashes included; only as the last segment |
/// | `{{`, `}}` | a literal `{`, `}` |
///
/// A trailing slash matters. At most 1024 bytes and 64 segments.
///
/// Templates are equal when they are written alike; [`same_route`](Self::same_route) looks past
/// the names of the parameters.
///
/// ```
/// use tower_conn_lint::policy::Template;
///
/// let user: Template = "/users/{id}".parse()?;
/// assert_eq!(user.as_str(), "/users/{id}");
/// assert!(user.same_route(&"/users/{name}".parse()?));
///
/// let error = Template::parse("/users/:id").unwrap_err();
/// assert!(error.to_string().ends_with("write `{id}` or `{*rest}`"));
/// # Ok::<(), tower_conn_lint::policy::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Template {
    text: Box<str>,
    segments: Box<[Segment]>,
}

/// What stands between two slashes of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    /// Literal text, its braces no longer escaped. Empty after a trailing slash.
    Static(Box<str>),
    /// `{id}`
    Parameter,
    /// `{*rest}`
    Rest,
}

/// A text that is no [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("route template `{}`, byte {offset}: {}", excerpt(.template), .kind.remedy())]
#[non_exhaustive]
pub struct TemplateError {
    kind: TemplateErrorKind,
    template: Box<str>,
    offset: usize,
}

/// What a [`TemplateError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// More than 1024 bytes.
    TooLong,
    /// More than 64 segments.
    TooManySegments,
    /// The first byte is not `/`.
    NoLeadingSlash,
    /// Whitespace, a control character, `?` or `#`.
    ForbiddenCharacter,
    /// A segment in the syntax of axum 0.7, `:id` or `*rest`.
    OldSyntax,
    /// A `{` without its `}` in the same segment.
    UnclosedBrace,
    /// A `}` without its `{`.
    StrayBrace,
    /// A parameter next to other text, as in `/{id}.json`.
    PartialSegment,
    /// A parameter without a name, or with one that has other characters than letters, digits,
    /// `_`, `-` and `.`.
    InvalidName,
    /// Two parameters of the same name.
    DuplicateName,
    /// A segment after `{*rest}`.
    RestNotLast,
}

// === impl Template ===

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] says what is wrong, at which byte, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let segments = parse(text).map_err(|(kind, offset)| TemplateError {
            kind,
            template: text.into(),
            offset,
        })?;
        Ok(Self { text: text.into(), segments: segments.into() })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether both match the same paths, that is, differ by the names of parameters at most.
    pub fn same_route(&self, other: &Self) -> bool {
        self.segments == other.segments
    }

    /// The segments from the left: at least one, at most [`MAX_SEGMENTS`].
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

// === impl TemplateError ===

impl TemplateError {
    /// What it is about.
    pub fn kind(&self) -> TemplateErrorKind {
        self.kind
    }

    /// The text that was refused, whole.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Where the fault starts, in bytes from the start of [`template`](Self::template).
    pub fn offset(&self) -> usize {
        self.offset
    }
}

// === impl TemplateErrorKind ===

impl TemplateErrorKind {
    fn remedy(self) -> &'static str {
        match self {
            Self::TooLong => "longer than 1024 bytes; end it early with `{*rest}`",
            Self::TooManySegments => "more than 64 segments; end it early with `{*rest}`",
            Self::NoLeadingSlash => "a template starts with `/`",
            Self::ForbiddenCharacter => {
                "no whitespace, control character, `?` or `#`; \
                 write the path alone, percent-encoded"
            }
            Self::OldSyntax => "a segment starts with `:` or `*`; write `{id}` or `{*rest}`",
            Self::UnclosedBrace => {
                "`{` is not closed in its segment; write `{id}`, or `{{` for `{`"
            }
            Self::StrayBrace => "`}` closes nothing; write `}}` for a literal `}`",
            Self::PartialSegment => {
                "a parameter fills its whole segment; write `/{id}/`, or `{{` for a literal `{`"
            }
            Self::InvalidName => {
                "a parameter has a name of letters, digits, `_`, `-` and `.`; \
                 write `{id}` or `{*rest}`"
            }
            Self::DuplicateName => "two parameters have this name; rename one",
            Self::RestNotLast => "`{*rest}` is the last segment; write `{id}` for one segment",
        }
    }
}

type Fault = (TemplateErrorKind, usize);

fn parse(text: &str) -> Result<Vec<Segment>, Fault> {
    use TemplateErrorKind as Kind;

    if text.len() > MAX_BYTES {
        return Err((Kind::TooLong, MAX_BYTES));
    }
    let Some(path) = text.strip_prefix('/') else {
        return Err((Kind::NoLeadingSlash, 0));
    };
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '?' || c == '#';
    if let Some(offset) = text.find(forbidden) {
        return Err((Kind::ForbiddenCharacter, offset));
    }

    let mut segments = Vec::new();
    let mut names = Vec::new();
    let mut rest_at = None;
    let mut offset = 1;
    for written in path.split('/') {
        if segments.len() == MAX_SEGMENTS {
            return Err((Kind::TooManySegments, offset));
        }
        if let Some(rest_at) = rest_at {
            return Err((Kind::RestNotLast, rest_at));
        }
        let segment = if written.starts_with([':', '*']) {
            return Err((Kind::OldSyntax, offset));
        } else if written.starts_with('{') && !written.starts_with("{{") {
            let name = parameter(written).map_err(|(kind, at)| (kind, offset + at))?;
            let (name, segment) = match name.strip_prefix('*') {
                Some(name) => (name, Segment::Rest),
                None => (name, Segment::Parameter),
            };
            if !is_name(name) {
                return Err((Kind::InvalidName, offset));
            }
            if names.contains(&name) {
                return Err((Kind::DuplicateName, offset));
            }
            names.push(name);
            segment
        } else {
            Segment::Static(literal(written).map_err(|(kind, at)| (kind, offset + at))?)
        };
        if segment == Segment::Rest {
            rest_at = Some(offset);
        }
        segments.push(segment);
        offset += written.len() + 1;
    }
    Ok(segments)
}

/// What stands between the braces of a segment that starts with `{`.
fn parameter(segment: &str) -> Result<&str, Fault> {
    let Some(close) = segment.find('}') else {
        return Err((TemplateErrorKind::UnclosedBrace, 0));
    };
    if close + 1 < segment.len() {
        return Err((TemplateErrorKind::PartialSegment, 0));
    }
    Ok(&segment[1..close])
}

/// The text of a segment without parameters, its escapes undone.
fn literal(segment: &str) -> Result<Box<str>, Fault> {
    let mut text = String::with_capacity(segment.len());
    let mut characters = segment.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if matches!(character, '{' | '}') && characters.next_if(|(_, c)| *c == character).is_none()
        {
            let kind = match character {
                '}' => TemplateErrorKind::StrayBrace,
                _ if segment[at..].contains('}') => TemplateErrorKind::PartialSegment,
                _ => TemplateErrorKind::UnclosedBrace,
            };
            return Err((kind, at));
        }
        text.push(character);
    }
    Ok(text.into())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The template on one line. Cut where it is too long to be one.
fn excerpt(template: &str) -> String {
    template.chars().take(MAX_BYTES).flat_map(char::escape_debug).collect()
}
