//! Roots that end by themselves.

use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures::FutureExt as _;
use futures::future::{Either, select};

use super::cause::Cause;
use super::flow_context::FlowContext;
use super::node::Node;
use super::panics::panic_text;
use super::runtime::{self, NoRuntime};
use super::values::Values;

impl FlowContext {
    /// A root that ends with `cause` when `future` resolves.
    ///
    /// For tying flows to something that has no handle here: a connection, a shutdown
    /// channel, a lease.
    ///
    /// A task is spawned for `future`. It ends, and drops `future`, when the context, all below it
    /// and their callbacks are gone. If `future` panics the panic is logged and the context ends
    /// too: nobody would watch any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    /// use tokio::sync::oneshot;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), actix_flow::NoRuntime> {
    /// let (hang_up, hung_up) = oneshot::channel::<()>();
    /// let ctx = FlowContext::until(hung_up, "the customer hung up")?;
    ///
    /// drop(hang_up);
    /// assert_eq!(ctx.done().await.to_string(), "cancelled: the customer hung up");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if the calling thread is in no tokio runtime. `future` is dropped then.
    pub fn until<F>(future: F, cause: impl Into<Cause>) -> Result<Self, NoRuntime>
    where
        F: Future + Send + 'static,
    {
        let cause = cause.into();
        Self::until_cause(async move {
            let watched = AssertUnwindSafe(future.map(drop)).catch_unwind();
            if let Err(panic) = watched.await {
                let text = panic_text(&*panic);
                log::error!("the future a context was to end with panicked: {text}");
            }
            cause
        })
    }

    /// A root that ends when the process is told to: by SIGINT or SIGTERM, elsewhere by Ctrl-C.
    ///
    /// The cause is `Cancelled("SIGINT")` or `Cancelled("SIGTERM")`. From the first call on these
    /// signals no longer end the process by themselves, even after the context is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), std::io::Error> {
    /// let ctx = FlowContext::until_signal()?;
    /// let served = ctx.run_until(async { "served all requests" }).await;
    /// assert_eq!(served.expect("it comes before the end"), "served all requests");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the handler cannot be registered; [`NoRuntime`] inside an [`io::Error`] if the calling
    /// thread is in no tokio runtime.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without I/O; those of actix have it.
    pub fn until_signal() -> io::Result<Self> {
        runtime::current().map_err(io::Error::other)?;
        let signal = first_signal()?;
        Self::until_cause(signal.map(Cause::from)).map_err(io::Error::other)
    }

    fn until_cause<F>(future: F) -> Result<Self, NoRuntime>
    where
        F: Future<Output = Cause> + Send + 'static,
    {
        let runtime = runtime::current()?;
        // The task holds a node above the context it gives away: callbacks of a dropped context
        // move up to it, and it can tell when nothing is left below.
        let (above, deserted) = Node::watched_root();
        let node = above.child(None, Values::default());
        runtime.spawn(async move {
            match select(pin!(future), deserted).await {
                Either::Left((cause, _)) => {
                    above.end(cause);
                }
                Either::Right(_) => {}
            }
        });
        Ok(Self { node })
    }
}

#[cfg(unix)]
fn first_signal() -> io::Result<impl Future<Output = &'static str> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    // Registered here, not in the task: a signal from now on counts.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        match select(pin!(interrupt.recv()), pin!(terminate.recv())).await {
            Either::Left(_) => "SIGINT",
            Either::Right(_) => "SIGTERM",
        }
    })
}

#[cfg(windows)]
fn first_signal() -> io::Result<impl Future<Output = &'static str> + Send> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        "SIGINT"
    })
}
