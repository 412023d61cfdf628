//! Who the children of a supervisor are, and what became of them.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use super::child::Reins;
use super::state::ServiceState;
use crate::context::Cause;

/// How many of the children that have ended are remembered: a supervisor of many short ones must
/// not grow.
const REMEMBERED: usize = 64;

/// What a child is about.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = FlowSupervisor::start(&FlowContext::background())?;
/// let flow = service.run(Source::repeat_with(|| 1u64).drain())?;
/// let tree = service.tree();
/// assert_eq!(tree.row("flow-1").map(|row| row.state), Some(ChildState::Running));
/// # service.control().quit().await;
/// # drop(flow);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildState {
    /// It is to run, and has not ended: it was started, or waits for its turn to be.
    Running,
    /// It is down, or going down, and will be started again.
    Restarting,
    /// It was told to end.
    Ending,
    /// It has ended.
    Ended,
}

/// One child.
pub(super) struct Row {
    pub(super) name: Arc<str>,
    pub(super) path: Arc<str>,
    pub(super) kind: &'static str,
    pub(super) state: ChildState,
    pub(super) starts: u64,
    pub(super) failure: Option<Cause>,
    pub(super) ending: Option<Cause>,
    pub(super) reins: Option<Arc<dyn Reins>>,
    pub(super) nested: Option<Arc<ServiceState>>,
}

/// A name that is taken, or a roster that takes no names any more.
pub(super) enum Refused {
    Taken(Arc<str>),
    Closed,
}

#[derive(Default)]
pub(super) struct Roster {
    next: u64,
    rows: BTreeMap<u64, Row>,
    names: HashSet<Arc<str>>,
    /// The last number that a child without a name has got, by its kind.
    numbers: BTreeMap<&'static str, u64>,
    ended: VecDeque<(u64, Row)>,
    forgotten: u64,
    closed: bool,
}

impl Roster {
    /// Takes no more children.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    fn name(&mut self, kind: &'static str, given: Option<Arc<str>>) -> Result<Arc<str>, Refused> {
        if let Some(name) = given {
            if !self.names.insert(Arc::clone(&name)) {
                return Err(Refused::Taken(name));
            }
            return Ok(name);
        }
        let number = self.numbers.entry(kind).or_default();
        loop {
            *number += 1;
            let name = Arc::from(format!("{kind}-{number}"));
            if self.names.insert(Arc::clone(&name)) {
                return Ok(name);
            }
        }
    }

    /// Takes a child up.
    pub(super) fn enter(
        &mut self,
        above: &str,
        kind: &'static str,
        given: Option<Arc<str>>,
    ) -> Result<(u64, Arc<str>), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        let name = self.name(kind, given)?;
        let path = if above.is_empty() {
            Arc::clone(&name)
        } else {
            Arc::from(format!("{above}/{name}"))
        };
        let child = self.next;
        self.next += 1;
        let row = Row {
            name,
            path: Arc::clone(&path),
            kind,
            state: ChildState::Running,
            starts: 0,
            failure: None,
            ending: None,
            reins: None,
            nested: None,
        };
        self.rows.insert(child, row);
        Ok((child, path))
    }

    /// Drops a child that could not be started.
    pub(super) fn strike(&mut self, child: u64) {
        if let Some(row) = self.rows.remove(&child) {
            self.names.remove(&row.name);
        }
    }

    pub(super) fn row(&mut self, child: u64) -> Option<&mut Row> {
        self.rows.get_mut(&child)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn is_alive(&self, child: u64) -> bool {
        self.rows.contains_key(&child)
    }

    pub(super) fn find(&self, name: &str) -> Option<u64> {
        let mut rows = self.rows.iter();
        rows.find(|(_, row)| &*row.name == name)
            .map(|(&child, _)| child)
    }

    /// A child has ended for good.
    pub(super) fn end(&mut self, child: u64, cause: Cause) {
        let Some(mut row) = self.rows.remove(&child) else {
            return;
        };
        self.names.remove(&row.name);
        row.state = ChildState::Ended;
        row.ending = Some(cause);
        row.reins = None;
        self.ended.push_back((child, row));
        if self.ended.len() > REMEMBERED {
            self.ended.pop_front();
            self.forgotten += 1;
        }
    }

    /// All have ended, and nobody was there to say how; gives the supervisors among them.
    pub(super) fn end_all(&mut self, cause: &Cause) -> Vec<Arc<ServiceState>> {
        let nested = self.rows.values().filter_map(|row| row.nested.clone());
        let nested = nested.collect();
        while let Some((&child, _)) = self.rows.first_key_value() {
            self.end(child, cause.clone());
        }
        nested
    }

    pub(super) fn living(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// Those remembered and those alive, in the order in which they were started first.
    pub(super) fn all(&self) -> Vec<&Row> {
        let ended = self.ended.iter().map(|(child, row)| (*child, row));
        let living = self.rows.iter().map(|(&child, row)| (child, row));
        let mut all: Vec<_> = ended.chain(living).collect();
        all.sort_unstable_by_key(|(child, _)| *child);
        all.into_iter().map(|(_, row)| row).collect()
    }

    /// The supervisors below, whether or not they have ended.
    pub(super) fn take_nested(&mut self) -> Vec<Arc<ServiceState>> {
        let living = self.rows.values_mut();
        let ended = self.ended.iter_mut().map(|(_, row)| row);
        let nested = living.chain(ended).filter_map(|row| {
            // They lead to the same supervisor.
            row.reins = None;
            row.nested.take()
        });
        nested.collect()
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
