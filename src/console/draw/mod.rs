//! Drawing: what the console looks like. It reads, and says what lies where; it changes nothing.

pub mod address_map;
mod canvas;
pub mod charts;
mod frame;
pub mod hits;
mod table;
pub mod theme;

pub use address_map::{AddressMap, Held};
pub use canvas::{Canvas, width, wrap};
pub use frame::draw;
pub use hits::{Hits, Target};
pub use table::natural;
pub use theme::{Glyphs, Role, Theme};
