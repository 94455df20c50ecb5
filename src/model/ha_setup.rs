//! The terms on which two Kea servers become a pair: what a relationship itself does not say.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::failover::Side;
use super::scope::Seconds;
use super::text::printable;

/// The port on which Kea's servers usually listen for their partner.
pub const HA_PORT: u16 = 8001;
/// The longest delay that Kea's high availability can be given, in milliseconds.
pub const MAX_DELAY: u32 = 65_535;

/// One of the two servers as the other one knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HaEnd {
    /// Its name among the two: `dhcp1`.
    pub name: String,
    /// Where it listens for the other one: `http://10.0.0.1:8001/`.
    pub url: String,
}

/// The terms of a new relationship, as one of its two servers has them. Delays are milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HaSetup {
    /// This server.
    pub own: HaEnd,
    /// Its partner.
    pub partner: HaEnd,
    /// Between two heartbeats.
    pub heartbeat_delay: u32,
    /// Without contact for so long, the partner is out of contact.
    pub max_response_delay: u32,
    /// After so long a client counts as asking in vain.
    pub max_ack_delay: u32,
    /// So many clients ask in vain before the partner is taken for down; 0 asks for none.
    pub max_unacked_clients: u32,
    /// Whether a server that is down is taken over by itself.
    pub auto_failover: bool,
}

impl HaSetup {
    /// Two servers, with Kea's defaults.
    #[must_use]
    pub fn between(own: HaEnd, partner: HaEnd) -> HaSetup {
        HaSetup {
            own,
            partner,
            heartbeat_delay: 10_000,
            max_response_delay: 60_000,
            max_ack_delay: 10_000,
            max_unacked_clients: 10,
            auto_failover: true,
        }
    }

    /// The same terms as the partner has them.
    #[must_use]
    pub fn mirrored(&self) -> HaSetup {
        HaSetup {
            own: self.partner.clone(),
            partner: self.own.clone(),
            ..self.clone()
        }
    }

    /// The two, the primary first.
    #[must_use]
    pub fn pair(&self, side: Side) -> [&HaEnd; 2] {
        match side {
            Side::Primary => [&self.own, &self.partner],
            Side::Secondary => [&self.partner, &self.own],
        }
    }

    /// After so long without contact a server takes its partner for down, whatever its clients do;
    /// `None`: it waits for clients that ask in vain.
    #[must_use]
    pub fn switch_interval(&self) -> Option<Seconds> {
        (self.max_unacked_clients == 0).then(|| Seconds(self.max_response_delay.div_ceil(1000)))
    }
}

/// For a preview: who listens where.
impl fmt::Display for HaSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |end: &HaEnd| {
            let (name, url) = (printable(&end.name, 80), printable(&end.url, 200));
            format!("{name} at {url}")
        };
        write!(
            f,
            "{} and {}, heartbeat {} ms",
            show(&self.own),
            show(&self.partner),
            self.heartbeat_delay
        )
    }
}
