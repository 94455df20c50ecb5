//! The console's table: rows on demand, an order over them, a cursor that stays with its subject.

pub mod filter;
pub mod leases;
pub mod order;
pub mod parallel;
pub mod source;
pub mod state;
mod text_order;

pub use filter::Filter;
pub use order::{Ordered, Sort};
pub use source::{Align, Cell, Column, ColumnSpec, Rows, SharedSource, SortKey, Source, Tone};
pub use state::{LARGE, Table};
