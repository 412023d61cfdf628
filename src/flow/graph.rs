//! What a blueprint is made of: a flat list of stages to start, so that nothing recurses.

use std::fmt;
use std::sync::{Arc, OnceLock};

use actix::Addr;
use actix::dev::channel::{AddressReceiver, channel};
use actix::{Actor, Context};
use actix_rt::ArbiterHandle;

use super::hub::Token;
use crate::edge::Link;
use crate::stage::{Launch, StageActor};
use crate::supervise::{Line, RestartPolicy, StageState};

/// What a user has said of a stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attrs {
    pub(crate) verb: &'static str,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) window: Option<usize>,
    pub(crate) place: Option<ArbiterHandle>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) isolating: bool,
    pub(crate) isolated: bool,
    /// How many items it works on at once, where it says.
    pub(crate) concurrency: Option<usize>,
    /// Another number of it that is 0 and must not be.
    pub(crate) zero: Option<&'static str>,
    /// An attribute that was set and has no meaning here.
    pub(crate) misused: Option<&'static str>,
    pub(crate) kind: Kind,
    /// Boxed, as few have one: what is built stays small.
    pub(crate) part: Option<Box<Part>>,
    pub(crate) policy: Option<Box<RestartPolicy>>,
    /// Whether it has a factory, so that it can be restarted.
    pub(crate) factory: bool,
    /// Whether copies of its items are kept, so that they can be tried again.
    pub(crate) copies: bool,
    /// What it joins that runs by itself.
    pub(crate) entry: Option<Arc<dyn Entry>>,
}

/// A way into something that other code has a part in too, a hub or an inlet's queue.
pub(crate) trait Entry: Send + Sync {
    /// Joins, as this stage; refused where that takes nobody any more.
    fn enter(&self, stage: &Arc<StageState>) -> bool;
}

impl fmt::Debug for dyn Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

/// What attributes a stage can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One without an input.
    Source,
    #[default]
    Stage,
    FanIn,
    /// A branch of a fan-out, or blueprints put together: not a stage at all.
    Joint,
}

impl Attrs {
    pub(crate) fn of(verb: &'static str, kind: Kind) -> Self {
        Self {
            verb,
            kind,
            ..Self::default()
        }
    }

    fn refuse(&mut self, attribute: &'static str, refused: bool) {
        if refused {
            self.misused.get_or_insert(attribute);
        }
    }

    pub(crate) fn set_name(&mut self, name: Arc<str>) {
        self.refuse("named", self.kind == Kind::Joint);
        self.name = Some(name);
    }

    pub(crate) fn set_window(&mut self, window: usize) {
        self.refuse("window", matches!(self.kind, Kind::Joint | Kind::Source));
        self.window = Some(window);
    }

    pub(crate) fn set_place(&mut self, place: ArbiterHandle) {
        self.refuse("on", self.kind == Kind::Joint);
        self.place = Some(place);
    }

    pub(crate) fn set_group(&mut self, group: Arc<str>) {
        self.refuse("group", self.kind == Kind::Joint);
        self.group = Some(group);
    }

    pub(crate) fn set_policy(&mut self, policy: RestartPolicy) {
        self.refuse("supervised", matches!(self.kind, Kind::Joint | Kind::FanIn));
        self.policy = Some(Box::new(policy));
    }

    /// Notes that items can be tried again, where the edge before says so.
    pub(crate) fn retry(&mut self, policy: Option<Box<RestartPolicy>>) {
        self.copies |= policy.is_some();
        self.policy = policy.or(self.policy.take());
    }

    pub(crate) fn set_isolating(&mut self) {
        self.refuse("isolated", self.kind != Kind::FanIn);
        self.isolating = true;
    }
}

/// A verb that is made of several stages.
#[derive(Debug, Default)]
pub(crate) struct Composite {
    /// What the user has said of it, known when its last part is.
    pub(crate) attrs: OnceLock<Attrs>,
}

/// A stage's place in a composite.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) composite: Arc<Composite>,
    pub(crate) suffix: Arc<str>,
    /// Whether it only passes items on, between the parts that work.
    pub(crate) wired: bool,
    /// Whether this is the part that the attributes are written at.
    pub(crate) last: bool,
    /// Whether it is one of the workers: they form a group.
    pub(crate) worker: bool,
    /// Whether it gets an arbiter of its own.
    pub(crate) own_arbiter: bool,
    /// The arbiter that the caller has given it.
    pub(crate) arbiter: Option<ArbiterHandle>,
}

impl Part {
    pub(crate) fn of(composite: &Arc<Composite>, suffix: &str) -> Self {
        Self {
            composite: Arc::clone(composite),
            suffix: suffix.into(),
            wired: false,
            last: false,
            worker: false,
            own_arbiter: false,
            arbiter: None,
        }
    }
}

type Start = Box<dyn FnOnce(Launch) -> Box<dyn Line> + Send>;

/// One stage that is not started yet.
pub(crate) struct Node {
    pub(crate) attrs: Attrs,
    pub(crate) inputs: Vec<Arc<Link>>,
    pub(crate) outputs: Vec<Arc<Link>>,
    /// Starts its actor.
    pub(crate) start: Start,
}

impl Node {
    /// What the user has said of it, or of the composite that it is a part of.
    pub(crate) fn said(&self) -> &Attrs {
        let whole = self.attrs.part.as_ref();
        whole
            .and_then(|part| part.composite.attrs.get())
            .unwrap_or(&self.attrs)
    }

    /// How its failures are answered: a part without code of a user's has none to answer.
    pub(crate) fn policy(&self) -> Option<&RestartPolicy> {
        let part = self.attrs.part.as_ref();
        let runs = part.is_none_or(|part| part.worker || !part.wired);
        let policy = self.attrs.policy.as_deref();
        policy.or(self.said().policy.as_deref()).filter(|_| runs)
    }
}

/// Stages that are not started yet, and branches that were connected.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) stages: Vec<Node>,
    pub(crate) branches: Vec<Token>,
    /// Attributes written where there is no stage.
    pub(crate) misplaced: Vec<(&'static str, &'static str)>,
}

impl Graph {
    pub(crate) fn push(&mut self, node: Node) {
        if let Some(part) = &node.attrs.part
            && part.last
        {
            let mut said = node.attrs.clone();
            // The composite must not hold itself.
            said.part = None;
            let _ = part.composite.attrs.set(said);
        }
        self.stages.push(node);
    }

    pub(crate) fn extend(&mut self, mut other: Self) {
        if self.stages.is_empty() && self.branches.is_empty() && self.misplaced.is_empty() {
            *self = other;
            return;
        }
        self.stages.append(&mut other.stages);
        self.branches.append(&mut other.branches);
        self.misplaced.append(&mut other.misplaced);
    }

    /// Notes what was said of something that is no stage.
    pub(crate) fn forget(&mut self, attrs: &Attrs) {
        if let Some(attribute) = attrs.misused {
            self.misplaced.push((attrs.verb, attribute));
        }
    }
}

/// Both ends of a stage's mailbox, before it is started.
pub(crate) type Mailbox<K> = (Addr<StageActor<K>>, AddressReceiver<StageActor<K>>);

/// The address of an actor that is started later.
pub(crate) fn mailbox<A: Actor<Context = Context<A>>>() -> (Addr<A>, AddressReceiver<A>) {
    let (sender, receiver) = channel(0);
    (Addr::new(sender), receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_stage_is_small() {
        // Four of them, which is where a graph begins, are within what allocators have at hand.
        assert!(size_of::<Node>() <= 240, "{}", size_of::<Node>());
    }
}
