//! What a server is ordered to do: partner down, a lease deleted.

use jiff::SignedDuration;

use super::world::{World, ordered, refused};
use super::{Draft, PlanError};
use crate::drivers::DriverError;
use crate::model::edit::{ObjectRef, Order};
use crate::model::failover::RelationshipStatus;
use crate::model::plan::Risk;
use crate::model::server::{Product, ServerName, ServerReading};
use crate::model::{FailoverState, Relationship};
use crate::rules::failover_states::{Endpoint, Event, Terms};
use crate::rules::{Code, DhcpError, kea_ha};

/// So long ago a server in contact may last have heard its partner.
const JUST_NOW: SignedDuration = SignedDuration::from_secs(5);

/// Plans an order.
pub(super) async fn order(
    world: &mut World<'_>,
    server: &ServerName,
    order: &Order,
) -> Result<Draft, PlanError> {
    let reading = world.need(server).await?;
    let mut draft = Draft::new(Risk::Destructive);
    let (expect, for_good) = match order {
        Order::SetPartnerDown { relationship } => {
            let held = found(server, &reading, relationship)?;
            let partner = world.canonical(&held.partner);
            let partner = partner.unwrap_or_else(|| held.partner.clone());
            world.read([partner]).await;
            match reading.identity.product {
                Product::Microsoft => may_set_partner_down(world, server, &reading, held)?,
                Product::Kea => may_order(server, &reading, relationship, order)?,
            }
            partner_down(world, server, held, &mut draft).await;
            (
                vec![ObjectRef::Relationship(relationship.as_str().into())],
                match reading.identity.product {
                    Product::Microsoft => {
                        "partner down can't be taken back: it ends by itself when the partner is \
                         back and both have compared what they gave out"
                    }
                    Product::Kea => {
                        "partner down can't be taken back: it ends by itself when the partner is \
                         back and has copied the leases"
                    }
                },
            )
        }
        Order::StartMaintenance { relationship }
        | Order::CancelMaintenance { relationship }
        | Order::ResetHa { relationship }
        | Order::GrantScopes { relationship, .. } => {
            let held = found(server, &reading, relationship)?;
            if reading.identity.product != Product::Kea {
                return Err(unsupported(server, "only Kea servers know that order"));
            }
            may_order(server, &reading, relationship, order)?;
            let partner = world.canonical(&held.partner);
            let partner = partner.unwrap_or_else(|| held.partner.clone());
            world.read([partner.clone()]).await;
            maintenance(world, server, &partner, order, &mut draft)?;
            (
                vec![ObjectRef::Relationship(relationship.as_str().into())],
                "what a server was ordered to do can't be taken back, only ordered otherwise",
            )
        }
        Order::RemoveLease { scope, address } => {
            if !reading.config.scopes.contains_key(scope) {
                return Err(refused(server)(DhcpError::new(
                    Code::SubnetNotPresent,
                    format!("there is no scope {scope} on {server}"),
                )));
            }
            draft.warn(format!(
                "the client that holds {address} is not told: it goes on using the address until \
                 it renews, and meanwhile another client may get it"
            ));
            (
                Vec::new(),
                "a deleted lease does not come back: the client gets one when it next asks",
            )
        }
    };
    let step = ordered(server, order.clone(), expect, &reading.config, for_good);
    draft.steps.push(step);
    Ok(draft)
}

fn unsupported(server: &ServerName, why: &str) -> PlanError {
    PlanError::Driver(DriverError::Unsupported {
        server: server.clone(),
        why: why.to_owned(),
    })
}

/// What Kea's state machine says to it; what its state is not known of, the server decides.
fn may_order(
    server: &ServerName,
    reading: &ServerReading,
    relationship: &str,
    order: &Order,
) -> Result<(), PlanError> {
    match reading.relationships.get(&relationship.to_lowercase()) {
        Some(status) => kea_ha::may_order(order, server, status).map_err(|why| {
            PlanError::Driver(DriverError::Unsupported {
                server: server.clone(),
                why,
            })
        }),
        None => Ok(()),
    }
}

/// What the operator should know before maintenance is started or ended.
fn maintenance(
    world: &World<'_>,
    server: &ServerName,
    partner: &ServerName,
    order: &Order,
    draft: &mut Draft,
) -> Result<(), PlanError> {
    let (Order::StartMaintenance { relationship }
    | Order::CancelMaintenance { relationship }
    | Order::ResetHa { relationship }
    | Order::GrantScopes { relationship, .. }) = order
    else {
        return Ok(());
    };
    let there = world.reading(partner);
    let said = |word: &str| {
        let reading = there.as_ref().ok()?;
        let status = reading.relationships.get(&relationship.to_lowercase())?;
        kea_ha::says(status, word).then_some(())
    };
    match order {
        Order::StartMaintenance { .. } => {
            if let Err(error) = &there {
                // Ordered all the same, the server would take its partner for down.
                return Err(error.clone().into());
            }
            draft.risk = Risk::Several;
            draft.warn(format!(
                "{server} answers for both from now on; {partner} serves nobody any more, waits to \
                 be switched off, and can be. Until then Cancel Maintenance takes it back"
            ));
            draft.warn(format!(
                "if {partner} does not take the order, {server} takes it for down at once, and that \
                 can't be cancelled: the state is read again afterwards"
            ));
            draft.impact = format!("{server} serves every client of the relationship's scopes");
        }
        Order::CancelMaintenance { .. } => {
            draft.risk = Risk::Several;
            draft.warn(format!("{partner} serves its share of the clients again"));
            if let Err(error) = &there {
                draft.warn(format!(
                    "{error}: if it is off, {server} has to go on alone, and there is nothing to \
                     cancel"
                ));
            }
        }
        Order::ResetHa { .. } => {
            draft.warn(format!(
                "{server} begins anew: it serves nobody until it has found {partner} and learnt what \
                 that gave out, or for the whole response delay where {partner} does not answer"
            ));
            if said(kea_ha::HOLDS_PARTNER).is_some() {
                draft.warn(format!(
                    "{partner} holds it in maintenance: Cancel Maintenance there is the orderly way"
                ));
            }
            draft.impact = format!("{server} gives no answers until it is back");
        }
        _ => {}
    }
    Ok(())
}

fn found<'r>(
    server: &ServerName,
    reading: &'r ServerReading,
    name: &str,
) -> Result<&'r Relationship, PlanError> {
    reading.config.relationship(name).ok_or_else(|| {
        refused(server)(DhcpError::new(
            Code::FoRelationshipDoesNotExist,
            format!(
                "there is no failover relationship '{}' on {server}",
                crate::model::text::printable(name, 130)
            ),
        ))
    })
}

/// What the state machine says to it.
fn may_set_partner_down(
    world: &World<'_>,
    server: &ServerName,
    reading: &ServerReading,
    relationship: &Relationship,
) -> Result<(), PlanError> {
    let key = relationship.name.to_lowercase();
    let Some(status) = reading.relationships.get(&key) else {
        // The server has the last word.
        return Ok(());
    };
    let end = Endpoint {
        state: status.state,
        previous: status.previous,
        since: status.since,
        in_contact: in_contact(world, reading, relationship, status),
        last_contact: status.last_contact,
        partner_state: status.partner_state,
        stopped: None,
    };
    let terms = Terms {
        mclt: relationship.mclt,
        switch_interval: relationship.switch_interval,
    };
    end.next(&terms, Event::PartnerDown, world.ipam.clock().now())
        .map(drop)
        .map_err(refused(server))
}

/// Whether a server is in contact with its partner, as far as its state and what both say tells.
fn in_contact(
    world: &World<'_>,
    reading: &ServerReading,
    relationship: &Relationship,
    status: &RelationshipStatus,
) -> bool {
    use FailoverState as S;
    match status.state {
        S::CommunicationInterrupted | S::ResolutionInterrupted | S::PartnerDown | S::Startup => {
            false
        }
        S::Normal | S::PotentialConflict | S::ConflictDone => true,
        // These outlast a contact: it is there while the partner runs and was heard just now.
        S::NoState
        | S::Init
        | S::Recover
        | S::RecoverWait
        | S::RecoverDone
        | S::Paused
        | S::Shutdown => {
            let partner = world.canonical(&relationship.partner);
            let runs = partner.is_some_and(|partner| world.reading(&partner).is_ok());
            let now = reading.server_clock.unwrap_or(reading.taken);
            let heard = status.last_contact;
            runs && heard.is_some_and(|at| now.duration_since(at) <= JUST_NOW)
        }
    }
}

async fn partner_down(
    world: &mut World<'_>,
    server: &ServerName,
    relationship: &Relationship,
    draft: &mut Draft,
) {
    let partner = world.canonical(&relationship.partner);
    let partner = partner.unwrap_or_else(|| relationship.partner.clone());
    world.read([partner.clone()]).await;
    if world.reading(&partner).is_ok() {
        draft.warn(format!(
            "{partner} answers, and its DHCP service is not stopped: only the contact between the \
             two servers is lost. Stop its DHCP service first, or both will give out the same \
             addresses"
        ));
    }
    draft.warn(format!(
        "if {partner} is not really down, or comes back without contact to {server}, both serve the \
         same addresses to different clients: make sure that it is off"
    ));
    // Without a Maximum Client Lead Time there is nothing to wait for.
    if relationship.mclt.0 == 0 {
        draft.impact = format!("{server} serves every client of the relationship's scopes at once");
        return;
    }
    draft.impact = format!(
        "{server} serves every client of the relationship's scopes; after the Maximum Client Lead \
         Time ({}) it also takes {partner}'s free addresses",
        relationship.mclt
    );
}
