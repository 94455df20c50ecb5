//! Leases as the console keeps them: many, small, apart from the estate.

/// What is known of leases.
#[derive(Clone, Debug, Default)]
pub struct LeaseBook {}
