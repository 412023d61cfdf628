//! Limits that hold on a paused clock too, which stands still while anything runs.

use std::future::Future;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::oneshot;

/// What `future` gives, unless `limit` has passed by the runtime's clock, or `real` by the world's.
pub(super) async fn within<F: Future>(
    limit: Duration,
    real: Duration,
    future: F,
) -> Option<F::Output> {
    // Dropped with this future, which ends the thread.
    let (_waits, waited) = mpsc::channel::<()>();
    let (expired, expiry) = oneshot::channel();
    thread::spawn(move || {
        if waited.recv_timeout(real) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = expired.send(());
        }
    });
    let timed = std::pin::pin!(tokio::time::timeout(limit, future));
    match select(timed, expiry).await {
        Either::Left((ended, _)) => ended.ok(),
        Either::Right(_) => None,
    }
}
