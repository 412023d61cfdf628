//! A user's own logic, with a state of its own.

use std::marker::PhantomData;

use super::Source;
use super::graph::{Attrs, Kind};
use crate::context::{BoxError, FlowContext};
use crate::edge::InPort;
use crate::stage::{Logic, Unary};

/// A user's own `Stage`: its logic, with a state of its own.
///
/// [`Source::stage_with`] runs it as an actor. `accept` is called once per item, only when at least
/// one output can be sent; the iterator it gives is pulled only as outputs can be sent, so an
/// endless one never runs ahead. The upper bound of its `size_hint` is believed. At the end of the
/// input `finish` gives what is left; it is not called when the stage is cancelled or quit.
///
/// # Errors
///
/// An error of `accept`, like a panic in any of this, fails the stage, and by that the flow (or one
/// input of an isolating fan-in).
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// /// Passes each item that is larger than all before it.
/// #[derive(Default)]
/// struct Records(Option<u64>);
///
/// impl Stage for Records {
///     type In = u64;
///     type Out = u64;
///     type Outs = std::option::IntoIter<u64>;
///     type Error = std::convert::Infallible;
///
///     fn accept(&mut self, item: u64) -> Result<Self::Outs, Self::Error> {
///         let record = Some(item).filter(|item| self.0.is_none_or(|best| *item > best));
///         self.0 = self.0.max(record);
///         Ok(record.into_iter())
///     }
/// }
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let records: Vec<u64> = Source::from_iter([3, 1, 4, 1, 5])
///         .stage_with(|_| Records::default()).named("records")
///         .collect()
///         .run(&FlowContext::background())?
///         .await?;
///     assert_eq!(records, [3, 4, 5]);
///     Ok(())
/// }
/// ```
pub trait Stage: 'static {
    /// What comes in.
    type In: Send + 'static;
    /// What goes out.
    type Out: Send + 'static;
    /// The outputs of one item.
    type Outs: Iterator<Item = Self::Out>;
    /// What can go wrong.
    type Error: Into<BoxError>;

    /// Works on one item.
    ///
    /// # Errors
    ///
    /// Any, if the item cannot be worked on: the stage fails.
    fn accept(&mut self, item: Self::In) -> Result<Self::Outs, Self::Error>;

    /// What is left at the end of the input.
    fn finish(&mut self) -> Option<Self::Outs> {
        None
    }
}

/// A user's stage as the actor drives it.
struct Own<S>(S);

impl<S: Stage> Logic for Own<S> {
    type In = S::In;
    type Out = S::Out;
    type Outs = S::Outs;

    #[inline]
    fn accept(&mut self, item: S::In) -> Result<S::Outs, BoxError> {
        self.0.accept(item).map_err(Into::into)
    }

    fn finish(&mut self) -> Option<S::Outs> {
        self.0.finish()
    }
}

/// A state, and a closure that makes one item of each with it until it has enough.
struct Scan<T, S, F> {
    state: S,
    f: F,
    done: bool,
    items: PhantomData<fn(T)>,
}

impl<T, S, U, F> Logic for Scan<T, S, F>
where
    T: Send + 'static,
    S: 'static,
    U: Send + 'static,
    F: FnMut(&mut S, T) -> Option<U> + 'static,
{
    type In = T;
    type Out = U;
    type Outs = std::option::IntoIter<U>;

    #[inline]
    fn accept(&mut self, item: T) -> Result<Self::Outs, BoxError> {
        let out = (self.f)(&mut self.state, item);
        self.done = out.is_none();
        Ok(out.into_iter())
    }

    #[inline]
    fn is_done(&self) -> bool {
        self.done
    }
}

impl<T: Send + 'static> Source<T> {
    /// Makes one item of each with a state beside; at `None` it ends, and cancels what is upstream.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sums: Vec<u64> = Source::from_iter(1..=4u64)
    ///     .scan(0, |sum, n| { *sum += n; Some(*sum) })
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(sums, [1, 3, 6, 10]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn scan<S, U>(
        self,
        state: S,
        f: impl FnMut(&mut S, T) -> Option<U> + Send + 'static,
    ) -> Source<U>
    where
        S: Send + 'static,
        U: Send + 'static,
    {
        let mut first = Some(state);
        let factory = move |_: &FlowContext| first.take().expect("a stage is started once");
        self.scan_as("scan", factory, f)
    }

    /// As [`scan`](Self::scan), with a state from a factory that sees the flow's context.
    ///
    /// The factory is called where the stage lives, so what it makes need not be `Send`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// struct Start(u64);
    ///
    /// let ctx = FlowContext::background().with_value(Start(100));
    /// let sums: Vec<u64> = Source::from_iter(1..=3u64)
    ///     .scan_with(
    ///         |cx| Rc::new(cx.value::<Start>().map_or(0, |start| start.0)),
    ///         |sum, n| { *sum = Rc::new(**sum + n); Some(**sum) },
    ///     )
    ///     .collect()
    ///     .run(&ctx)?
    ///     .await?;
    /// assert_eq!(sums, [101, 103, 106]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A panic in the factory fails the flow, under [`isolated`](Self::isolated) too: the stage
    /// never started.
    pub fn scan_with<S, U>(
        self,
        factory: impl FnMut(&FlowContext) -> S + Send + 'static,
        f: impl FnMut(&mut S, T) -> Option<U> + Send + 'static,
    ) -> Source<U>
    where
        S: 'static,
        U: Send + 'static,
    {
        self.scan_as("scan_with", factory, f)
    }

    fn scan_as<S, U>(
        self,
        verb: &'static str,
        mut factory: impl FnMut(&FlowContext) -> S + Send + 'static,
        f: impl FnMut(&mut S, T) -> Option<U> + Send + 'static,
    ) -> Source<U>
    where
        S: 'static,
        U: Send + 'static,
    {
        let mut attrs = Attrs::of(verb, Kind::Stage);
        let factory_given = attrs.verb == "scan_with";
        attrs.factory = factory_given;
        self.then(attrs, move |up, seat| {
            let scan = Scan {
                state: factory(seat.context),
                f,
                done: false,
                items: PhantomData,
            };
            let unary = Unary::new(scan, InPort::new(up), seat.out);
            if !factory_given {
                return unary;
            }
            unary.remade_by(Box::new(move |context, scan| {
                scan.state = factory(context);
                scan.done = false;
            }))
        })
    }

    /// Runs a [`Stage`] of the user's own, made by a factory that sees the flow's context.
    ///
    /// The factory is called where the stage lives, so what it makes need not be `Send`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// /// Passes every item twice.
    /// struct Twice;
    ///
    /// impl Stage for Twice {
    ///     type In = u64;
    ///     type Out = u64;
    ///     type Outs = std::array::IntoIter<u64, 2>;
    ///     type Error = std::convert::Infallible;
    ///
    ///     fn accept(&mut self, item: u64) -> Result<Self::Outs, Self::Error> {
    ///         Ok([item, item].into_iter())
    ///     }
    /// }
    ///
    /// let doubled: Vec<u64> = Source::from_iter([1, 2])
    ///     .stage_with(|_| Twice).named("twice")
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(doubled, [1, 1, 2, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An error of `accept` fails the stage. A panic in the factory fails the flow, under
    /// [`isolated`](Self::isolated) too: the stage never started.
    pub fn stage_with<S: Stage<In = T>>(
        self,
        mut factory: impl FnMut(&FlowContext) -> S + Send + 'static,
    ) -> Source<S::Out> {
        let attrs = Attrs::of("stage_with", Kind::Stage);
        self.logic_from(attrs, move |context| Own(factory(context)))
    }
}
