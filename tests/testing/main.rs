//! The test kit, and that its expectations fail where they should.

mod probes;
mod system;
