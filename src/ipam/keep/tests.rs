//! Tests of keeping up to date.
