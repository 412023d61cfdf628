//! Rules 3.1 to 3.4: generators.

mod demand;
mod ends;
mod kinds;
mod turns;
