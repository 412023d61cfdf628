//! The actor that starts, watches and stops the children of one supervisor.
//!
//! 1. Handlers note; [`settle`](TreeSupervisor::settle), the end of each, stops and starts whoever's
//!    turn it is.
//! 2. A child that is up ends by telling `Gone`, once. One that is stuck never does.
//! 3. A nested supervisor that has failed brings its children down and hands the failure to its
//!    parent; it then waits to be resumed, or ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix::{Actor, ActorContext, Addr, Context, Handler, Message};
use tokio::time::Instant;

use super::child::{Child, Terms};
use super::life::{Life, Post};
use super::roster::ChildState;
use super::state::ServiceState;
use super::turns::Turns;
use crate::context::Cause;
use crate::supervise::{Forsaken, Level, Patience, Recoveries, Watched};

/// What the supervisor is told.
pub(super) enum Tell {
    /// The ending has risen.
    Attend,
    /// Start this child, and watch it.
    Adopt {
        child: u64,
        line: Box<dyn Child>,
        terms: Terms,
    },
    /// An incarnation of a child is gone; the last one, where it cannot be started again.
    Gone {
        child: u64,
        outcome: Cause,
        last: bool,
    },
    /// This child is to end, the others are not.
    EndChild {
        child: u64,
        level: Level,
        cause: Cause,
    },
    /// All children are to go down, and to come back when it says so.
    Suspend,
    Resume,
}

impl Message for Tell {
    type Result = ();
}

/// What follows when an incarnation is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Its outcome decides.
    Judge,
    /// It is started again: another child failed.
    Renew,
    /// Nothing: it was told to end.
    Leave,
}

/// One child, as its supervisor holds it.
pub(super) struct Held {
    line: Box<dyn Child>,
    pub(super) terms: Terms,
    pub(super) up: bool,
    /// How far the incarnation that is up was told to stop.
    pub(super) asked: Level,
    pub(super) next: Next,
}

/// The supervisor of a tree's children.
pub(super) struct TreeSupervisor {
    pub(super) life: Arc<Life>,
    pub(super) children: BTreeMap<u64, Held>,
    pub(super) recoveries: Recoveries,
    pub(super) turns: Turns,
    pub(super) applied: Level,
    /// Until when children that were told to stop may take.
    pub(super) dues: BTreeSet<(Instant, u64)>,
    /// That its children are down, or on their way, for its parent to decide; and why.
    pub(super) suspended: Option<Cause>,
    reported: bool,
    over: bool,
}

impl TreeSupervisor {
    pub(super) fn new(life: Arc<Life>) -> Self {
        let turns = Turns::new(life.state.strategy);
        Self {
            life,
            children: BTreeMap::new(),
            recoveries: Recoveries::default(),
            turns,
            applied: Level::Running,
            dues: BTreeSet::new(),
            suspended: None,
            reported: false,
            over: false,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a few messages in the life of a child"
    )]
    pub(super) fn tell(address: &Addr<Self>, what: Tell) {
        address.do_send(what);
    }

    pub(super) fn state(&self) -> &Arc<ServiceState> {
        &self.life.state
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.applied > Level::Close
    }

    fn start(&mut self, child: u64) {
        let Some(held) = self.children.get_mut(&child) else {
            return;
        };
        (held.up, held.asked, held.next) = (true, Level::Running, Next::Judge);
        if let Some(row) = self.life.state.roster().row(child) {
            row.state = ChildState::Running;
            row.starts += 1;
        }
        held.line
            .start(Post::new(&self.life, child, &held.terms.path));
    }

    /// Tells a child that is up to stop, unless it was told as much.
    fn ask(&mut self, child: u64, level: Level, cause: &Cause) {
        let Some(held) = self.children.get_mut(&child) else {
            return;
        };
        if !held.up || held.asked >= level {
            return;
        }
        held.asked = level;
        let again = held.next == Next::Renew;
        held.line.reins().stop(level, cause, again);
        let state = &self.life.state;
        state.set_child(
            child,
            if again {
                ChildState::Restarting
            } else {
                ChildState::Ending
            },
        );
        self.dues.retain(|(_, other)| *other != child);
        // The ladder of the whole supervisor is the watch's.
        if self.applied == Level::Running
            && let Some(patience) = state.patience.of(level)
        {
            let due = Instant::now().checked_add(patience);
            self.dues.extend(due.map(|due| (due, child)));
        }
    }

    /// A child will not be started any more.
    pub(super) fn finish(&mut self, child: u64, cause: &Cause) {
        let Some(held) = self.children.get_mut(&child) else {
            return;
        };
        self.turns.forget(child);
        self.recoveries.forget(child);
        if held.line.dismiss(cause) {
            self.children.remove(&child);
            self.life.state.end_child(child, cause.clone());
        } else {
            (held.up, held.asked, held.next) = (true, Level::Cancel, Next::Leave);
            self.life.state.set_child(child, ChildState::Ending);
            if self.is_stopping() {
                self.turns.leave(child);
            }
        }
    }

    /// Stops and starts those whose turn it is.
    fn settle(&mut self) {
        if self.applied == Level::Close {
            // What they have queued is to be delivered.
            while let Some(child) = self.turns.take_ready() {
                self.start(child);
            }
        }
        if let Some(child) = self.turns.next_stop() {
            let (level, cause) = if self.applied > Level::Running {
                self.state().ending()
            } else {
                (Level::Cancel, Cause::from("restarted with another"))
            };
            self.ask(child, level, &cause);
        } else if self.applied > Level::Running {
            // A child that is entered will be told of.
            self.over = self.children.is_empty() && self.state().roster().is_empty();
        } else if let Some(cause) = &self.suspended {
            let down = self.children.values().all(|held| !held.up);
            if down && !std::mem::replace(&mut self.reported, true) {
                self.state().tell_parent(cause.clone(), false);
            }
        } else {
            while let Some(child) = self.turns.next_start(self.recoveries.next().is_some()) {
                self.start(child);
            }
        }
    }
}

impl Watched for TreeSupervisor {
    fn ending(&self) -> (Level, Cause) {
        self.state().ending()
    }

    fn patience(&self) -> Patience {
        self.state().patience
    }

    fn raise(&self, level: Level, cause: Cause) {
        self.state().raise(level, cause);
    }

    fn applied(&self) -> Level {
        self.applied
    }

    fn apply(&mut self, level: Level, cause: &Cause) {
        self.applied = level;
        self.suspended = None;
        self.dues.clear();
        let children: Vec<u64> = self.children.keys().copied().collect();
        for child in children {
            let Some(held) = self.children.get_mut(&child) else {
                continue;
            };
            if level > Level::Close {
                held.next = Next::Leave;
                if !held.up {
                    self.finish(child, cause);
                    continue;
                }
            }
            self.turns.leave(child);
            if level == Level::Abort {
                self.ask(child, level, cause);
            }
        }
        // Settled in a turn of its own, which can end this actor.
        self.state().tell(Tell::Attend);
    }

    fn next_due(&mut self) -> Option<Instant> {
        let due = self.dues.first().map(|(due, _)| *due);
        due.into_iter().chain(self.recoveries.next()).min()
    }

    fn act(&mut self, now: Instant) {
        while let Some((child, _restart)) = self.recoveries.take_due(now) {
            self.turns.ready(child);
        }
        while let Some(&(due, child)) = self.dues.first().filter(|(due, _)| *due <= now) {
            self.dues.remove(&(due, child));
            let Some(held) = self.children.get(&child) else {
                continue;
            };
            if let Some(next) = held.asked.next() {
                self.ask(child, next, &Cause::GraceExpired);
            } else {
                let stages = Arc::from([Arc::clone(&held.terms.path)]);
                self.stuck(child, Cause::Stuck { stages });
            }
        }
        self.settle();
    }

    fn give_up(&mut self) {
        self.over = true;
        self.state().conclude_stuck();
    }
}

impl Actor for TreeSupervisor {
    type Context = Context<Self>;
}

impl Handler<Tell> for TreeSupervisor {
    type Result = ();

    fn handle(&mut self, what: Tell, ctx: &mut Context<Self>) {
        match what {
            Tell::Attend => {}
            Tell::Adopt { child, line, terms } => {
                let held = Held {
                    line,
                    terms,
                    up: false,
                    asked: Level::Running,
                    next: Next::Judge,
                };
                let runs = held.terms.once;
                self.children.insert(child, held);
                if self.is_stopping() && runs {
                    self.start(child);
                    self.turns.leave(child);
                } else if self.is_stopping() {
                    let (_, cause) = self.state().ending();
                    self.finish(child, &cause);
                } else {
                    self.turns.ready(child);
                    if self.applied == Level::Close {
                        self.turns.leave(child);
                    }
                }
            }
            Tell::Gone {
                child,
                outcome,
                last,
            } => self.gone(child, &outcome, last),
            Tell::EndChild {
                child,
                level,
                cause,
            } => match self.children.get_mut(&child) {
                Some(held) if held.up => {
                    held.next = Next::Leave;
                    self.ask(child, level, &cause);
                }
                _ => self.finish(child, &cause),
            },
            Tell::Suspend => self.suspend(Cause::from("restarted with another")),
            Tell::Resume => {
                (self.suspended, self.reported) = (None, false);
                self.recoveries.clear();
            }
        }
        self.settle();
        if self.over {
            ctx.stop();
        }
    }
}

impl Drop for TreeSupervisor {
    fn drop(&mut self) {
        if !self.over {
            self.state().forsake();
        }
    }
}
