//! Drawing: what the console looks like. It reads, and says what lies where; it changes nothing.

pub mod address_map;
mod ascii;
mod canvas;
pub mod charts;
mod columns;
mod details;
mod footer;
mod frame;
mod header;
pub mod hits;
mod look;
mod table;
pub mod theme;

pub use address_map::{AddressMap, Held};
pub use canvas::{Canvas, width, wrap};
pub use columns::columns;
pub use frame::draw;
pub use hits::{Hits, Target};
pub use look::Look;
pub use table::natural;
pub use theme::{Glyphs, Role, Theme};
