use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Reading, read};
use crate::policy::document::{Preview, Written};
use crate::policy::fnv::Fnv;
use crate::policy::{Origin, PolicyError, PolicyErrorKind};

/// The longest file in bytes.
const LONGEST: u64 = 1 << 20;

/// Where a policy's text comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(PathBuf),
    /// One that may be missing.
    OptionalFile(PathBuf),
    /// A text of the program's own, and the name under which mistakes are told.
    Text {
        name: Arc<str>,
        text: Arc<str>,
    },
}

// === impl Source ===

impl Source {
    /// Reads it now, and the file that it names as its preview.
    pub(super) fn read(&self, hash: &mut Fnv) -> Reading {
        let mut reading = self.read_alone(hash);
        let Some(path) = reading.file.preview_file.take() else { return reading };
        let mut misplaced = |text: &str| {
            let error = PolicyError::new(PolicyErrorKind::Misplaced, text);
            reading.errors.push(error.at(&path.origin));
        };
        let Some(preview) = self.beside(Path::new(&path.value)) else {
            misplaced("a text has no files beside it: name a preset, or a whole path");
            return reading;
        };
        let Reading { file, errors, more, files, .. } = preview.read_alone(hash);
        reading.files.extend(files);
        if file.preview_file.is_some() || file.document.preview.is_some() {
            misplaced("this preview has a preview of its own, which is left out");
        }
        reading.errors.extend(errors);
        reading.more += more;
        let value = Preview::Documents(vec![Arc::new(file.document)]);
        reading.file.document.preview = Some(Written { value, origin: path.origin });
        reading
    }

    fn read_alone(&self, hash: &mut Fnv) -> Reading {
        let bytes = self.bytes();
        *hash = hashed(*hash, self.name().as_bytes());
        *hash = hashed(*hash, bytes.as_deref().unwrap_or_default());
        let reading = match bytes {
            Ok(bytes) => read(self.name(), &bytes),
            Err(_) if self.may_be_missing() => Reading::default(),
            Err(error) => {
                *hash = hashed(*hash, error.message().as_bytes());
                let error = error.at(&Origin::whole_file(self.name()));
                Reading { errors: vec![error], ..Reading::default() }
            }
        };
        let files = match self {
            Source::File(path) | Source::OptionalFile(path) => vec![path.clone()],
            Source::Text { .. } => Vec::new(),
        };
        Reading { files, ..reading }
    }

    /// Whether it is a file that may be missing, and is.
    fn may_be_missing(&self) -> bool {
        matches!(self, Source::OptionalFile(path) if matches!(path.try_exists(), Ok(false)))
    }

    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Source::File(path) | Source::OptionalFile(path) => path.to_string_lossy().into(),
            Source::Text { name, .. } => name.clone(),
        }
    }

    /// The file at a path that is written in this source.
    fn beside(&self, path: &Path) -> Option<Source> {
        match self {
            Source::File(this) | Source::OptionalFile(this) => {
                Some(Source::File(this.with_file_name("").join(path)))
            }
            Source::Text { .. } if path.is_absolute() => Some(Source::File(path.to_owned())),
            Source::Text { .. } => None,
        }
    }

    fn bytes(&self) -> Result<Cow<'_, [u8]>, PolicyError> {
        let bytes = match self {
            Source::File(path) | Source::OptionalFile(path) => {
                Cow::Owned(read_file(path).map_err(|error| unreadable(&error))?)
            }
            Source::Text { text, .. } => Cow::Borrowed(text.as_bytes()),
        };
        if bytes.len() as u64 > LONGEST {
            let text = "longer than 1 MiB, which is the most";
            return Err(PolicyError::new(PolicyErrorKind::Unreadable, text));
        }
        Ok(bytes)
    }
}

/// With some bytes, and that they end there.
fn hashed(hash: Fnv, bytes: &[u8]) -> Fnv {
    hash.with(bytes).with(&(bytes.len() as u64).to_le_bytes())
}

/// A file may be endless, so one byte more than is allowed is the most that is read. A pipe is none:
/// it may wait for its writer for ever, and gives what it has only once.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(error: &io::Error) -> PolicyError {
    let text = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("can't be read: {error}"),
    };
    PolicyError::new(PolicyErrorKind::Unreadable, text)
}
