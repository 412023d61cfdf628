//! A backend on actix-web whose requests are answered by flows.
//!
//! It stands for the server of "Go Concurrency Patterns: Context" (<https://go.dev/blog/context>):
//! each request has a context, with the values that belong to it and a deadline; the context is
//! handed to all that works for the request, and when the client has gone or the deadline has
//! passed, all of it stops. Beside the requests, one flow lives as long as the server and is fed by
//! many of them, as the goroutine behind a channel does in Go.
//!
//! ```text
//! cargo run --example backend -- --port 8080
//!
//! curl 'localhost:8080/search?q=actors&session=7'     three lines, one per backend
//! curl 'localhost:8080/search?q=actors&timeout=1'     504: the backends take 20 ms
//! curl localhost:8080/stream/1000000                  a body that is made as it is read
//! curl localhost:8080/events --json '{"kind":"order"}'   202, or 503 if there is no room
//! curl -X POST localhost:8080/pause                   events are taken and wait; /resume goes on
//! curl localhost:8080/stats                           requests' flows that run, and that were cancelled
//! ```
//!
//! It prints `listening on 127.0.0.1:8080`, and when it is told to end (SIGTERM, Ctrl-C) it stores
//! every event it has accepted and prints the report of their flow and how many of each kind were
//! stored, as `stored 3 order`. A stream ends at the signal, a search is still answered.

mod flows;
mod routes;

use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

use actix::Arbiter;
use actix_flow::prelude::*;
use actix_web::{App, HttpServer, web};
use clap::Parser;
use tokio::sync::{oneshot, watch};

use routes::Backend;

/// A backend on actix-web whose requests are answered by flows.
#[derive(Parser)]
struct Arguments {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many events may be accepted and not yet on their way to the store.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    inlet: u16,
    /// How many milliseconds a search backend takes.
    #[arg(long, default_value_t = 20)]
    latency: u64,
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let signal = FlowContext::until_signal()?;
    let (inlet, events) = Source::inlet(usize::from(arguments.inlet));
    let (paused, pause) = watch::channel(false);

    // A flow lives where `run` is called. This one is to outlive every worker of the server, and
    // no request is to wait for its turns.
    let arbiter = Arbiter::new();
    let (tell, started) = oneshot::channel();
    let events = flows::events(events, pause);
    arbiter.spawn(async move {
        // Nobody listens if `main` has failed; the flow is then cancelled by its drop.
        let _ = tell.send(events.run(&FlowContext::background()));
    });
    let events = started.await??;

    let backend = web::Data::new(Backend {
        inlet: inlet.clone(),
        paused,
        signal: signal.clone(),
        latency: Duration::from_millis(arguments.latency),
        stats: Default::default(),
    });
    let state = backend.clone();
    let server = HttpServer::new(move || App::new().app_data(state.clone()).configure(routes::all))
        .workers(2)
        // At a signal of its own the server would stop the System when it is done, and with it the
        // arbiter of the events, which may still be on their way.
        .disable_signals()
        // A client that closes its side has gone: its request is dropped, and the flow with it.
        .h1_allow_half_closed(false)
        .shutdown_timeout(5)
        .bind(("127.0.0.1", arguments.port))
        .map_err(|error| format!("127.0.0.1:{}: {error}", arguments.port))?;
    for address in server.addrs() {
        writeln!(io::stdout(), "listening on {address}")?;
    }
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        signal.done().await;
        handle.stop(true).await;
    });
    server.await?;

    // No request is left that could send. What was accepted goes all the way, paused or not.
    backend.paused.send_replace(false);
    inlet.close();
    let stored = events.wait().await?;
    arbiter.stop();
    if arbiter.join().is_err() {
        return Err("the arbiter of the events panicked".into());
    }

    let mut out = io::stdout().lock();
    writeln!(out, "{}", stored.report)?;
    for (kind, count) in stored.value.unwrap_or_default() {
        writeln!(out, "stored {count} {kind}")?;
    }
    Ok(())
}
