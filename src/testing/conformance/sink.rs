//! The cases of sinks: rules 2.1 to 2.7, 5 and 7.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::super::{Census, SourceProbe, TestSystem, Tracked};
use super::endings::{Endings, UnderWay, running, settle, start, within};
use super::feed::{Make, fed, play};
use super::numbers::Ledger;
use super::options::{Options, options};
use super::verdict::{Case, Found, LeftOut, Verdict, cases, run};
use crate::flow::{Blueprint, Source};
use crate::pipeline::Pipeline;

/// How many items a case sends.
const SOME: u64 = 20;

/// A `SinkCheck` checks a sink of your own, or a function that ends a flow, against the rules of
/// edges.
///
/// [`conformance::sink`](super::sink) makes it.
#[must_use = "nothing is checked before `check`"]
pub struct SinkCheck<T: Send + 'static, R: Send + 'static> {
    options: Options,
    make: Make<T>,
    sink: Box<dyn Fn(Source<T>) -> Blueprint<R>>,
    model: Option<Box<dyn Fn(u64) -> R>>,
}

impl<T: Send + 'static, R: Send + 'static> fmt::Debug for SinkCheck<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SinkCheck").field(&self.options).finish()
    }
}

options!(SinkCheck<T: Sized, R: fmt::Debug>);

/// A sink that runs behind a probe.
struct Played<T, R> {
    source: SourceProbe<T>,
    running: Pipeline<R>,
    census: Census,
}

impl<T: Send + 'static, R: fmt::Debug + Send + 'static> SinkCheck<T, R> {
    pub(super) fn new(
        name: &str,
        make: impl Fn(Tracked<u64>) -> T + Send + Sync + 'static,
        sink: impl Fn(Source<T>) -> Blueprint<R> + 'static,
    ) -> Self {
        Self {
            options: Options::of(name),
            make: Arc::new(make),
            sink: Box::new(sink),
            model: None,
        }
    }

    /// Says what its value is to be for the first so many numbers; else the value that it has where
    /// they come at once is what it is to be, however they come.
    pub fn gives(mut self, value: impl Fn(u64) -> R + 'static) -> Self {
        self.model = Some(Box::new(value));
        self
    }

    fn cases(&self) -> Vec<Case<Self>> {
        cases![
            r2_1_asks_for_items,
            r2_2_its_value_is_that_it_is_to_give,
            r2_2_its_value_does_not_depend_on_how_items_come,
            r2_2_its_value_does_not_depend_on_the_schedule,
            r2_3_takes_all_items_and_ends_with_them,
            r2_3_ends_where_no_item_comes,
            r2_6_a_failure_above_fails_the_flow,
            r2_6_a_failure_behind_items_fails_the_flow,
            r2_7_its_value_does_not_depend_on_the_window,
            r5_1_a_close_loses_nothing,
            r5_2_a_quit_answers_when_it_is_over,
            r5_4_a_cancel_ends_it_within_one_item,
            r5_7_a_dropped_handle_ends_it,
            r7_1_sums_hold_however_it_ends,
            r7_4_items_created_are_dropped_however_it_ends,
        ]
    }

    fn fed_with(&self, items: u64, window: Option<usize>) -> (Pipeline<R>, Ledger) {
        let (source, ledger) = fed(&self.make, items);
        let mut flow = (self.sink)(source);
        if let Some(window) = window {
            flow = flow.default_window(window);
        }
        (running(flow), ledger)
    }

    fn played(&self) -> Played<T, R> {
        let (source, items) = Source::probe();
        let running = running((self.sink)(items));
        Played {
            source,
            running,
            census: Census::new(),
        }
    }

    /// The value of a flow that is to end well, as text.
    async fn value(&self, running: Pipeline<R>) -> String {
        let ended = within("the end of the flow", running.wait()).await;
        let finished = ended.expect("the flow ends well");
        if let Err(imbalance) = finished.report.check() {
            panic!("{imbalance}");
        }
        let value = finished.value.expect("a flow that ends well has a value");
        self.text(&value)
    }

    fn text(&self, value: &R) -> String {
        if self.options.varies {
            return "a value".to_owned();
        }
        let text = format!("{value:?}");
        if !self.options.unordered {
            return text;
        }
        let mut signs: Vec<_> = text
            .split(',')
            .map(|part| part.trim_matches(['[', ']', ' ']))
            .collect();
        signs.sort_unstable();
        signs.join(", ")
    }

    async fn expected(&self, items: u64) -> String {
        match &self.model {
            Some(model) => self.text(&model(items)),
            None => self.value(self.fed_with(items, None).0).await,
        }
    }

    async fn r2_1_asks_for_items(&self) -> Result<(), LeftOut> {
        let played = self.played();
        played.source.expect_request().await;
        played.source.complete();
        self.value(played.running).await;
        Ok(())
    }

    async fn r2_2_its_value_is_that_it_is_to_give(&self) -> Result<(), LeftOut> {
        if self.model.is_none() {
            return Err(LeftOut("nobody has said what it gives"));
        }
        for items in [1, 3, SOME, 1000] {
            let expected = self.expected(items).await;
            let value = self.value(self.fed_with(items, None).0).await;
            assert_eq!(value, expected, "of {items} items");
        }
        Ok(())
    }

    async fn r2_2_its_value_does_not_depend_on_how_items_come(&self) -> Result<(), LeftOut> {
        let expected = self.expected(SOME).await;
        let played = self.played();
        play(&played.source, &self.make, &played.census, SOME).await;
        played.source.complete();
        let value = self.value(played.running).await;
        assert_eq!(value, expected, "of items that come one by one");
        Ok(())
    }

    async fn r2_2_its_value_does_not_depend_on_the_schedule(&self) -> Result<(), LeftOut> {
        if self.options.real {
            return Err(LeftOut("a seeded schedule is of one arbiter"));
        }
        let expected = self.expected(SOME).await;
        for seed in 0..8 {
            let value = async { self.value(self.fed_with(SOME, None).0).await };
            let value = TestSystem::schedule(seed, value).await;
            assert_eq!(value, expected, "on schedule {seed}");
        }
        Ok(())
    }

    async fn r2_3_takes_all_items_and_ends_with_them(&self) -> Result<(), LeftOut> {
        // More than a window, so that it must ask again.
        let played = self.played();
        let many = 3000;
        for number in 0..many {
            let item = (self.make)(played.census.track(number));
            if !played.source.offer(item, Location::caller()).await {
                break;
            }
        }
        let had_enough = played.source.is_over();
        played.source.complete();
        self.value(played.running).await;
        let sent = played.source.sent();
        assert!(
            had_enough || sent == many,
            "{sent} of {many} items were taken"
        );
        Ok(())
    }

    async fn r2_3_ends_where_no_item_comes(&self) -> Result<(), LeftOut> {
        // Before it has asked, and behind.
        for asked in [false, true] {
            let played = self.played();
            if asked {
                settle().await;
            }
            played.source.complete();
            self.value(played.running).await;
        }
        Ok(())
    }

    async fn failed(&self, played: Played<T, R>) {
        let ended = within("the end of the flow", played.running.wait()).await;
        let Err(error) = ended else {
            panic!("the flow ended well, though its source failed");
        };
        let text = error.to_string();
        assert!(text.contains("torn above"), "it ended with: {text}");
        error
            .report()
            .expect("it ran")
            .check()
            .expect("its sums hold");
    }

    async fn r2_6_a_failure_above_fails_the_flow(&self) -> Result<(), LeftOut> {
        for asked in [false, true] {
            let played = self.played();
            if asked {
                settle().await;
            }
            played.source.fail("torn above");
            self.failed(played).await;
        }
        Ok(())
    }

    async fn r2_6_a_failure_behind_items_fails_the_flow(&self) -> Result<(), LeftOut> {
        let played = self.played();
        play(&played.source, &self.make, &played.census, 3).await;
        if played.source.is_over() {
            return Err(LeftOut("it has enough before"));
        }
        played.source.fail("torn above");
        self.failed(played).await;
        Ok(())
    }

    async fn r2_7_its_value_does_not_depend_on_the_window(&self) -> Result<(), LeftOut> {
        let expected = self.expected(SOME).await;
        let window = self.options.window;
        let value = self.value(self.fed_with(SOME, Some(window)).0).await;
        assert_eq!(value, expected, "with windows of {window}");
        Ok(())
    }

    async fn r5_1_a_close_loses_nothing(&self) -> Result<(), LeftOut> {
        let played = self.played();
        let sent = play(&played.source, &self.make, &played.census, 7).await;
        drop(played.running.control().close());
        let value = self.value(played.running).await;
        let expected = self.expected(sent).await;
        assert_eq!(value, expected, "of {sent} items sent before a close");
        Ok(())
    }
}

impl<T: Send + 'static, R: fmt::Debug + Send + 'static> Endings for SinkCheck<T, R> {
    async fn under_way(&self) -> UnderWay {
        let (running, ledger) = self.fed_with(u64::MAX, None);
        start(&ledger).await;
        UnderWay::new(running, ledger, ())
    }
}
