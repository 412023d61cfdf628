//! The flows: one for the life of the server, and those of the requests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_web::rt::time::sleep;
use serde::Deserialize;
use tokio::sync::watch;

/// What clients send.
#[derive(Deserialize)]
pub(crate) struct Event {
    kind: String,
}

/// Stores events, one at a time, and tells at its end how many of each kind there were.
///
/// A window of 1 lets no event wait at the store: all that wait are in the inlet, whose capacity
/// then is the bound of the whole flow.
pub(crate) fn events(
    source: Source<Event>,
    paused: watch::Receiver<bool>,
) -> Blueprint<BTreeMap<String, u64>> {
    let store = move |event: Event| {
        let mut paused = paused.clone();
        async move {
            // An error says that nobody is left who could end the pause.
            let _ = paused.wait_for(|paused| !paused).await;
            event.kind
        }
    };
    source
        .map_async(1, store)
        .named("store")
        .window(1)
        .fold(BTreeMap::new(), |mut stored, kind| {
            *stored.entry(kind).or_default() += 1;
            stored
        })
        .named("tally")
        .flow_named("events")
}

/// Whose request it is; a value of the request's context.
pub(crate) struct SessionId(pub(crate) u64);

const BACKENDS: [&str; 3] = ["web", "image", "video"];

/// Asks all backends at once and passes their answers as they come.
pub(crate) fn search(context: &FlowContext, query: String, latency: Duration) -> Source<String> {
    let session = context.value::<SessionId>().map_or(0, |session| session.0);
    let branches = Source::once(query).broadcast(BACKENDS.len()).into_vec();
    let answers = branches.into_iter().zip(BACKENDS).map(|(query, backend)| {
        let ask = move |query: String| async move {
            sleep(latency).await;
            format!("{backend}: {query} for session {session}")
        };
        query.map_async(1, ask).named(backend)
    });
    Source::merge_all(answers)
}

/// Numbered lines, made only as they are read.
pub(crate) fn lines(count: u64) -> Source<String> {
    Source::from_iter(1..=count)
        .map(|n| format!("line {n}\n"))
        .window(16)
}

/// What became of the flows of requests, and of the events.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) running: AtomicU64,
    pub(crate) completed: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) refused: AtomicU64,
}

/// A flow that is counted as running until the actor that holds this is gone.
struct Running {
    context: FlowContext,
    stats: Arc<Stats>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stats.running.fetch_sub(1, SeqCst);
        // A flow that is cancelled has its context marked before any of its actors ends; that of
        // one which completes goes on until the last has.
        let ended = if self.context.cause().is_some() {
            &self.stats.cancelled
        } else {
            &self.stats.completed
        };
        ended.fetch_add(1, SeqCst);
    }
}

/// Counts the flow of a request: puts a stage behind it that passes all, and whose state is made
/// when the flow starts and dropped when it ends.
pub(crate) fn counted<T: Send + 'static>(source: Source<T>, stats: &Arc<Stats>) -> Source<T> {
    let stats = Arc::clone(stats);
    let running = move |context: &FlowContext| {
        stats.running.fetch_add(1, SeqCst);
        Running {
            context: context.clone(),
            stats: Arc::clone(&stats),
        }
    };
    source
        .scan_with(running, |_, item| Some(item))
        .named("counted")
}
