//! The cases that are the same for sources, stages and sinks: how they end.

use std::any::Any;
use std::future::Future;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use super::numbers::Ledger;
use super::verdict::LeftOut;
use crate::context::FlowContext;
use crate::flow::Blueprint;
use crate::pipeline::{Control, Pipeline};
use crate::report::Report;

/// How long something may take that must happen.
const LIMIT: Duration = Duration::from_secs(20);

/// Waits, but not for ever.
pub(super) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let waited = tokio::time::timeout(LIMIT, future).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Runs a flow that can be run.
pub(super) fn running<R: Send + 'static>(flow: Blueprint<R>) -> Pipeline<R> {
    let running = flow.run(&FlowContext::background());
    running.expect("the flow starts")
}

/// Lets all others run that can.
pub(super) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Lets all others have a few turns, fewer where items are taken at once: it is under way once it has
/// asked for more than a window of the usual size.
pub(super) async fn start(ledger: &Ledger) {
    for _ in 0..10 {
        if ledger.taken() > 2 * 1024 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// Gives others the time to do what they still can.
pub(super) async fn quiet() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

/// A flow under way with the part in it, whose items have no end.
pub(super) struct UnderWay {
    pub(super) control: Control,
    pub(super) ledger: Ledger,
    pub(super) ended: LocalBoxFuture<'static, Result<Report, String>>,
    /// The probe that is a part of it.
    probe: Box<dyn Any>,
}

impl UnderWay {
    pub(super) fn new<R: Send + 'static>(
        running: Pipeline<R>,
        ledger: Ledger,
        probe: impl Any,
    ) -> Self {
        let control = running.control();
        let ended = async move {
            match running.wait().await {
                Ok(finished) => Ok(finished.report),
                Err(error) => match error.report() {
                    Some(report) => Ok(report.clone()),
                    None => Err(error.to_string()),
                },
            }
        };
        Self {
            control,
            ledger,
            ended: ended.boxed_local(),
            probe: Box::new(probe),
        }
    }

    async fn end(self, how: How) -> (Report, Ledger) {
        match how {
            How::Close => drop(self.control.close()),
            How::Quit => drop(self.control.quit()),
            How::Cancel => drop(self.control.cancel("enough")),
            How::Abort => drop(self.control.abort()),
        }
        let report = within(&format!("the end by {how:?}"), self.ended).await;
        drop(self.probe);
        (report.expect("it ran"), self.ledger)
    }
}

#[derive(Clone, Copy, Debug)]
enum How {
    Close,
    Quit,
    Cancel,
    Abort,
}

const HOWS: [How; 4] = [How::Close, How::Quit, How::Cancel, How::Abort];

/// A part, as far as its endings are concerned.
pub(super) trait Endings {
    /// Runs it with items that have no end, and reads some of what it makes.
    async fn under_way(&self) -> UnderWay;

    async fn r5_2_a_quit_answers_when_it_is_over(&self) -> Result<(), LeftOut> {
        let under_way = self.under_way().await;
        within("the answer to a quit", under_way.control.quit()).await;
        let taken = under_way.ledger.taken();
        quiet().await;
        let late = under_way.ledger.taken() - taken;
        assert_eq!(late, 0, "items were made after the answer to a quit");
        under_way.end(How::Quit).await;
        Ok(())
    }

    async fn r5_4_a_cancel_ends_it_within_one_item(&self) -> Result<(), LeftOut> {
        let under_way = self.under_way().await;
        let cancelled = under_way.control.cancel("enough");
        let taken = under_way.ledger.taken();
        within("the end by a cancel", cancelled).await;
        let late = under_way.ledger.taken() - taken;
        assert!(late <= 1, "{late} items were made after a cancel");
        under_way.end(How::Cancel).await;
        Ok(())
    }

    async fn r5_7_a_dropped_handle_ends_it(&self) -> Result<(), LeftOut> {
        let under_way = self.under_way().await;
        let (control, ledger) = (under_way.control.clone(), under_way.ledger.clone());
        drop(under_way);
        within("the end by a drop", control.finished()).await;
        assert!(ledger.is_dropped(), "what makes its items was not dropped");
        Ok(())
    }

    async fn r7_1_sums_hold_however_it_ends(&self) -> Result<(), LeftOut> {
        for how in HOWS {
            let (report, _) = self.under_way().await.end(how).await;
            if let Err(imbalance) = report.check() {
                panic!("after {how:?}: {imbalance}");
            }
        }
        Ok(())
    }

    async fn r7_4_items_created_are_dropped_however_it_ends(&self) -> Result<(), LeftOut> {
        for how in HOWS {
            let (_, ledger) = self.under_way().await.end(how).await;
            let alive = ledger.alive();
            assert_eq!(alive, 0, "items are alive after {how:?}");
        }
        Ok(())
    }
}
