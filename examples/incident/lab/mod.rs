//! The incident with its three seconds: few ports, and a balancer that holds each for two seconds.

mod namespace;
mod picture;
mod story;

use std::time::Duration;

use tokio::time::Instant;

use self::story::{LabPrologue, LabStory};
use crate::act::{Act, Caller, Stage};
use crate::paint::Paint;
use crate::{BoxError, Output, json, node_client, print};

/// The gateway, behind the balancer.
const STAGE: Stage = Stage {
    port: 8080,
    requests: 60,
    handler_says_close: false,
    always_layered: true,
    stamps: true,
};

/// How long an act may take: each of its requests three seconds, and some more.
const LIMIT: Duration = Duration::from_secs(240);

/// Plays the acts in a namespace, which this process enters first, and which ends with it.
pub(crate) async fn play(output: Output) -> Result<(), BoxError> {
    namespace::enter()?;
    namespace::furnish().await?;
    let paint = Paint::of_stdout();
    let has_node = node_client::version().await.is_some();
    if output == Output::People {
        print(LabPrologue { has_node, paint })?;
    } else if !has_node {
        eprintln!("note: node was not found: its act is left out");
    }
    let mut acts = Vec::new();
    for (caller, layer) in [(Caller::Hyper, false), (Caller::Hyper, true), (Caller::Node, false)] {
        if caller == Caller::Node && !has_node {
            continue;
        }
        namespace::balance(STAGE.port).await?;
        let act = Act::play(caller, layer, STAGE, Instant::now() + LIMIT).await?;
        if output == Output::People {
            print(LabStory { act: &act, paint })?;
        }
        acts.push(act);
    }
    match output {
        Output::People => print(story::ending(&acts, paint)),
        Output::Json => print(format_args!("{}\n", json::object(&acts))),
    }?;
    Ok(())
}
