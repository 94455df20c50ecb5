//! ISC Kea: what a pair of its servers can be asked, and how it is changed without its clients
//! noticing.
//!
//! Facts are those of the Kea Administrator Reference Manual, and of what was measured on Kea
//! 2.2, 2.6 and 3.0; where the two disagree, what was measured holds.

pub mod channel;
pub mod check;
pub mod wire;
