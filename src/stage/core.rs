//! What every stage has beside its kernel: marks, counts, the clock and its share of the flow's
//! count.

use std::sync::Arc;

use super::Clock;
use super::spin::Spin;
use crate::context::{Cause, FlowContext};
use crate::edge::{Dispatch, Home};
use crate::report::{Moment, Spent, StageCounts};
use crate::supervise::{Directive, Ending, Level, Lifeline, Presence, StageState, Tell, Wait};

pub(crate) struct Core {
    pub(crate) life: Arc<Lifeline>,
    /// For closures that run off the arbiter: the stage is not gone before they have ended.
    pub(crate) presence: Arc<Presence>,
    pub(crate) context: FlowContext,
    pub(crate) state: Arc<StageState>,
    pub(crate) counts: StageCounts,
    pub(crate) clock: Clock,
    /// When the current turn began, or the last one ended.
    pub(crate) now: Moment,
    pub(super) spent: Spent,
    ready: Option<Moment>,
    /// Where what made it ready came from.
    from: Home,
    spin: Spin,
    asked: Ending,
    /// The mark of this stage that was acted upon.
    pub(super) seen: Level,
    pub(super) units: usize,
    pub(super) probed: bool,
    pub(super) suspended: Option<Box<Cause>>,
    pub(super) directive: Option<Directive>,
    /// Whether its state is to be made anew, since another stage is restarted.
    pub(super) renewed: bool,
    pub(super) over: bool,
}

impl Core {
    pub(super) fn new(
        life: Arc<Lifeline>,
        presence: Arc<Presence>,
        state: Arc<StageState>,
        few: usize,
    ) -> Self {
        let now = Moment::now();
        Self {
            context: life.0.context.clone(),
            life,
            presence,
            state,
            counts: StageCounts::default(),
            clock: Clock::new(now, few),
            now,
            spent: Spent::Queued,
            ready: None,
            from: Home::here(),
            spin: Spin::default(),
            asked: Ending::default(),
            seen: Level::Running,
            units: 1,
            probed: false,
            suspended: None,
            directive: None,
            renewed: false,
            over: false,
        }
    }

    /// Whether the flow or this stage is to end; to be asked before every item.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        self.context.is_marked() || self.state.is_marked_beyond(self.seen)
    }

    pub(super) fn absorb(&mut self, sent: Moment, from: Home) {
        self.units += 1;
        if self.ready.is_none() {
            self.ready = Some(sent);
            self.from = from;
        }
    }

    pub(super) fn stop(&mut self, level: Level, cause: Cause) {
        if !self.asked.raise(level, cause) {
            return;
        }
        self.stir();
    }

    /// Notes that it goes on by an order of its supervisor.
    pub(super) fn stir(&mut self) {
        // What it does now can make others owe credit that were asked already.
        self.life.0.note_moved();
        if self.units == 0 {
            // What it does now was started by no message that has a unit.
            self.life.0.activity.add(1);
            self.units = 1;
        }
    }

    /// How far its ending has risen.
    pub(super) fn level(&self) -> Level {
        if self.context.is_marked() {
            return self.asked.level().max(Level::Cancel);
        }
        self.asked.level()
    }

    /// Why it ends, where it comes to its end by itself.
    pub(super) fn own_cause(&self) -> Cause {
        self.asked.cause()
    }

    /// Why it ends, where it was told to.
    pub(super) fn stop_cause(&self) -> Cause {
        match self.context.cause() {
            Some(cause) if self.asked.level() < Level::Abort => cause.into_cancel(),
            _ => self.asked.cause(),
        }
    }

    pub(super) fn tell_failure(&self, cause: &Cause, contained: bool) {
        self.life.0.tell(Tell::Failed {
            stage: self.state.index,
            cause: cause.clone(),
            suspended: contained,
            contained,
            hopeless: !contained,
        });
    }

    /// Tells of a failure after which it cannot go on, whatever its policy says.
    pub(super) fn tell_hopeless(&self, cause: &Cause) {
        self.life.0.tell(Tell::Failed {
            stage: self.state.index,
            cause: cause.clone(),
            suspended: true,
            contained: true,
            hopeless: true,
        });
    }

    pub(super) fn begin_turn(&mut self) {
        let now = Moment::now();
        let counters = &self.state.counters;
        let since = now.nanos_since(self.now);
        // Ready at the first message that it has absorbed, if that came after its last turn.
        let ready = self.ready.take();
        let queued = ready.map_or(0, |ready| now.nanos_since(ready).min(since));
        let idle = since - queued;
        counters.add_nanos(self.spent, idle);
        counters.add_nanos(Spent::Queued, queued);
        let from_afar = ready.is_some() && self.from.is_other();
        if from_afar || self.spin.is_watching() {
            self.end_wait(idle, from_afar);
        }
        self.now = now;
        self.clock.begin(now);
        let marked = self.state.marked();
        if marked != self.seen {
            self.seen = marked;
            match marked {
                Level::Close => self.stop(marked, Cause::Closed),
                _ => self.stop(marked, Cause::Quit),
            }
        }
    }

    pub(super) fn end_turn(&mut self) -> Moment {
        let now = Moment::now();
        let busy = now.nanos_since(self.now);
        self.state.counters.add_nanos(Spent::Busy, busy);
        self.counts.turns += 1;
        self.now = now;
        now
    }

    /// To send with after a turn. All its units but one are the messages': with the last one gone, a reader
    /// on another thread could bring the count to zero between two messages.
    pub(super) fn dispatch(&mut self, now: Moment) -> Dispatch {
        let spare = self.units.saturating_sub(1);
        self.units -= spare;
        Dispatch::with_units(now, spare)
    }

    /// Takes back the units that no message needed.
    pub(super) fn take_back(&mut self, by: &Dispatch) {
        self.units += by.left();
    }

    pub(super) fn park(&mut self, wait: Wait) {
        self.spent = match wait {
            Wait::Item(_) => Spent::Starved,
            Wait::Credit(_) => Spent::Blocked,
        };
        self.state.set_wait(wait);
        self.spin.begin();
        let units = std::mem::take(&mut self.units);
        self.life.0.activity.release(units);
    }

    /// Learns from a wait, if it was one for a neighbour.
    #[cold]
    fn end_wait(&mut self, idle: u64, from_afar: bool) {
        if matches!(self.spent, Spent::Starved | Spent::Blocked) {
            let message = from_afar.then(|| self.from.is_beside());
            self.spin.end(idle, message);
        }
    }

    pub(super) fn is_spinning(&self) -> bool {
        self.spin.is_on()
    }

    /// Whether it is parked, and looks again before its thread may sleep.
    pub(super) fn spins_on(&mut self) -> bool {
        let idle = self.spin.is_on() && self.units == 0 && !self.is_marked();
        idle && self.spin.goes_on(Moment::now().nanos_since(self.now))
    }

    pub(super) fn wait(&mut self) {
        self.spent = Spent::Waiting;
        let activity = &self.life.0.activity;
        match self.units {
            0 => activity.add(1),
            units => activity.release(units - 1),
        }
        self.units = 1;
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.state.leave_units(self.units);
    }
}
