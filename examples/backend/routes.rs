//! What the server answers: each handler runs a flow, feeds one, or counts them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix_flow::prelude::*;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpResponse, ResponseError, get, post};
use futures::TryStreamExt;
use serde::Deserialize;
use tokio::sync::watch;

use crate::flows::{self, Event, SessionId, Stats};

/// What all workers share.
pub(crate) struct Backend {
    pub(crate) inlet: Inlet<Event>,
    pub(crate) paused: watch::Sender<bool>,
    /// Ends when the process is told to.
    pub(crate) signal: FlowContext,
    pub(crate) latency: Duration,
    pub(crate) stats: Arc<Stats>,
}

pub(crate) fn all(app: &mut ServiceConfig) {
    app.service(event)
        .service(pause)
        .service(resume)
        .service(search)
        .service(stream)
        .service(stats);
}

/// Why there is no answer.
#[derive(Debug)]
struct Refused(PipelineError);

impl From<PipelineError> for Refused {
    fn from(error: PipelineError) -> Self {
        Self(error)
    }
}

impl From<StartError> for Refused {
    fn from(error: StartError) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        let cause = match self.0.start_error() {
            // The context of the request was done before its flow could start.
            Some(StartError::ContextDone { cause }) => Some(cause),
            _ => self.0.cause(),
        };
        match cause {
            Some(Cause::DeadlineExceeded) => StatusCode::GATEWAY_TIMEOUT,
            Some(Cause::Cancelled(_)) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[post("/events")]
async fn event(event: web::Json<Event>, backend: Data<Backend>) -> HttpResponse {
    match backend.inlet.try_send(event.into_inner()) {
        Ok(()) => {
            backend.stats.accepted.fetch_add(1, SeqCst);
            HttpResponse::Accepted().finish()
        }
        Err(error) => {
            backend.stats.refused.fetch_add(1, SeqCst);
            HttpResponse::ServiceUnavailable().body(error.to_string())
        }
    }
}

#[post("/pause")]
async fn pause(backend: Data<Backend>) -> HttpResponse {
    backend.paused.send_replace(true);
    HttpResponse::NoContent().finish()
}

#[post("/resume")]
async fn resume(backend: Data<Backend>) -> HttpResponse {
    backend.paused.send_replace(false);
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
struct Search {
    q: String,
    #[serde(default)]
    session: u64,
    /// In milliseconds.
    timeout: Option<u64>,
}

#[get("/search")]
async fn search(query: web::Query<Search>, backend: Data<Backend>) -> Result<String, Refused> {
    let query = query.into_inner();
    let timeout = Duration::from_millis(query.timeout.unwrap_or(1000));
    // Nothing needs the handle: the flow ends with its pipeline, and that with this future, which
    // is dropped when the client has gone.
    let (context, _) = FlowContext::background().with_timeout(timeout);
    let context = context.with_value(SessionId(query.session));
    let answers = flows::search(&context, query.q, backend.latency);
    let answers: Vec<String> = flows::counted(answers, &backend.stats)
        .collect()
        .run(&context)?
        .await?;
    Ok(answers.join("\n"))
}

#[get("/stream/{lines}")]
async fn stream(lines: web::Path<u64>, backend: Data<Backend>) -> Result<HttpResponse, Refused> {
    let lines = flows::counted(flows::lines(lines.into_inner()), &backend.stats);
    // The body owns the flow. It has no deadline, so that the signal has to end it.
    let body = lines.run_stream(&backend.signal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain")
        .streaming(body.map_ok(Bytes::from)))
}

#[get("/stats")]
async fn stats(backend: Data<Backend>) -> String {
    let line = |name: &str, value: &AtomicU64| format!("{name} {}\n", value.load(SeqCst));
    let stats = &backend.stats;
    [
        line("flows_running", &stats.running),
        line("flows_completed", &stats.completed),
        line("flows_cancelled", &stats.cancelled),
        line("events_accepted", &stats.accepted),
        line("events_refused", &stats.refused),
    ]
    .concat()
}
