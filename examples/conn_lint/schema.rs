//! `schema`: the JSON Schema of the policy file.

use lexopt::Parser;

use crate::command::{Arguments, Command, Failure, Streams, Verdict};

pub(crate) const COMMAND: Command = Command {
    name: "schema",
    usage: "schema",
    does: "the JSON Schema of a policy's file, for editors",
    details: "Where it was built with the feature `schema`.\n",
    run,
};

fn run(arguments: &mut Parser, streams: &mut Streams<'_>) -> Result<Verdict, Failure> {
    let Arguments { values, .. } = Arguments::read(arguments, &[])?;
    if let [first, ..] = &values[..] {
        let first = first.to_string_lossy();
        return Err(Failure::usage(format_args!("`schema` takes no `{first}`")));
    }
    write!(streams.out, "{}", schema()?)?;
    Ok(Verdict::Fine)
}

#[cfg(feature = "schema")]
fn schema() -> Result<String, Failure> {
    Ok(tower_conn_lint::Policy::json_schema())
}

#[cfg(not(feature = "schema"))]
fn schema() -> Result<String, Failure> {
    Err(Failure::usage("built without the feature `schema`: build with `--features config,schema`"))
}
