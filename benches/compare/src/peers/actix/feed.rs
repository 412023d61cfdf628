//! What actors wired by hand tell each other.

use actix::prelude::*;
use tokio::sync::mpsc;

/// An item, or the end of them.
#[derive(Message)]
#[rtype(result = "()")]
pub enum Feed<T: Send> {
    Item(T),
    End,
}

/// The end of an open chain: it hands its items out.
pub struct Exit(pub mpsc::UnboundedSender<u64>);

impl Actor for Exit {
    type Context = Context<Self>;
}

impl Handler<Feed<u64>> for Exit {
    type Result = ();

    fn handle(&mut self, feed: Feed<u64>, ctx: &mut Self::Context) {
        match feed {
            Feed::Item(n) => drop(self.0.send(n)),
            Feed::End => ctx.stop(),
        }
    }
}
