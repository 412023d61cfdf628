//! From a blueprint to a plan: branches resolved, names given, everything checked before anything
//! starts.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::StartError;
use crate::flow::{Attrs, Composite, FlowAttrs, Graph, Hub, Node, Part};
use crate::supervise::{Directive, FlowEdge, StageSpec, StageState, Supervision};

/// The window of a stage of which none is said.
const WINDOW: usize = 1024;

/// A blueprint that can be started.
pub(super) struct Plan {
    pub(super) nodes: Vec<Node>,
    pub(super) stages: Box<[Arc<StageState>]>,
    pub(super) edges: Box<[FlowEdge]>,
}

/// All stages of a graph, those above its branches included; order is that of the graph.
fn resolve(mut graph: Graph) -> Result<Vec<Node>, StartError> {
    // In the order in which they are found, so that names do not depend on addresses.
    let mut found: Vec<Option<(Arc<dyn Hub>, usize)>> = Vec::new();
    let mut places: HashMap<*const (), usize> = HashMap::new();
    let mut whole = Vec::new();
    // Held to the end: a token that is dropped counts as a reader that has left.
    let mut tokens = Vec::new();
    // The most downstream first.
    let mut parts: Vec<Vec<Node>> = Vec::new();
    loop {
        if let Some((verb, attribute)) = graph.misplaced.pop() {
            let stage = Arc::from(verb);
            return Err(StartError::Misplaced { stage, attribute });
        }
        parts.push(graph.stages);
        let mut touched = Vec::new();
        for token in graph.branches {
            let place = *places
                .entry(Arc::as_ptr(&token.hub).cast())
                .or_insert(found.len());
            if place == found.len() {
                found.push(Some((Arc::clone(&token.hub), 0)));
            }
            if let Some((_, connected)) = &mut found[place] {
                *connected += 1;
            }
            touched.push(place);
            tokens.push(token);
        }
        touched.sort_unstable();
        touched.dedup();
        whole.extend(touched.into_iter().filter(|&place| {
            let hub = found[place].as_ref();
            hub.is_some_and(|(hub, connected)| {
                let (settled, all) = hub.settled(*connected);
                settled == all
            })
        }));
        let Some(place) = whole.pop() else { break };
        graph = Graph::default();
        if let Some((hub, _)) = found[place].take()
            && let Some((above, node)) = hub.take()
        {
            parts.push(vec![node]);
            graph = above;
        }
    }
    match found.into_iter().flatten().next() {
        None => Ok(parts.into_iter().rev().flatten().collect()),
        Some((hub, connected)) => {
            let (settled, all) = hub.settled(connected);
            Err(StartError::OpenBranch {
                stage: hub.label(),
                open: all - settled,
            })
        }
    }
}

/// Gives every stage its name: the user's, else its verb and a number that is not taken.
struct Naming {
    /// The names that users gave to stages and groups.
    given: HashSet<Arc<str>>,
    /// How many of a verb have got a number so far.
    numbers: Vec<(&'static str, usize)>,
    composites: HashMap<*const Composite, Arc<str>>,
    /// Where a name is put together, so that each costs one allocation.
    text: String,
}

impl Naming {
    fn new(nodes: &[Node]) -> Result<Self, StartError> {
        let mut given = HashSet::new();
        let mut groups = HashSet::new();
        let mut composites = HashSet::new();
        for node in nodes {
            let part = node.attrs.part.as_ref();
            if part.is_some_and(|part| !composites.insert(Arc::as_ptr(&part.composite))) {
                continue;
            }
            let said = node.said();
            if let Some(name) = &said.name
                && !given.insert(Arc::clone(name))
            {
                let name = Arc::clone(name);
                return Err(StartError::DuplicateName { name });
            }
            groups.extend(said.group.clone());
        }
        for group in groups {
            if !given.insert(Arc::clone(&group)) {
                return Err(StartError::DuplicateName { name: group });
            }
        }
        Ok(Self {
            given,
            numbers: Vec::new(),
            composites: HashMap::new(),
            text: String::with_capacity(64),
        })
    }

    fn name(&mut self, said: &Attrs) -> Arc<str> {
        if let Some(name) = &said.name {
            return Arc::clone(name);
        }
        let known = self.numbers.iter().position(|(verb, _)| *verb == said.verb);
        let verb = known.unwrap_or_else(|| {
            self.numbers.push((said.verb, 0));
            self.numbers.len() - 1
        });
        loop {
            let (verb, number) = &mut self.numbers[verb];
            *number += 1;
            self.text.clear();
            let written = write!(self.text, "{verb}-{number}");
            written.expect("a string takes what is written");
            if !self.given.contains(self.text.as_str()) {
                return self.text.as_str().into();
            }
        }
    }

    /// The name of a part, and that of its composite.
    fn name_part(&mut self, said: &Attrs, part: &Part) -> Result<(Arc<str>, Arc<str>), StartError> {
        let composite = Arc::as_ptr(&part.composite);
        let whole = match self.composites.get(&composite) {
            Some(whole) => Arc::clone(whole),
            None => {
                let whole = self.name(said);
                self.composites.insert(composite, Arc::clone(&whole));
                whole
            }
        };
        let name: Arc<str> = format!("{whole}/{}", part.suffix).into();
        if self.given.contains(&name) {
            return Err(StartError::DuplicateName { name });
        }
        Ok((name, whole))
    }
}

fn check(name: &Arc<str>, said: &Attrs, window: usize) -> Result<(), StartError> {
    let stage = || Arc::clone(name);
    if let Some(attribute) = said.misused {
        let stage = stage();
        return Err(StartError::Misplaced { stage, attribute });
    }
    let zero = match said.concurrency {
        _ if window == 0 => Some("window"),
        Some(0) => Some("concurrency"),
        _ => said.zero,
    };
    if let Some(what) = zero {
        let stage = stage();
        return Err(StartError::Zero { stage, what });
    }
    match said.concurrency {
        Some(concurrency) if window < concurrency => Err(StartError::WindowBelowConcurrency {
            stage: stage(),
            window,
            concurrency,
        }),
        _ => Ok(()),
    }
}

impl Plan {
    pub(super) fn new(graph: Graph, flow: &FlowAttrs) -> Result<Self, StartError> {
        let nodes = resolve(graph)?;
        let mut naming = Naming::new(&nodes)?;
        let mut stages = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let said = node.said();
            let part = node.attrs.part.as_ref();
            let (name, part_of) = match part {
                Some(part) => {
                    let (name, whole) = naming.name_part(said, part)?;
                    (name, Some(whole))
                }
                None => (naming.name(said), None),
            };
            // A source has no input edge: a window of the flow means nothing to it.
            let of_flow = flow.window.filter(|_| !node.inputs.is_empty());
            let window = said.window.or(of_flow).unwrap_or(WINDOW);
            check(part_of.as_ref().unwrap_or(&name), said, window)?;
            for link in &node.inputs {
                link.set_window(window);
                link.set_reader(&name);
                if link.max_weight() == Some(0) {
                    let (stage, what) = (Arc::clone(&name), "maximum weight");
                    return Err(StartError::Zero { stage, what });
                }
            }
            let policy = node.policy();
            let supervision = policy.map(|policy| {
                Box::new(Supervision {
                    policy: policy.clone(),
                    resumes: true,
                    factory: node.attrs.factory,
                    copies: node.attrs.copies,
                })
            });
            let owner = part_of.as_ref().unwrap_or(&name);
            for (directive, needs) in [
                (Directive::Restart, "a factory: use a verb that has one"),
                (
                    Directive::Retry,
                    "copies of its items: write `retried` before it",
                ),
            ] {
                if let Some(supervision) = &supervision
                    && supervision.policy.is_always(directive)
                    && !supervision.can(directive)
                {
                    let stage = Arc::clone(owner);
                    return Err(StartError::Unable {
                        stage,
                        directive,
                        needs,
                    });
                }
            }
            let spec = StageSpec {
                index: number(index),
                verb: said.verb,
                part_of,
                worker: part.is_some_and(|part| part.worker),
                group: said.group.clone(),
                source: node.inputs.is_empty(),
                isolated: node.attrs.isolated,
                supervision,
            };
            stages.push(Arc::new(StageState::new(name, spec)));
        }
        let edges = edges(&nodes);
        Ok(Self {
            nodes,
            stages: stages.into(),
            edges,
        })
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The edges of a graph, by the stages at their ends.
fn edges(nodes: &[Node]) -> Box<[FlowEdge]> {
    for (stage, node) in nodes.iter().enumerate() {
        for (port, link) in node.outputs.iter().enumerate() {
            link.set_origin(number(stage), number(port));
        }
    }
    let inputs = nodes.iter().map(|node| node.inputs.len()).sum();
    let mut edges = Vec::with_capacity(inputs);
    for (stage, node) in nodes.iter().enumerate() {
        for (port, link) in node.inputs.iter().enumerate() {
            let Some((from, out_port)) = link.origin() else {
                continue;
            };
            edges.push(FlowEdge {
                link: Arc::clone(link),
                from,
                out_port,
                to: number(stage),
                in_port: number(port),
            });
        }
    }
    edges.into()
}
