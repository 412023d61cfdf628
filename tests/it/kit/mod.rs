//! What tests play the other side with: gates, counted items, systems, limits.

mod census;
mod flows;
mod gate;

use std::future::Future;
use std::time::Duration;

use actix_rt::System;
use tokio::runtime::Builder;

pub(crate) use census::{Census, Item};
pub(crate) use flows::{DropFlag, Meter, failed, failure, finished, refusal, settle, value};
pub(crate) use gate::Gate;

/// How long a test waits for what must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Waits, but not for ever; a failure says for what.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let waited = tokio::time::timeout(LIMIT, future).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Runs a test in an actix System of its own, with the real clock.
pub(crate) fn system<F: Future>(test: F) -> F::Output {
    System::new().block_on(async { within("the test", test).await })
}

/// Runs a test in an actix System whose clock stands still and jumps to the next timer when
/// nothing else can run; one arbiter only.
pub(crate) fn paused<F: Future>(test: F) -> F::Output {
    let runtime = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true);
        builder.build().expect("a runtime can be built")
    };
    System::with_tokio_rt(runtime).block_on(test)
}

/// Yields until a condition holds; the failure of a limit says which one.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    within(what, async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Keeps expected panics from the test's output.
pub(crate) fn quiet_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let payload = info.payload();
            let string = || payload.downcast_ref::<String>().map(String::as_str);
            let text = payload.downcast_ref::<&str>().copied().or_else(string);
            let text = text.unwrap_or_default();
            if !text.starts_with("expected:") {
                usual(info);
            }
        }));
    });
}
