//! Twinscope: a console for redundant DHCP.
//!
//! The house has floors, and imports only go down: `cmdlets` (and a console to come) reach servers
//! through `ipam`, which plans, journals and carries out what `drivers` apply; what a server
//! accepts is `rules`, pure functions over the plain data of `model`.

pub mod cli;
pub mod clock;
pub mod cmdlets;
pub mod config;
pub mod console;
pub mod drivers;
pub mod exchange;
pub mod ipam;
pub mod model;
pub mod rules;
