//! The peers: what one would write instead, each in a file of its own.

mod actix;
mod actix_flow;
mod arbiters;
mod async_channel;
mod computing;
mod crossbeam;
mod floor;
mod futures_streams;
mod kameo;
mod ractor;
mod rayon;
mod tokio_mpsc;
mod vuo;

pub use tokio_mpsc::runtime;

use crate::go::Go;
use crate::outcome::Outcome;
use crate::workload::{Job, Workload};

/// One run of one workload, in this process, on the calling thread.
pub type Body = fn(&Job) -> Outcome;

/// One who is compared.
#[derive(Clone, Copy)]
pub struct Peer {
    pub name: &'static str,
    /// Whether its edges have a window. One without stands beside the default window.
    pub bounded: bool,
    /// Its body for a workload; none where it has no answer to it.
    pub body: fn(Workload) -> Option<Body>,
}

/// Our own name in the table.
pub const OURS: &str = "actix-flow";

/// All that run in this process, in the order of the table's columns.
pub const PEERS: [Peer; 13] = [
    bounded(OURS, actix_flow::body),
    bounded("tokio-mpsc-1", tokio_mpsc::body_1),
    bounded("tokio-mpsc-n", tokio_mpsc::body_n),
    bounded("crossbeam", crossbeam::body),
    bounded("async-channel", async_channel::body),
    unbounded("futures", futures_streams::body),
    unbounded("rayon", rayon::body),
    unbounded("actix-do-send", actix::body_do_send),
    bounded("actix-send", actix::body_send),
    bounded("kameo", kameo::body),
    unbounded("ractor", ractor::body),
    unbounded("vuo", vuo::body),
    // Nobody: what the work alone takes.
    unbounded("floor", floor::body),
];

const fn bounded(name: &'static str, body: fn(Workload) -> Option<Body>) -> Peer {
    Peer {
        name,
        bounded: true,
        body,
    }
}

const fn unbounded(name: &'static str, body: fn(Workload) -> Option<Body>) -> Peer {
    Peer {
        name,
        bounded: false,
        body,
    }
}

pub fn by_name(name: &str) -> Option<Peer> {
    PEERS.into_iter().find(|peer| peer.name == name)
}

/// The names of all peers, in the order of the table's columns.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = PEERS.iter().map(|peer| peer.name).collect();
    names.insert(1, Go::NAME);
    names
}
