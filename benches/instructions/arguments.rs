use crate::subjects::{SUBJECTS, Subject};

/// What the command line asks for.
pub(crate) struct Arguments {
    pub(crate) command: Command,
    pub(crate) json: bool,
    /// How many instructions a subject may add.
    pub(crate) bounds: Vec<(&'static Subject, i64)>,
}

pub(crate) enum Command {
    /// All subjects, each in a process of its own under valgrind.
    Measure,
    /// One subject, here: prints how many allocations its calls made.
    Measured { subject: &'static Subject, calls: usize },
    /// Every subject once: what `cargo test --benches` asks for.
    Once,
}

impl Arguments {
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments { command: Command::Once, json: false, bounds: Vec::new() };
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` without a value"));
            match word.as_str() {
                // What `cargo bench` adds.
                "--bench" => arguments.command = Command::Measure,
                "--json" => arguments.json = true,
                "--max" => arguments.bounds.push(bound(&value()?)?),
                "--measured" => {
                    let (subject, calls) = (subject(&value()?)?, number(&value()?)?);
                    arguments.command = Command::Measured { subject, calls };
                }
                _ => return Err(format!("`{word}` is no option: --json, --max SUBJECT=NUMBER")),
            }
        }
        Ok(arguments)
    }
}

fn bound(text: &str) -> Result<(&'static Subject, i64), String> {
    let (name, bound) = text.split_once('=').ok_or("write --max SUBJECT=NUMBER")?;
    Ok((subject(name)?, number(bound)?))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn subject(name: &str) -> Result<&'static Subject, String> {
    let names = || SUBJECTS.each_ref().map(|subject| subject.name).join(", ");
    let subject = SUBJECTS.iter().find(|subject| subject.name == name);
    subject.ok_or_else(|| format!("`{name}` is no subject: {}", names()))
}
