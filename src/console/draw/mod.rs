//! How things look on the screen.

pub mod theme;
