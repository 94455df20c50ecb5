//! Plain data: what the words of redundant DHCP mean.
//!
//! Nothing here does I/O, asks a clock, or knows who uses it. The names are the field's (scope,
//! reservation, lease, relationship, partner, MCLT) and the labels are IPAM's.

pub mod address;
pub mod client_id;
pub mod difference;
pub mod edit;
pub mod failover;
pub mod fingerprint;
pub mod guardrail;
pub mod ha_setup;
pub mod lease;
pub mod option;
pub mod plan;
pub mod policy;
pub mod reservation;
pub mod scope;
pub mod server;
pub mod settings;
pub mod text;

pub use address::{Range, ScopeId};
pub use client_id::ClientId;
pub use difference::{Comparison, Detail, Difference};
pub use edit::{Edit, ObjectRef, OptionLevel, Order, PolicyLevel};
pub use failover::{FailoverState, Mode, Relationship, RelationshipStatus};
pub use fingerprint::Fingerprint;
pub use ha_setup::{HaEnd, HaSetup};
pub use lease::{Lease, LeaseState};
pub use option::{OptionKey, OptionValue, Options};
pub use plan::{Intent, Plan, Step};
pub use policy::Policy;
pub use reservation::Reservation;
pub use scope::Scope;
pub use server::{ServerConfig, ServerName, ServerReading};
