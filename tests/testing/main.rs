//! The test kit, and that its expectations fail where they should.

mod leaks;
mod probes;
mod schedules;
mod system;
mod trees;
