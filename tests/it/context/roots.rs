//! Roots that end by themselves.

use std::future::pending;

use actix_flow::FlowContext;
use tokio::sync::oneshot;

use super::{reason, within};

#[tokio::test]
async fn until_ends_with_its_cause_when_the_future_resolves() {
    let (resolve, future) = oneshot::channel::<()>();
    let ctx = FlowContext::until(future, "lease lost").unwrap();
    let below = ctx.with_value(1u8);
    assert!(!below.is_done());
    resolve.send(()).unwrap();
    let cause = within("the end", below.done()).await;
    assert_eq!(cause.to_string(), "cancelled: lease lost");
    assert_eq!(reason(&ctx), "cancelled: lease lost");
}

#[tokio::test]
async fn until_drops_its_future_when_all_contexts_are_dropped() {
    let (held, dropped) = oneshot::channel::<()>();
    let future = async move {
        pending::<()>().await;
        drop(held);
    };
    let ctx = FlowContext::until(future, "never").unwrap();
    let below = ctx.clone().with_value(1u8).with_value(2u16);
    drop(ctx);
    tokio::task::yield_now().await;
    assert!(!below.is_done());
    drop(below);
    let ended = within("the task to drop the future", dropped).await;
    assert!(ended.is_err());
}

#[tokio::test]
async fn r1_7_until_keeps_watching_for_a_callback_and_no_longer() {
    let (resolve, future) = oneshot::channel::<()>();
    let (ended, cause) = oneshot::channel();
    let ctx = FlowContext::until(future, "lease lost").unwrap();
    ctx.with_value(1u8)
        .after_done(move |cause| ended.send(cause).unwrap())
        .unwrap();
    drop(ctx);
    tokio::task::yield_now().await;
    resolve.send(()).unwrap();
    let cause = within("the callback", cause).await.unwrap();
    assert_eq!(cause.to_string(), "cancelled: lease lost");

    let (mut watching, future) = oneshot::channel::<()>();
    let ctx = FlowContext::until(future, "lease lost").unwrap();
    let after = ctx.after_done(|_| {}).unwrap();
    drop(ctx);
    tokio::task::yield_now().await;
    assert!(!watching.is_closed());
    assert!(after.stop());
    within("the task to end with the last callback", watching.closed()).await;
}

#[tokio::test]
async fn until_ends_the_context_when_its_future_panics() {
    let future = async { std::panic::resume_unwind(Box::new("on purpose")) };
    let future: futures::future::BoxFuture<'static, ()> = Box::pin(future);
    let ctx = FlowContext::until(future, "nobody watches").unwrap();
    let cause = within("the end", ctx.done()).await;
    assert_eq!(cause.to_string(), "cancelled: nobody watches");
}

#[test]
fn roots_that_spawn_refuse_without_a_runtime() {
    assert!(FlowContext::until(pending::<()>(), "never").is_err());
    let refused = FlowContext::until_signal().unwrap_err();
    assert_eq!(refused.to_string(), "no tokio runtime on this thread");
}

/// A signal goes to a whole process, so the promise is tried out in one of its own: this test
/// binary, started again for this one test, with the name of the signal in its environment.
#[cfg(unix)]
mod signals {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use actix_flow::FlowContext;

    use super::within;

    const VARIABLE: &str = "ACTIX_FLOW_TEST_SIGNALLED";

    #[test]
    fn until_signal_ends_with_the_name_of_the_signal() {
        if std::env::var_os(VARIABLE).is_some() {
            return wait_for_signal();
        }
        for (option, name) in [("-INT", "SIGINT"), ("-TERM", "SIGTERM")] {
            let this = std::env::current_exe().unwrap();
            let mut child = Command::new(this)
                .args(["--exact", "--nocapture"])
                .arg("context::roots::signals::until_signal_ends_with_the_name_of_the_signal")
                .env(VARIABLE, name)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap())
                .lines()
                .map(Result::unwrap);
            assert!(lines.any(|line| line.ends_with("waiting")));
            let id = child.id().to_string();
            assert!(
                Command::new("kill")
                    .args([option, &id])
                    .status()
                    .unwrap()
                    .success()
            );
            let expected = format!("cancelled: {name}");
            assert!(lines.any(|line| line == expected), "{expected}");
            assert!(child.wait().unwrap().success());
        }
    }

    #[expect(
        clippy::print_stdout,
        reason = "the process that started this one reads it"
    )]
    fn wait_for_signal() {
        actix_rt::System::new().block_on(async {
            let ctx = FlowContext::until_signal().expect("a runtime and its handlers");
            println!("waiting");
            println!("{}", within("a signal", ctx.done()).await);
        });
    }
}
