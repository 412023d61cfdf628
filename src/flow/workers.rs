//! Parallel stages, wired: one split, several actors, one join.

use std::sync::Arc;

use actix_rt::ArbiterHandle;

use super::Source;
use super::graph::{Attrs, Composite, Graph, Kind, Node, Part, mailbox};
use crate::context::FlowContext;
use crate::edge::{InPort, Link, OutPort, Port, UpLink};
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

/// The share of worker `n` of `workers` in a window; never 0.
fn share(window: usize, n: usize, workers: usize) -> usize {
    (window / workers + usize::from(n < window % workers)).max(1)
}

fn edge() -> (Arc<Link>, Arc<Link>) {
    let link = Arc::new(Link::default());
    (Arc::clone(&link), link)
}

fn port_number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<T: Send + 'static> Source<T> {
    /// A split, a worker per place, and a join.
    ///
    /// With `composite` it is a part of that one, and does not set its attributes.
    pub(super) fn workers<L>(
        self,
        attrs: Attrs,
        workers: Workers,
        ordered: bool,
        composite: Option<Arc<Composite>>,
        make: impl Fn(&FlowContext) -> L + Send + Sync + 'static,
    ) -> Source<L::Out>
    where
        L: Logic<In = T>,
    {
        let (split, split_receiver) = mailbox::<StageActor<FanOut<T>>>();
        let port = Port::<_, 0> {
            address: split.clone(),
            port: 0,
        };
        let (graph, up) = self.connect(Box::new(port));
        let (join, join_receiver) = mailbox::<StageActor<FanIn<L::Out>>>();
        let whole = composite.is_none();
        let composite = composite.unwrap_or_default();
        let make = Arc::new(make);
        let attach = Box::new(move |attrs: Attrs, down, graph: &mut Graph| {
            let count = workers.len();
            let verb = attrs.verb;
            let part = |suffix: &str| {
                let part = Part::of(&composite, suffix);
                let mut attrs = Attrs::of(verb, Kind::Stage);
                attrs.part = Some(part);
                attrs
            };
            let (mut branches, mut split_links) = (Vec::new(), Vec::new());
            let (mut inputs, mut join_links) = (Vec::new(), Vec::new());
            let mut worker_nodes = Vec::new();
            for n in 0..count {
                let (address, receiver) = mailbox::<StageActor<Unary<L, OutPort<L::Out>>>>();
                let (link, split_link) = edge();
                let (out, join_link) = edge();
                let to_worker = Port::<_, 0> {
                    address: address.clone(),
                    port: 0,
                };
                branches.push((to_worker, Arc::clone(&link)));
                split_links.push(split_link);
                let to_join = Port::<_, 0> {
                    address: join.clone(),
                    port: port_number(n),
                };
                let from_worker = Port::<_, 0> {
                    address: address.clone(),
                    port: 0,
                };
                inputs.push(UpLink {
                    address: Box::new(from_worker) as _,
                    link: Arc::clone(&out),
                });
                join_links.push(join_link);
                let mut attrs = part(&(n + 1).to_string());
                if let Some(part) = &mut attrs.part {
                    part.worker = true;
                    match &workers {
                        Workers::Own(_) => part.own_arbiter = true,
                        Workers::On(arbiters) => part.arbiter = arbiters.get(n).cloned(),
                    }
                }
                let from_split = UpLink {
                    address: Box::new(Port::<_, 0> {
                        address: split.clone(),
                        port: port_number(n),
                    }),
                    link: Arc::clone(&link),
                };
                let make = Arc::clone(&make);
                worker_nodes.push(Node {
                    attrs,
                    inputs: vec![link],
                    outputs: vec![Arc::clone(&out)],
                    start: Box::new(move |at, window| {
                        launch(at, address, receiver, move |core| {
                            let input = InPort::new(from_split, share(window, n, count));
                            let out = OutPort::new(Box::new(to_join), out);
                            Unary::new(make(&core.context), input, out)
                        })
                    }),
                });
            }
            let (routes, join_routes) = edge();
            let routes_up = ordered.then(|| UpLink {
                address: Box::new(Port::<_, ROUTES> {
                    address: split.clone(),
                    port: 0,
                }) as Box<dyn crate::edge::Upstream<Route>>,
                link: Arc::clone(&routes),
            });
            let routes_down = ordered.then(|| Port::<_, ROUTES> {
                address: join.clone(),
                port: 0,
            });
            if ordered {
                split_links.push(Arc::clone(&routes));
                join_links.push(join_routes);
            }
            graph.push(Node {
                attrs: part("split"),
                inputs: vec![Arc::clone(&up.link)],
                outputs: split_links,
                start: Box::new(move |at, window| {
                    launch(at, split, split_receiver, move |_| {
                        let branches = branches
                            .into_iter()
                            .map(|(down, link)| OutPort::new(Box::new(down), link));
                        let routes = routes_down.map(|down| OutPort::new(Box::new(down), routes));
                        let input = InPort::new(up, window);
                        let policy = Policy::Balance { next: 0 };
                        FanOut::new(input, branches.collect(), routes, policy)
                    })
                }),
            });
            for node in worker_nodes {
                graph.push(node);
            }
            let (out, join_out) = edge();
            let mut said = attrs;
            let mut last = Part::of(&composite, "join");
            last.last = whole;
            said.part = Some(last);
            let address = join.clone();
            graph.push(Node {
                attrs: said,
                inputs: join_links,
                outputs: vec![Arc::clone(&out)],
                start: Box::new(move |at, window| {
                    launch(at, join, join_receiver, move |_| {
                        let inputs = inputs.into_iter().enumerate();
                        let inputs = inputs
                            .map(|(n, up)| InPort::new(up, share(window, n, count)))
                            .collect();
                        let out = OutPort::new(down, join_out);
                        match routes_up {
                            Some(routes) => {
                                FanIn::ordered(inputs, InPort::new(routes, window), out)
                            }
                            None => FanIn::new(inputs, out, Pick::merge(), false),
                        }
                    })
                }),
            });
            let address = Box::new(Port::<_, 0> { address, port: 0 });
            UpLink { address, link: out }
        });
        Source::new(graph, attrs, attach)
    }
}
