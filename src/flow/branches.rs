//! Fan-out: one stage, several open ends.

use std::fmt;
use std::sync::Arc;

use actix::Addr;
use actix_rt::ArbiterHandle;

use super::Source;
use super::graph::{Attrs, Kind, mailbox};
use super::hub::{HubCell, Seed, Token};
use crate::edge::{Link, Port, UpLink};
use crate::stage::{FanOut, Policy, StageActor};

/// The `Branches` of a fan-out: a stage with several open ends.
///
/// Attributes written here are those of the fan-out itself; [`into_array`](Self::into_array) or
/// [`into_vec`](Self::into_vec) then give the branches, each a [`Source`]. Branches are joined by a
/// fan-in, or each ends in a sink ([`Blueprint::and`](crate::Blueprint::and),
/// [`Blueprint::all`](crate::Blueprint::all)). A branch that was dropped before the flow runs is a
/// reader that has left; one that is merely held somewhere is an error of `run`.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let [words, lines] = Source::from_iter(["a b", "c"])
///     .broadcast(2).named("copy").window(16)
///     .into_array();
/// let words = words.flat_map(|line| line.split(' ')).count();
/// let counts = words.and(lines.count()).run(&FlowContext::background())?.await?;
/// assert_eq!(counts, (3, 2));
/// # Ok(())
/// # }
/// ```
#[must_use = "a fan-out is nothing without its branches"]
pub struct Branches<T: Send + 'static> {
    address: Addr<StageActor<FanOut<T>>>,
    branches: usize,
    pub(super) seed: Seed<T>,
}

impl<T: Send + 'static> fmt::Debug for Branches<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branches")
            .field("branches", &self.branches)
            .field("stage", &self.seed.attrs)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Branches<T> {
    /// Names the fan-out.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let branches = Source::from_iter(0..4u64).balance(2).named("spread").into_vec();
    /// let flow = Blueprint::all(branches.into_iter().map(Source::count));
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// assert_eq!(report.stage("spread").map(|row| row.received), Some(4));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if two stages or groups have the same name.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.seed.attrs.set_name(name.into());
        self
    }

    /// Sets the window of the fan-out's input; those of the branches are set at the stages behind
    /// them.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let branches = Source::from_iter(0..4u64).balance(2).named("spread").window(1).into_vec();
    /// let flow = Blueprint::all(branches.into_iter().map(Source::count));
    /// let report = flow.run(&FlowContext::background())?.wait().await?.report;
    /// let edge = report.edges().iter().find(|edge| &*edge.to == "spread");
    /// assert_eq!(edge.map(|edge| edge.window), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if it is 0.
    pub fn window(mut self, items: usize) -> Self {
        self.seed.attrs.set_window(items);
        self
    }

    /// Places the fan-out on an arbiter; its branches are placed by themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use actix_rt::Arbiter;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let arbiter = Arbiter::new();
    /// let branches = Source::from_iter(0..4u64).balance(2).on(arbiter.handle()).into_vec();
    /// let flow = Blueprint::all(branches.into_iter().map(Source::count));
    /// assert_eq!(flow.run(&FlowContext::background())?.await?.iter().sum::<u64>(), 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if the arbiter is dead.
    pub fn on(mut self, arbiter: ArbiterHandle) -> Self {
        self.seed.attrs.set_place(arbiter);
        self
    }

    /// Puts the fan-out into a group, to be quit with others.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let branches = Source::repeat_with(|| 1u64).balance(2).group("intake").into_vec();
    /// let flow = Blueprint::all(branches.into_iter().map(Source::count));
    /// let flow = flow.run(&FlowContext::background())?;
    /// flow.control().quit_all("intake").expect("there is such a group").await;
    /// assert_eq!(flow.await?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if a stage has the same name as the group.
    pub fn group(mut self, name: impl Into<Arc<str>>) -> Self {
        self.seed.attrs.set_group(name.into());
        self
    }

    /// The branches, in the order of their numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let branches = Source::from_iter(0..6usize).partition(3, |n| n % 3).into_vec();
    /// let flow = Blueprint::all(branches.into_iter().map(Source::collect::<Vec<_>>));
    /// let items = flow.run(&FlowContext::background())?.await?;
    /// assert_eq!(items, [[0, 3], [1, 4], [2, 5]]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a branch that is dropped is a reader that has left"]
    pub fn into_vec(self) -> Vec<Source<T>> {
        let branches = self.branches;
        let hub = Arc::new(HubCell::new(self.address, branches, self.seed));
        let branch = |branch| {
            let hub = Arc::clone(&hub);
            let token = Token {
                hub: Arc::clone(&hub) as _,
                branch,
            };
            let attach = Box::new(move |attrs: Attrs, down, graph: &mut super::graph::Graph| {
                graph.forget(&attrs);
                let link = Arc::new(Link::default());
                hub.connect(branch, down, Arc::clone(&link));
                graph.branches.push(token);
                let address = hub.address.clone();
                let port = u32::try_from(branch).unwrap_or(u32::MAX);
                let address = Box::new(Port::<_, 0> { address, port });
                UpLink { address, link }
            });
            Source::new(Default::default(), Attrs::of("branch", Kind::Joint), attach)
        };
        (0..branches).map(branch).collect()
    }

    /// The branches, for as many names as there are.
    ///
    /// # Examples
    ///
    /// A branch that is dropped is a reader that has left; `_` drops, `_b` would hold.
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let [kept, _] = Source::from_iter(0..6usize).partition(2, |n| n % 2).into_array();
    /// let kept: Vec<usize> = kept.collect().run(&FlowContext::background())?.await?;
    /// assert_eq!(kept, [0, 2, 4]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `N` is not the number that the fan-out was made with.
    #[track_caller]
    pub fn into_array<const N: usize>(self) -> [Source<T>; N] {
        let branches = self.branches;
        match self.into_vec().try_into() {
            Ok(array) => array,
            Err(_) => panic!("a fan-out into {branches} branches was taken as an array of {N}"),
        }
    }
}

impl<T: Send + 'static> Source<T> {
    fn fan_out(self, verb: &'static str, branches: usize, policy: Policy<T>) -> Branches<T> {
        let (address, receiver) = mailbox::<StageActor<FanOut<T>>>();
        let port = Port::<_, 0> {
            address: address.clone(),
            port: 0,
        };
        let (graph, up) = self.connect(Box::new(port));
        let seed = Seed {
            attrs: Attrs::of(verb, Kind::Stage),
            graph,
            receiver,
            up,
            policy,
        };
        Branches {
            address,
            branches,
            seed,
        }
    }

    /// Gives every item to each of `branches` branches, a clone to all but the last.
    ///
    /// The slowest branch sets the pace; a branch whose reader leaves never holds up the others.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let [low, high] = Source::from_iter(1..=3u64).broadcast(2).into_array();
    /// let ends = low.reduce(u64::min).and(high.reduce(u64::max));
    /// let ends = ends.run(&FlowContext::background())?.await?;
    /// assert_eq!(ends, (Some(1), Some(3)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Branches that are joined again by a stage that waits for one of them in particular (a
    /// [`zip`](Self::zip) behind a filter, say) can come to where nobody can move; the flow then
    /// fails with [`Cause::Stalled`](crate::Cause::Stalled).
    pub fn broadcast(self, branches: usize) -> Branches<T>
    where
        T: Clone,
    {
        self.fan_out("broadcast", branches, Policy::Broadcast(T::clone))
    }

    /// Gives each item to the branch whose number `key` says.
    ///
    /// A branch without room holds up the others; an item for a branch whose reader has left is
    /// discarded and counted. The idea is the `PartitionDispatcher` of GenStage.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let [even, odd] = Source::from_iter(1..=5u64)
    ///     .partition(2, |n| (n % 2) as usize)
    ///     .into_array();
    /// let flow = even.collect::<Vec<_>>().and(odd.collect::<Vec<_>>());
    /// let (even, odd) = flow.run(&FlowContext::background())?.await?;
    /// assert_eq!((even, odd), (vec![2, 4], vec![1, 3, 5]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A number that is out of range fails the stage, with an error that says the number.
    ///
    /// # Ordering
    ///
    /// Items of one key keep their order.
    pub fn partition(
        self,
        branches: usize,
        key: impl FnMut(&T) -> usize + Send + 'static,
    ) -> Branches<T> {
        self.fan_out("partition", branches, Policy::Partition(Box::new(key)))
    }

    /// Gives each item to the branch with the most free credit, ties in turn: to the one that works
    /// it off fastest.
    ///
    /// For the same work on all branches, in the order of the input, see
    /// [`map_parallel`](Self::map_parallel). The idea is the `DemandDispatcher` of GenStage.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let branches = Source::from_iter(0..100u64).balance(4).into_vec();
    /// let counts = Blueprint::all(branches.into_iter().map(Source::count));
    /// let counts = counts.run(&FlowContext::background())?.await?;
    /// assert_eq!(counts.iter().sum::<u64>(), 100);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Ordering
    ///
    /// Items of one branch keep their order; which branch gets an item is not promised.
    pub fn balance(self, branches: usize) -> Branches<T> {
        self.fan_out(
            "balance",
            branches,
            Policy::Balance {
                next: 0,
                awaits: false,
            },
        )
    }
}
