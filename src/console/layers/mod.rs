//! stub
pub trait Layer: std::fmt::Debug + Send {}
