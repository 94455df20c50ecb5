//! stub
pub type Id = &'static str;
