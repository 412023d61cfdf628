//! What is said of failures: how a stage goes on after one, and where items go that are lost.

use std::sync::Arc;

use actix::Recipient;

use super::{Blueprint, Branches, Source};
use crate::edge::DeadLetter;
use crate::supervise::{RestartPolicy, Strategy};

impl<T: Send + 'static> Source<T> {
    /// Answers failures of the stage written just before by a [`RestartPolicy`]: it is resumed or
    /// restarted, where it would else end the flow.
    ///
    /// A failure is an error or a panic of the stage's own code. While the stage waits for its
    /// backoff it takes no items: upstream feels no more than missing credit; stop messages are obeyed
    /// at once. Its edges, its queue and its credit are kept. The item at which it failed is counted
    /// as failed; outputs of it that were placed already are not taken back. On a composite such as
    /// [`map_parallel`](Self::map_parallel) it is each worker that is supervised.
    ///
    /// A restart needs a factory, as [`stage_with`](Self::stage_with),
    /// [`scan_with`](Self::scan_with), [`map_parallel_with`](Self::map_parallel_with) and
    /// [`from_iter_with`](Self::from_iter_with) have. For a retry write
    /// [`retried`](Self::retried) before the stage.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(["1", "two", "3"])
    ///     .try_map(str::parse::<u64>).named("parse").supervised(RestartPolicy::resume())
    ///     .collect::<Vec<_>>();
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.value, Some(vec![1, 3]));
    /// let parse = finished.report.stage("parse").expect("it is a stage");
    /// assert_eq!((parse.failed, parse.recovered), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if the policy always says restart and the stage
    /// has no factory, or always retry and no copies are kept; and at a fan-in or a branch, which run
    /// no code that fails. A policy that decides so later is logged, and the failure goes up.
    pub fn supervised(mut self, policy: RestartPolicy) -> Self {
        self.attrs.set_policy(policy);
        self
    }

    /// Tries items of this source again at which the stage written next fails, by a
    /// [`RestartPolicy`].
    ///
    /// It is said of the items, before the stage that gets them: a copy of each is kept while the
    /// stage works on it. The order is kept: what is behind the item waits, in
    /// [`map_parallel`](Self::map_parallel) behind it at the same worker. An item counts as failed
    /// once, when it is given up; outputs of it that were placed before a failure are not taken back.
    ///
    /// The copy is made before the stage gets the item, for each attempt anew. If that panics, the item
    /// has failed without being worked on, this time, and the policy is asked as after every failure. Where
    /// it says retry there is nothing to try again: the item is given up, and the stage goes on with the
    /// next one after the backoff, as after a resume.
    ///
    /// A [`supervised`](Self::supervised) after the stage takes the place of this policy: the copies are kept, but
    /// an item is tried again only where the later policy says so.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let mut attempts = 0;
    /// let policy = RestartPolicy::retry().backoff(Duration::ZERO, Duration::ZERO);
    /// let flow = Source::from_iter([1, 2, 3])
    ///     .retried(policy)
    ///     .try_map(move |n| {
    ///         attempts += 1;
    ///         if n == 2 && attempts < 4 { Err("busy") } else { Ok(n) }
    ///     })
    ///     .collect::<Vec<_>>();
    /// assert_eq!(flow.run(&FlowContext::background())?.await?, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, before a fan-in or a fan-out: they keep no
    /// copies.
    ///
    /// # Cost
    ///
    /// One clone per item.
    pub fn retried(mut self, policy: RestartPolicy) -> Self
    where
        T: Clone,
    {
        self.terms().copy = Some(T::clone);
        self.retry = Some(Box::new(policy));
        self
    }

    /// Sends items of this source that are lost to an actor: those that the next stage was sent and
    /// that were discarded, and those at which it failed. Written twice, the later actor gets all.
    ///
    /// An item at which a stage failed is there only where copies are kept, by
    /// [`retried`](Self::retried); else the letter has the stage and the cause. At a
    /// [`map_parallel`](Self::map_parallel) the letters of its workers are sent too. Items are lost
    /// that were on the edge, or in work with a copy, when the flow was cancelled or quit, or when the
    /// stage had enough. An item whose result was made already, and waited for its turn or for room, is
    /// counted as discarded without a letter: its copy goes when the result comes.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::prelude::*;
    /// use actix_flow::prelude::*;
    ///
    /// struct Undertaker(Vec<u64>);
    ///
    /// impl Actor for Undertaker {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<DeadLetter<u64>> for Undertaker {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, letter: DeadLetter<u64>, _: &mut Context<Self>) {
    ///         self.0.extend(letter.item);
    ///     }
    /// }
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let undertaker = Undertaker(Vec::new()).start();
    /// let flow = Source::from_iter(0..10u64)
    ///     .dead_letters(undertaker.recipient())
    ///     .map(|n| 10 / (n - 5))
    ///     .count();
    /// assert!(flow.run(&FlowContext::background())?.await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    ///
    /// Nothing while nothing is lost. The actor's mailbox is not bounded: at an end it gets at once what
    /// was in flight, a window at most; and of a stage that is resumed each item at which it fails.
    pub fn dead_letters(mut self, actor: Recipient<DeadLetter<T>>) -> Self {
        self.terms().letters_to(actor);
        self
    }

    /// Shows items of this source to a closure before they are dropped, if the next stage was sent
    /// them and they were discarded.
    ///
    /// It is called on whatever thread drops the item, and must not block. A panic in it is logged.
    /// Written twice, the later closure sees all.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let lost = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&lost);
    /// let flow = Source::from_iter(0..10u64)
    ///     .on_discard(move |_| { count.fetch_add(1, Ordering::Relaxed); })
    ///     .take_while(|n| *n < 3)
    ///     .count();
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.report.edges()[0].discarded, lost.load(Ordering::Relaxed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_discard(mut self, f: impl Fn(&T) + Send + Sync + 'static) -> Self {
        self.terms().on_discard(Arc::new(f));
        self
    }

    /// Bounds the edge behind this source by weight, beside the count: what is in flight never weighs
    /// more than `max`, but for one item that is heavier than that, which goes alone.
    ///
    /// The unit is that of the closure, bytes mostly. One item that does not fit yet waits at the stage
    /// that made it. A weight of 0 is bounded by the [`window`](Self::window) alone. If the closure
    /// panics, that is logged and the item goes alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter((0..100).map(|n| vec![0u8; n]))
    ///     .weigh(Vec::len, 256)
    ///     .map(|block| block.len())
    ///     .fold(0, |sum, len| sum + len);
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.value, Some(4_950));
    /// assert!(finished.report.edges()[0].most_weight <= 256);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `max` is 0.
    ///
    /// # Cost
    ///
    /// Items are made and weighed one by one, and credit goes back after every turn: a small bound
    /// costs more messages. At a composite it is the edge to its split that is bounded so.
    pub fn weigh(
        mut self,
        weigh: impl Fn(&T) -> usize + Send + Sync + 'static,
        max: usize,
    ) -> Self {
        self.terms().weigh(Arc::new(weigh), max);
        self
    }
}

impl<T: Send + 'static> Branches<T> {
    /// Answers failures of the fan-out, of a clone or a key, by a policy: see
    /// [`Source::supervised`].
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let parts = Source::from_iter(0..9usize)
    ///     .partition(2, |n| if n % 3 == 2 { panic!("no branch") } else { n % 3 })
    ///     .supervised(RestartPolicy::resume());
    /// let flow = Blueprint::all(parts.into_vec().into_iter().map(Source::count));
    /// assert_eq!(flow.run(&FlowContext::background())?.await?, [3, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn supervised(mut self, policy: RestartPolicy) -> Self {
        self.seed.attrs.set_policy(policy);
        self
    }
}

impl<R: Send + 'static> Blueprint<R> {
    /// Answers failures of the sink by a policy: see [`Source::supervised`].
    ///
    /// A sink whose state was lost in the failure, as that of [`fold`](Source::fold) is whose closure
    /// owned it, cannot go on, and the failure goes up.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter([4u64, 0, 2])
    ///     .for_each(|n| assert!(100 / n > 0))
    ///     .named("check")
    ///     .supervised(RestartPolicy::resume());
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert_eq!(finished.report.stage("check").map(|row| row.failed), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn supervised(mut self, policy: RestartPolicy) -> Self {
        self.attrs.set_policy(policy);
        self
    }

    /// Says which other stages of the flow are restarted with one that is.
    ///
    /// With [`Strategy::RestForOne`] those are the stages downstream of it, with
    /// [`Strategy::OneForAll`] all. A stage with a factory gets a new state, and what it has in work is
    /// discarded and counted; one without keeps both. Edges, queues and credit are kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter([1u64, 2, 0, 3, 4])
    ///     .scan_with(|_| (), |(), n| Some(12 / n)).supervised(RestartPolicy::restart())
    ///     .scan_with(|_| 0, |sum, n| { *sum += n; Some(*sum) })
    ///     .collect::<Vec<_>>()
    ///     .strategy(Strategy::RestForOne);
    /// assert_eq!(flow.run(&FlowContext::background())?.await?.len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.flow.strategy = strategy;
        self
    }
}
