//! Flows beside a random one: they end in it, or begin there.

use actix_flow::prelude::*;

use super::shape::Shape;
use crate::kit::Item;

impl Shape<'_> {
    /// A source that other flows join.
    pub(super) fn hub(&mut self) -> Source<Item> {
        let cap = self.window(1);
        let (hub, source) = Source::merge_hub(cap);
        self.guest = true;
        for _ in 0..self.rng.u64(..4) {
            self.said.push_str(" <");
            let guest = self.flow(0).into_hub(&hub);
            let window = self.window(1);
            self.said.push_str(" >");
            self.guests.push(guest.default_window(window));
        }
        self.guest = false;
        let name = self.name("merge_hub");
        self.said.push_str(&format!("/{cap}"));
        self.place(source.named(name))
    }

    /// A sink to which other flows subscribe.
    pub(super) fn subscribed(&mut self, source: Source<Item>) -> Blueprint<()> {
        let capacity = self.window(1);
        let (hub, blueprint) = source.broadcast_hub(capacity);
        self.said.push_str(&format!(" broadcast_hub/{capacity}"));
        let lags = [Lag::Wait, Lag::DropOldest, Lag::DropNewest, Lag::Disconnect];
        for _ in 0..self.rng.u64(..4) {
            let lag = *self.rng.choice(&lags).expect("there are some");
            let name = self.name(&format!(" <{lag:?}"));
            let subscriber = self.place(hub.subscribe(lag).named(name));
            let guest = self.stages(subscriber).inspect(self.step()).drain();
            self.said.push_str(" >");
            self.guests.push(guest);
        }
        blueprint
    }
}
