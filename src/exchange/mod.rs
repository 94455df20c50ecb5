//! Files in and out: how others write what the model says.

pub mod csv;
pub mod reservations;
