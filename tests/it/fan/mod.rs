//! Rules 4.1 to 4.5, 4.7 and 4.8: fan-in, fan-out, parallel maps.

mod branches;
mod inputs;
mod isolated;
mod ordered;
mod parallel;
