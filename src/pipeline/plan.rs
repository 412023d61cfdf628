//! From a blueprint to a plan: branches resolved, names given, everything checked before anything
//! starts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::StartError;
use super::names::Names;
use crate::edge::Link;
use crate::flow::{Attrs, FlowAttrs, Graph, Hub, Node};
use crate::supervise::{FlowEdge, StageState};

/// The window of a stage of which none is said.
const WINDOW: usize = 1024;

/// A blueprint that can be started.
pub(super) struct Plan {
    pub(super) nodes: Vec<Node>,
    pub(super) windows: Vec<usize>,
    pub(super) stages: Box<[Arc<StageState>]>,
    pub(super) edges: Box<[FlowEdge]>,
    pub(super) names: Names,
}

/// All stages of a graph, those above its branches included; order is that of the graph.
fn resolve(mut graph: Graph) -> Result<Vec<Node>, StartError> {
    let mut hubs: HashMap<*const (), (Arc<dyn Hub>, usize)> = HashMap::new();
    // Held to the end: a token that is dropped counts as a reader that has left.
    let mut tokens = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    loop {
        if let Some((verb, attribute)) = graph.misplaced.pop() {
            let stage = Arc::from(verb);
            return Err(StartError::Misplaced { stage, attribute });
        }
        let mut above = std::mem::take(&mut graph.stages);
        above.append(&mut nodes);
        nodes = above;
        for token in graph.branches.drain(..) {
            let hub = Arc::clone(&token.hub);
            hubs.entry(Arc::as_ptr(&hub).cast()).or_insert((hub, 0)).1 += 1;
            tokens.push(token);
        }
        let whole = hubs.iter().find_map(|(&key, (hub, connected))| {
            let (settled, all) = hub.settled(*connected);
            (settled == all).then_some(key)
        });
        let Some(key) = whole else { break };
        if let Some((hub, _)) = hubs.remove(&key)
            && let Some((more, node)) = hub.take()
        {
            nodes.insert(0, node);
            graph = more;
        }
    }
    match hubs.into_values().next() {
        None => Ok(nodes),
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
    taken: HashSet<Arc<str>>,
    numbers: HashMap<&'static str, usize>,
}

impl Naming {
    fn new(nodes: &[Node]) -> Result<Self, StartError> {
        let mut taken = HashSet::new();
        let mut groups = HashSet::new();
        let mut composites = HashSet::new();
        for node in nodes {
            let said = node.said();
            if let Some(part) = &node.attrs.part
                && !composites.insert(Arc::as_ptr(&part.composite))
            {
                continue;
            }
            if let Some(name) = &said.name
                && !taken.insert(Arc::clone(name))
            {
                let name = Arc::clone(name);
                return Err(StartError::DuplicateName { name });
            }
            groups.extend(said.group.clone());
        }
        for group in groups {
            if !taken.insert(Arc::clone(&group)) {
                return Err(StartError::DuplicateName { name: group });
            }
        }
        let numbers = HashMap::new();
        Ok(Self { taken, numbers })
    }

    fn name(&mut self, said: &Attrs) -> Arc<str> {
        if let Some(name) = &said.name {
            return Arc::clone(name);
        }
        let number = self.numbers.entry(said.verb).or_insert(0);
        loop {
            *number += 1;
            let name = Arc::from(format!("{}-{number}", said.verb));
            if self.taken.insert(Arc::clone(&name)) {
                return name;
            }
        }
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
        let mut names = Names::default();
        let mut wholes: HashMap<*const _, Arc<str>> = HashMap::new();
        let mut stages = Vec::with_capacity(nodes.len());
        let mut windows = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let said = node.said();
            let part = node.attrs.part.as_ref();
            let whole = part.map(|part| {
                let key = Arc::as_ptr(&part.composite);
                let whole = wholes.entry(key).or_insert_with(|| naming.name(said));
                Arc::clone(whole)
            });
            let name = match (&whole, part) {
                (Some(whole), Some(part)) => Arc::from(format!("{whole}/{}", part.suffix)),
                _ => naming.name(said),
            };
            let window = said.window.or(flow.window).unwrap_or(WINDOW);
            check(whole.as_ref().unwrap_or(&name), said, window)?;
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            names.add(index, &name, whole.as_ref(), node)?;
            windows.push(window);
            stages.push(Arc::new(StageState::new(
                index,
                name,
                said.verb,
                whole,
                node.inputs.is_empty(),
                node.attrs.isolated,
            )));
        }
        let edges = edges(&nodes);
        Ok(Self {
            nodes,
            windows,
            stages: stages.into(),
            edges,
            names,
        })
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The edges of a graph, by the stages at their ends.
fn edges(nodes: &[Node]) -> Box<[FlowEdge]> {
    let mut from: HashMap<*const Link, (u32, u32)> = HashMap::new();
    for (stage, node) in nodes.iter().enumerate() {
        for (port, link) in node.outputs.iter().enumerate() {
            from.insert(Arc::as_ptr(link), (number(stage), number(port)));
        }
    }
    let mut edges = Vec::with_capacity(from.len());
    for (stage, node) in nodes.iter().enumerate() {
        for (port, link) in node.inputs.iter().enumerate() {
            let Some(&(from, out_port)) = from.get(&Arc::as_ptr(link)) else {
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
