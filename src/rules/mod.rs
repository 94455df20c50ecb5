//! What a DHCP server accepts, as pure functions: no I/O, no clock.

pub mod apply;
pub mod changes;
pub mod compare;
pub mod error;
pub mod facts;
pub mod failover_states;
pub mod ha_setup;
pub mod heal;
pub mod invariants;
pub mod invert;
pub mod kea;
pub mod kea_ha;
pub mod pair;

pub use apply::{apply, apply_all};
pub use changes::changes;
pub use compare::{compare_relationship, compare_scopes};
pub use error::{Code, DhcpError};
pub use facts::{Facts, PartnerFacts, Rulebook};
pub use heal::heal;
pub use invert::{invert, invert_all};
