//! How everything is, in a line: the header.

use jiff::Timestamp;

use crate::console::world::World;
use crate::model::FailoverState;
use crate::model::server::Availability;
use crate::model::text::printable;

/// How everything is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Summary {
    /// The servers' domain, where they have one.
    pub domain: String,
    /// Servers that run.
    pub running: usize,
    /// Servers whose service is stopped.
    pub stopped: usize,
    /// Servers whose service is paused.
    pub paused: usize,
    /// Servers that do not answer.
    pub unreachable: usize,
    /// Servers that were not asked in this session: what is known of them is an earlier one's.
    pub unasked: usize,
    /// Rows with a configuration sync error.
    pub out_of_sync: usize,
    /// Relationships of which an end is not in Normal.
    pub abnormal: usize,
    /// When the server that was read the longest ago was read, of those that answer.
    pub oldest: Option<Timestamp>,
    /// The oldest reading of a server that did not answer since: what is still shown of it.
    pub stale: Option<Timestamp>,
}

impl Summary {
    /// How the world is.
    #[must_use]
    pub fn of(world: &World) -> Summary {
        let mut summary = Summary {
            out_of_sync: world.estate.out_of_sync.len(),
            ..Summary::default()
        };
        for view in world.estate.servers.values() {
            // Whether it runs now, nobody knows who has not asked.
            let answer = view.availability.filter(|_| view.asked.is_some());
            match answer {
                Some(Availability::Running) => summary.running += 1,
                Some(Availability::Stopped) => summary.stopped += 1,
                Some(Availability::Paused) => summary.paused += 1,
                Some(Availability::NotReachable) => summary.unreachable += 1,
                None if view.availability.is_some() => summary.unasked += 1,
                None => {}
            }
            if let Some(reading) = &view.reading {
                if summary.domain.is_empty() {
                    summary.domain = printable(&reading.identity.domain, 64);
                }
                let age = match view.error {
                    None => &mut summary.oldest,
                    Some(_) => &mut summary.stale,
                };
                *age = Some(age.unwrap_or(reading.taken).min(reading.taken));
            }
        }
        let normal = |end: Option<crate::ipam::estate::End<'_>>| {
            end.and_then(|end| end.status)
                .is_none_or(|status| status.state == FailoverState::Normal)
        };
        let rows = world.estate.relationships();
        let odd = rows
            .iter()
            .filter(|row| !normal(row.primary_end) || !normal(row.secondary_end));
        summary.abnormal = odd.count();
        summary
    }
}
