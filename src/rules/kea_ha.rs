//! What a Kea server can be ordered to do in its HA, by the state that it says it is in.

use crate::model::FailoverState as S;
use crate::model::edit::Order;
use crate::model::failover::RelationshipStatus;
use crate::model::server::ServerName;
use crate::model::text::printable;

/// Kea's word for a server that serves all clients, since its partner is to be switched off.
pub const HOLDS_PARTNER: &str = "partner-in-maintenance";
/// Kea's word for a server that serves nobody, and waits to be switched off.
pub const IN_MAINTENANCE: &str = "in-maintenance";

/// Kea's own word, where it told it, else ours.
#[must_use]
pub fn word(status: &RelationshipStatus) -> String {
    match &status.own_word {
        Some(word) => printable(word, 60),
        None => status.state.label().to_owned(),
    }
}

/// Whether a server says that word of itself.
#[must_use]
pub fn says(status: &RelationshipStatus, word: &str) -> bool {
    status.own_word.as_deref() == Some(word)
}

/// Whether a server in that state can be ordered that; orders that are not of HA can.
///
/// # Errors
/// A sentence that says why not, and what to do instead.
pub fn may_order(
    order: &Order,
    server: &ServerName,
    status: &RelationshipStatus,
) -> Result<(), String> {
    let word = word(status);
    let held = says(status, IN_MAINTENANCE);
    let holds = says(status, HOLDS_PARTNER);
    let cannot = |why: String| Err(why);
    match order {
        Order::SetPartnerDown { .. } | Order::StartMaintenance { .. } if holds => cannot(format!(
            "{server} answers for both servers already ({word}): once its partner is switched off \
             it goes on alone by itself; Cancel Maintenance takes that back"
        )),
        Order::SetPartnerDown { .. } | Order::StartMaintenance { .. } if held => cannot(format!(
            "{server} is itself in maintenance ({word}) and serves nobody: cancel the maintenance \
             on its partner, or, if that no longer holds it, reset HA on {server}"
        )),
        Order::SetPartnerDown { .. } => match status.state {
            S::Normal => cannot(format!(
                "{server} is in contact with its partner ({word}): a partner that lives is not \
                 down; Start Maintenance makes way for switching it off"
            )),
            other => alone(server, other, &word),
        },
        Order::StartMaintenance { .. } => match status.state {
            S::Normal => Ok(()),
            S::CommunicationInterrupted => cannot(format!(
                "{server} has no contact with its partner ({word}): if that is down, use Set \
                 Partner Down"
            )),
            other => alone(server, other, &word),
        },
        Order::CancelMaintenance { .. } if holds => Ok(()),
        Order::CancelMaintenance { .. } => cannot(format!(
            "{server} does not hold its partner in maintenance: it is in {word}"
        )),
        Order::ResetHa { .. } if held || status.state == S::Shutdown => Ok(()),
        Order::ResetHa { .. } if holds => cannot(format!(
            "{server} answers for both servers ({word}): use Cancel Maintenance"
        )),
        Order::ResetHa { .. } => cannot(format!(
            "{server} is not stuck: it is in {word}, and a reset would only interrupt its service"
        )),
        Order::GrantScopes { .. } | Order::RemoveLease { .. } | Order::SaveConfiguration => Ok(()),
    }
}

/// Whether a server in that state can be told to go on alone.
fn alone(server: &ServerName, state: S, word: &str) -> Result<(), String> {
    match state {
        S::PartnerDown => Err(format!(
            "{server} goes on alone already ({word}), and serves every client"
        )),
        S::Shutdown => Err(format!(
            "{server} has given HA up ({word}), most often since the two clocks are too far apart: \
             put that right, and reset HA"
        )),
        S::Recover | S::RecoverWait => Err(format!(
            "{server} is itself just coming back ({word}), and does not yet know what its partner \
             gave out: wait; if it does not find its partner it goes on alone by itself"
        )),
        S::RecoverDone => Err(format!(
            "{server} has come back ({word}) and waits for its partner, which still serves or \
             served last: bring the partner back"
        )),
        S::Paused => Err(format!("{server} is paused ({word}): continue it first")),
        // What is not known the server decides.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn status(state: S, own_word: Option<&str>) -> RelationshipStatus {
        RelationshipStatus {
            state,
            previous: S::NoState,
            since: Timestamp::UNIX_EPOCH,
            last_contact: None,
            partner_state: None,
            clock_skew: None,
            unsent_updates: None,
            switches_at: None,
            takes_over_at: None,
            recovers_at: None,
            unacked: None,
            own_word: own_word.map(str::to_owned),
        }
    }

    #[test]
    fn each_state_takes_its_orders() {
        let relationship = || "pair".to_owned();
        let orders = [
            Order::SetPartnerDown {
                relationship: relationship(),
            },
            Order::StartMaintenance {
                relationship: relationship(),
            },
            Order::CancelMaintenance {
                relationship: relationship(),
            },
            Order::ResetHa {
                relationship: relationship(),
            },
        ];
        let may = |state, word| {
            let (server, status) = (ServerName::new("kea1"), status(state, word));
            orders
                .clone()
                .map(|order| may_order(&order, &server, &status).is_ok())
        };
        let (yes, no) = (true, false);
        assert_eq!(may(S::Normal, Some("hot-standby")), [no, yes, no, no]);
        for word in ["communication-recovery", "hot-standby", "load-balancing"] {
            let interrupted = may(S::CommunicationInterrupted, Some(word));
            assert_eq!(interrupted, [yes, no, no, no], "{word}");
        }
        assert_eq!(may(S::PartnerDown, None), [no; 4]);
        assert_eq!(may(S::Recover, Some("waiting")), [no; 4]);
        assert_eq!(may(S::Recover, Some("syncing")), [no; 4]);
        assert_eq!(may(S::RecoverDone, Some("ready")), [no; 4]);
        assert_eq!(may(S::Shutdown, Some("terminated")), [no, no, no, yes]);
        assert_eq!(may(S::Paused, Some(IN_MAINTENANCE)), [no, no, no, yes]);
        assert_eq!(may(S::Paused, Some(HOLDS_PARTNER)), [no, no, yes, no]);
    }

    #[test]
    fn nobody_speaks_of_a_lead_time() {
        for state in S::ALL {
            let order = Order::SetPartnerDown {
                relationship: "pair".into(),
            };
            let said = may_order(&order, &ServerName::new("kea1"), &status(state, None));
            let said = said.err().unwrap_or_default().to_lowercase();
            assert!(
                !said.contains("mclt") && !said.contains("lead time"),
                "{said}"
            );
        }
    }
}
