//! Parallel stages, wired: one split, several actors, one join.

use std::sync::Arc;

use actix::dev::channel::AddressReceiver;
use actix::{Actor, Addr, Context, Handler};
use actix_rt::ArbiterHandle;

use super::Source;
use super::graph::{Attrs, Composite, Graph, Kind, Mailbox, Node, Part, mailbox};
use crate::context::FlowContext;
use crate::edge::{Demand, Downstream, Feed, InPort, Link, OutPort, Port, UpLink};
use crate::stage::{FanIn, FanOut, Logic, Pick, Policy, ROUTES, Route, StageActor, Unary, launch};

/// Where the workers of a composite live.
pub(super) enum Workers {
    /// So many arbiters of the flow's own.
    Own(usize),
    /// Arbiters of the caller.
    On(Vec<ArbiterHandle>),
}

impl Workers {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Own(workers) => *workers,
            Self::On(arbiters) => arbiters.len(),
        }
    }
}

/// The two ends of an edge between actors that are not started yet.
struct Edge<T> {
    down: Box<dyn Downstream<T>>,
    up: UpLink<T>,
}

impl<T: Send + 'static> Edge<T> {
    fn new<A, B, const PORT: usize>(
        link: Link,
        (from, output): (&Addr<A>, usize),
        (to, input): (&Addr<B>, usize),
    ) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<Demand<T, PORT>>,
        B: Actor<Context = Context<B>> + Handler<Feed<T, PORT>>,
    {
        let number = |n| u32::try_from(n).unwrap_or(u32::MAX);
        let down = Port::<_, PORT> {
            address: to.clone(),
            port: number(input),
        };
        let up = Port::<_, PORT> {
            address: from.clone(),
            port: number(output),
        };
        let up = UpLink {
            address: Box::new(up),
            link: Arc::new(link),
        };
        let down = Box::new(down);
        Self { down, up }
    }

    fn link(&self) -> Arc<Link> {
        Arc::clone(&self.up.link)
    }

    /// The producer's end, and the consumer's.
    fn split(self) -> (OutPort<T>, UpLink<T>) {
        let link = self.link();
        (OutPort::new(self.down, link), self.up)
    }
}

/// The split of a composite, before it is started.
struct Split<T: Send + 'static> {
    address: Addr<StageActor<FanOut<T>>>,
    receiver: AddressReceiver<StageActor<FanOut<T>>>,
    up: UpLink<T>,
}

/// A composite before it is started: a split, a worker per place, a join.
struct Crew<L: Logic, M> {
    split: Split<L::In>,
    join: Mailbox<FanIn<L::Out>>,
    workers: Workers,
    ordered: bool,
    /// Whether the workers' state is made by a factory of the user's.
    factory: bool,
    /// Whether the workers keep copies of their items.
    copies: bool,
    composite: Arc<Composite>,
    /// Whether the join is where the attributes of the composite are written.
    whole: bool,
    make: Arc<M>,
}

impl<L, M> Crew<L, M>
where
    L: Logic,
    M: Fn(&FlowContext) -> L + Send + Sync + 'static,
{
    fn part(&self, verb: &'static str, suffix: &str) -> (Attrs, Part) {
        (
            Attrs::of(verb, Kind::Stage),
            Part::of(&self.composite, suffix),
        )
    }

    fn worker(
        &self,
        verb: &'static str,
        n: usize,
        mailbox: Mailbox<Unary<L, OutPort<L::Out>>>,
        input: UpLink<L::In>,
        out: OutPort<L::Out>,
        out_link: Arc<Link>,
    ) -> Node {
        let (mut attrs, mut part) = self.part(verb, &(n + 1).to_string());
        part.worker = true;
        match &self.workers {
            Workers::Own(_) => part.own_arbiter = true,
            Workers::On(arbiters) => part.arbiter = arbiters.get(n).cloned(),
        }
        attrs.part = Some(Box::new(part));
        attrs.factory = self.factory;
        attrs.copies = self.copies;
        let make = Arc::clone(&self.make);
        let (address, receiver) = mailbox;
        Node {
            attrs,
            inputs: vec![Arc::clone(&input.link)],
            outputs: vec![out_link],
            start: Box::new(move |at| {
                launch(at, address.downgrade(), receiver, move |core| {
                    let worker = Unary::new(make(&core.context), InPort::new(input), out);
                    worker.remade_by(Box::new(move |context, logic| *logic = make(context)))
                })
            }),
        }
    }

    /// Adds all parts to a graph, and gives the open end of the join.
    fn attach(
        self,
        attrs: Attrs,
        down: Box<dyn Downstream<L::Out>>,
        graph: &mut Graph,
    ) -> UpLink<L::Out> {
        let (count, verb) = (self.workers.len(), attrs.verb);
        let (split, join) = (&self.split.address, &self.join.0);
        let (mut branches, mut split_links) = (Vec::new(), Vec::new());
        let (mut inputs, mut join_links) = (Vec::new(), Vec::new());
        let mut workers = Vec::with_capacity(count);
        let terms = self.split.up.link.terms::<L::In>();
        for n in 0..count {
            let mailbox = mailbox::<StageActor<Unary<L, OutPort<L::Out>>>>();
            let worker = &mailbox.0;
            let work: Edge<L::In> =
                Edge::new::<_, _, 0>(Link::shared(n, count), (split, n), (worker, 0));
            if let Some(terms) = terms {
                work.up.link.set_terms(Box::new(terms.inner()));
            }
            let mut link = Link::shared(n, count);
            if self.ordered {
                link = link.marking_gaps();
            }
            let results: Edge<L::Out> = Edge::new::<_, _, 0>(link, (worker, 0), (join, n));
            split_links.push(work.link());
            let (branch, work) = work.split();
            branches.push(branch);
            let link = results.link();
            join_links.push(Arc::clone(&link));
            let (out, result) = results.split();
            inputs.push(result);
            workers.push(self.worker(verb, n, mailbox, work, out, link));
        }
        let routes = self.ordered.then(|| {
            let routes: Edge<Route> =
                Edge::new::<_, _, ROUTES>(Link::default(), (split, 0), (join, 0));
            split_links.push(routes.link());
            join_links.push(routes.link());
            routes.split()
        });
        let (routes_out, routes_in) = routes.unzip();

        let (mut split_attrs, mut split_part) = self.part(verb, "split");
        split_part.wired = true;
        split_attrs.part = Some(Box::new(split_part));
        let policy = Policy::Balance {
            next: 0,
            awaits: matches!(self.workers, Workers::Own(_)),
        };
        let Split {
            address,
            receiver,
            up,
        } = self.split;
        graph.push(Node {
            attrs: split_attrs,
            inputs: vec![Arc::clone(&up.link)],
            outputs: split_links,
            start: Box::new(move |at| {
                launch(at, address.downgrade(), receiver, move |_| {
                    FanOut::new(InPort::new(up), branches, routes_out, policy)
                })
            }),
        });
        for worker in workers {
            graph.push(worker);
        }

        let mut join_attrs = attrs;
        join_attrs.part = Some(Box::new(Part {
            last: self.whole,
            wired: true,
            ..Part::of(&self.composite, "join")
        }));
        let link = Arc::new(Link::default());
        let (join, receiver) = self.join;
        let (address, out_link) = (join.clone(), Arc::clone(&link));
        graph.push(Node {
            attrs: join_attrs,
            inputs: join_links,
            outputs: vec![Arc::clone(&link)],
            start: Box::new(move |at| {
                launch(at, join.downgrade(), receiver, move |_| {
                    let inputs = inputs.into_iter().map(InPort::new).collect();
                    let out = OutPort::new(down, out_link);
                    match routes_in {
                        Some(routes) => FanIn::ordered(inputs, InPort::new(routes), out),
                        None => FanIn::new(inputs, out, Pick::merge(), false),
                    }
                })
            }),
        });
        let address = Box::new(Port::<_, 0> { address, port: 0 });
        UpLink { address, link }
    }
}

impl<T: Send + 'static> Source<T> {
    /// A split, a worker per place, and a join.
    ///
    /// With `composite` it is a part of that one, and does not set its attributes.
    pub(super) fn workers<L>(
        mut self,
        mut attrs: Attrs,
        workers: Workers,
        ordered: bool,
        composite: Option<Arc<Composite>>,
        make: impl Fn(&FlowContext) -> L + Send + Sync + 'static,
    ) -> Source<L::Out>
    where
        L: Logic<In = T>,
    {
        attrs.retry(self.retry.take());
        let (address, receiver) = mailbox::<StageActor<FanOut<T>>>();
        let port = Port::<_, 0> {
            address: address.clone(),
            port: 0,
        };
        let (graph, up) = self.connect(Box::new(port));
        let split = Split {
            address,
            receiver,
            up,
        };
        let crew = Crew {
            split,
            join: mailbox(),
            workers,
            ordered,
            factory: attrs.factory,
            copies: attrs.copies,
            whole: composite.is_none(),
            composite: composite.unwrap_or_default(),
            make: Arc::new(make),
        };
        let attach =
            Box::new(move |attrs: Attrs, down, graph: &mut Graph| crew.attach(attrs, down, graph));
        Source::new(graph, attrs, attach)
    }
}
