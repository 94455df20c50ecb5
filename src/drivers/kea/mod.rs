//! ISC Kea: what a pair of its servers can be asked, and how it is changed without its clients
//! noticing.
//!
//! Facts are those of the Kea Administrator Reference Manual, and of what was measured on Kea
//! 2.2, 2.6 and 3.0; where the two disagree, what was measured holds.

pub mod abilities;
pub mod channel;
pub mod check;
pub mod document;
pub mod ha;
pub mod leases;
pub mod options;
pub mod peers;
pub mod pool;
pub mod probe;
pub mod reading;
#[cfg(test)]
mod scripted;
pub mod wire;
