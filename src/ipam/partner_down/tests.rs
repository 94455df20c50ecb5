//! Tests of `ipam::partner_down`.
