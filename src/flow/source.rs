//! The open end of a blueprint, and how stages are put behind it.

use std::fmt;
use std::sync::Arc;

use actix_rt::ArbiterHandle;

use super::Blueprint;
use super::blueprint::{Outcome, Take};
use super::graph::{Attrs, Graph, Kind, Mailbox, Node, mailbox};
use crate::context::FlowContext;
use crate::edge::{Downstream, InPort, Link, OutPort, Port, Terms, UpLink};
use crate::stage::{Core, Kernel, Logic, Outputs, StageActor, Unary, Void, launch};
use crate::supervise::RestartPolicy;

type Attach<T> = Box<dyn FnOnce(Attrs, Box<dyn Downstream<T>>, &mut Graph) -> UpLink<T> + Send>;

/// A `Source` is a blueprint with an open end: verbs put stages behind it, a sink closes it.
///
/// Nothing runs before [`Blueprint::run`]. Each verb adds one stage, which will be one actor; an
/// attribute ([`named`](Self::named), [`window`](Self::window), [`on`](Self::on),
/// [`group`](Self::group)) is that of the stage written just before it. A stage without a name is
/// called by its verb and a number, `map-1`, `map-2`.
///
/// Items are `Send + 'static`, closures `FnMut + Send + 'static` unless a verb says otherwise; an
/// error can be anything that converts into a [`BoxError`](crate::BoxError).
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let squares: Vec<u64> = Source::from_iter(1..=4u64)
///         .map(|n| n * n).named("square").window(16)
///         .collect()
///         .run(&FlowContext::background())?
///         .await?;
///     assert_eq!(squares, [1, 4, 9, 16]);
///     Ok(())
/// }
/// ```
///
/// # Panics
///
/// None of the verbs does by itself, but [`inlet`](Self::inlet), [`merge_hub`](Self::merge_hub) and
/// [`broadcast_hub`](Self::broadcast_hub) for a capacity that no memory holds. What is called
/// while a flow is described, an `into_iter` or a `default`, can panic there. A panic of a closure
/// is caught: it fails its stage, and by that the flow, with
/// [`Cause::Panicked`](crate::Cause::Panicked).
///
/// # Cost
///
/// A few small allocations per verb; the list is flat, so that building, running and dropping a
/// chain of any length never recurses.
#[must_use = "nothing runs before the blueprint does"]
pub struct Source<T: Send + 'static> {
    pub(crate) graph: Graph,
    pub(crate) attrs: Attrs,
    attach: Attach<T>,
    /// What is said of the edge behind it. Boxed, as the retry below, since few have it and a source is
    /// moved at every verb.
    terms: Option<Box<Terms<T>>>,
    /// How often items of that edge are tried again.
    pub(super) retry: Option<Box<RestartPolicy>>,
}

impl<T: Send + 'static> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("stages", &(self.graph.stages.len() + 1))
            .field("last", &self.attrs)
            .finish()
    }
}

/// What is put where a stage starts.
pub(crate) struct Seat<'a, T: Send + 'static> {
    pub(crate) context: &'a FlowContext,
    pub(crate) isolating: bool,
    pub(crate) out: OutPort<T>,
}

impl<T: Send + 'static> Source<T> {
    /// What is said of the edge behind it, to say more.
    pub(super) fn terms(&mut self) -> &mut Terms<T> {
        self.terms.get_or_insert_default()
    }

    pub(crate) fn new(graph: Graph, attrs: Attrs, attach: Attach<T>) -> Self {
        Self {
            graph,
            attrs,
            attach,
            terms: None,
            retry: None,
        }
    }

    /// Connects this end to an input of a stage.
    pub(crate) fn connect(self, down: Box<dyn Downstream<T>>) -> (Graph, UpLink<T>) {
        let Self {
            mut graph,
            attrs,
            attach,
            terms,
            retry,
        } = self;
        if retry.is_some() {
            // Whoever can try an item again has taken it.
            graph.misplaced.push((attrs.verb, "retried"));
        }
        let up = attach(attrs, down, &mut graph);
        if let Some(terms) = terms {
            up.link.set_terms(terms);
        }
        (graph, up)
    }

    /// The open end of a stage whose inputs are wired.
    pub(crate) fn open<K>(
        graph: Graph,
        attrs: Attrs,
        inputs: Vec<Arc<Link>>,
        (address, receiver): Mailbox<K>,
        make: impl FnOnce(Seat<'_, T>) -> K + Send + 'static,
    ) -> Self
    where
        K: Kernel + Outputs<T, 0>,
    {
        let attach: Attach<T> = Box::new(move |attrs, down, graph| {
            let link = Arc::new(Link::default());
            let (out, me) = (Arc::clone(&link), address.downgrade());
            let isolating = attrs.isolating;
            graph.push(Node {
                attrs,
                inputs,
                outputs: vec![Arc::clone(&link)],
                start: Box::new(move |at| {
                    launch(at, me, receiver, move |core| {
                        let out = OutPort::new(down, out);
                        make(Seat {
                            context: &core.context,
                            isolating,
                            out,
                        })
                    })
                }),
            });
            let address = Box::new(Port::<_, 0> { address, port: 0 });
            UpLink { address, link }
        });
        Self::new(graph, attrs, attach)
    }

    /// A source over what `make` makes where it will live.
    pub(crate) fn generate_with<K>(
        verb: &'static str,
        make: impl FnOnce(Seat<'_, T>) -> K + Send + 'static,
    ) -> Self
    where
        K: Kernel + Outputs<T, 0>,
    {
        let attrs = Attrs::of(verb, Kind::Source);
        Self::open(Graph::default(), attrs, Vec::new(), mailbox(), make)
    }

    /// Puts a stage with one input of its own kernel behind this one.
    pub(crate) fn then<K, U>(
        mut self,
        mut attrs: Attrs,
        make: impl FnOnce(UpLink<T>, Seat<'_, U>) -> K + Send + 'static,
    ) -> Source<U>
    where
        K: Kernel + crate::stage::Inputs<T, 0> + Outputs<U, 0>,
        U: Send + 'static,
    {
        attrs.retry(self.retry.take());
        let mailbox = mailbox::<StageActor<K>>();
        let address = mailbox.0.clone();
        let (graph, up) = self.connect(Box::new(Port::<_, 0> { address, port: 0 }));
        let inputs = vec![Arc::clone(&up.link)];
        Source::open(graph, attrs, inputs, mailbox, move |seat| make(up, seat))
    }

    /// Puts a synchronous stage behind this one.
    pub(crate) fn logic<L>(
        self,
        attrs: Attrs,
        limit: Option<u64>,
        make: impl FnOnce(&FlowContext) -> L + Send + 'static,
    ) -> Source<L::Out>
    where
        L: Logic<In = T>,
    {
        self.then(attrs, move |up, seat| {
            let input = InPort::limited(up, limit);
            Unary::new(make(seat.context), input, seat.out)
        })
    }

    /// As [`logic`](Self::logic), of what can be made anew.
    pub(crate) fn logic_from<L>(
        self,
        mut attrs: Attrs,
        mut make: impl FnMut(&FlowContext) -> L + Send + 'static,
    ) -> Source<L::Out>
    where
        L: Logic<In = T>,
    {
        attrs.factory = true;
        self.then(attrs, move |up, seat| {
            let logic = make(seat.context);
            Unary::new(logic, InPort::new(up), seat.out)
                .remade_by(Box::new(move |context, logic| *logic = make(context)))
        })
    }

    /// Ends the blueprint with a stage without outputs.
    pub(crate) fn seal<K, R>(
        mut self,
        mut attrs: Attrs,
        make: impl FnOnce(UpLink<T>, &Core, Outcome<R>) -> K + Send + 'static,
    ) -> Blueprint<R>
    where
        K: Kernel + crate::stage::Inputs<T, 0>,
        R: Send + 'static,
    {
        attrs.retry(self.retry.take());
        let (address, receiver) = mailbox::<StageActor<K>>();
        let port = Box::new(Port::<_, 0> {
            address: address.clone(),
            port: 0,
        });
        let (graph, up) = self.connect(port);
        let seal = move |attrs, graph: &mut Graph| -> Take<R> {
            let outcome = Outcome::default();
            let value = outcome.clone();
            graph.push(Node {
                attrs,
                inputs: vec![Arc::clone(&up.link)],
                outputs: Vec::new(),
                start: Box::new(move |at| {
                    launch(at, address.downgrade(), receiver, move |core| {
                        make(up, core, outcome)
                    })
                }),
            });
            Box::new(move || value.take())
        };
        Blueprint::new(graph, attrs, Box::new(seal))
    }

    /// Ends the blueprint with a synchronous sink.
    pub(crate) fn sink<L, R>(
        self,
        verb: &'static str,
        limit: Option<u64>,
        make: impl FnOnce(Outcome<R>) -> L + Send + 'static,
    ) -> Blueprint<R>
    where
        L: Logic<In = T, Out = std::convert::Infallible>,
        R: Send + 'static,
    {
        let attrs = Attrs::of(verb, Kind::Stage);
        self.seal(attrs, move |up, _, outcome| {
            Unary::new(make(outcome), InPort::limited(up, limit), Void)
        })
    }

    /// Names the stage written just before: what reports, errors and
    /// [`quit_stage`](crate::Control::quit_stage) call it.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter([1u64, 0])
    ///     .map(|n| 10 / n).named("divide")
    ///     .count();
    /// let error = flow.run(&FlowContext::background())?.await.expect_err("it gives no value");
    /// assert_eq!(error.stage(), Some("divide"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if two stages or groups have the same name.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.attrs.set_name(name.into());
        self
    }

    /// Sets the window of the stage written just before: the most items in flight on each of its
    /// input edges. Where nothing is said it is that of the flow, 1024 items.
    ///
    /// On a composite such as [`map_parallel`](Self::map_parallel) it is the sum over its workers.
    /// A window of 1 is a rendezvous.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..100u64).map(|n| n + 1).named("next").window(4).count();
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// let edge = &finished.report.edges()[0];
    /// assert_eq!((&*edge.to, edge.window), ("next", 4));
    /// assert!(edge.most_in_flight <= 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if the window is 0, is less than the stage's
    /// concurrency, or the stage is a source: it has no input.
    pub fn window(mut self, items: usize) -> Self {
        self.attrs.set_window(items);
        self
    }

    /// Places the stage written just before on an arbiter; it is else on that of `run`'s caller.
    ///
    /// A hand-over between arbiters wakes a thread twice, whatever it carries: placing pays where a
    /// stage works long per item, or where windows are large.
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
    /// let sum = Source::from_iter(1..=4u64)
    ///     .map(|n| n * n).on(arbiter.handle())
    ///     .fold(0, |sum, n| sum + n);
    /// assert_eq!(sum.run(&FlowContext::background())?.await?, 30);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if the arbiter is dead.
    pub fn on(mut self, arbiter: ArbiterHandle) -> Self {
        self.attrs.set_place(arbiter);
        self
    }

    /// Puts the stage written just before into a group, to be quit one by one or all at once.
    ///
    /// Of a composite it is the workers that the group quits.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let reader = |first: u64| Source::unfold(first, |n| { *n += 1; Some(*n) }).group("readers");
    /// let flow = reader(0).merge(reader(100)).count().run(&FlowContext::background())?;
    /// flow.control().quit_all("readers").expect("there is such a group").await;
    /// let finished = flow.wait().await?;
    /// assert!(matches!(finished.ending, Cause::Completed));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if a stage has the same name as the group.
    pub fn group(mut self, name: impl Into<Arc<str>>) -> Self {
        self.attrs.set_group(name.into());
        self
    }
}
