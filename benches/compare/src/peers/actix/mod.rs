//! Actors of actix wired by hand: by `do_send`, and by `send().await`.

mod do_send;
mod fans;
mod feed;
mod send;

pub use do_send::body as body_do_send;
pub use send::body as body_send;
