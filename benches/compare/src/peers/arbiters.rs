//! A System, and the arbiters on which stages start in turn, of all that is on actix.

use std::thread::available_parallelism;

use actix::{Actor, Addr, Arbiter, Context, System, SystemRunner};
use actix_rt::ArbiterHandle;

pub struct Arbiters {
    system: SystemRunner,
    arbiters: Vec<Arbiter>,
}

impl Arbiters {
    /// The System's own arbiter alone, or one for each core.
    pub fn start(spread: bool) -> Self {
        let system = System::new();
        let cores = available_parallelism().map_or(1, usize::from);
        let others = if spread { cores - 1 } else { 0 };
        let arbiters = system.block_on(async { (0..others).map(|_| Arbiter::new()).collect() });
        Self { system, arbiters }
    }

    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.system.block_on(future)
    }

    /// Starts an actor as stage `number`, on the arbiter whose turn it is.
    pub fn start_actor<A>(&self, number: usize, actor: A) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Send,
    {
        match self.place(number) {
            Some(place) => A::start_in_arbiter(&place, |_| actor),
            None => actor.start(),
        }
    }

    /// The arbiter of stage `number`; none for the System's own.
    pub fn place(&self, number: usize) -> Option<ArbiterHandle> {
        let place = (number % (self.arbiters.len() + 1)).checked_sub(1)?;
        Some(self.arbiters[place].handle())
    }
}

impl Drop for Arbiters {
    fn drop(&mut self) {
        for arbiter in self.arbiters.drain(..) {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}
