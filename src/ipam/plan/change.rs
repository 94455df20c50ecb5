//! A change to one server's scopes, reservations, options, policies, filters or settings, carried
//! to the partner where the scope is under failover.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::carried::{Touched, carried, scope_of};
use super::world::{World, blind, denied};
use super::{Draft, PlanError, counted, risk};
use crate::drivers::LeaseQuery;
use crate::model::difference::Comparison;
use crate::model::edit::Edit;
use crate::model::plan::{NotUndoable, Purpose, Reach, Risk, Step};
use crate::model::scope::{ScopeProperty, ScopeState};
use crate::model::text::printable;
use crate::model::{Detail, ObjectRef, ScopeId, ServerName};
use crate::rules::{compare_scopes, heal};

/// Plans edits of one server, and what of them is carried to partners.
pub(super) async fn change(
    world: &mut World<'_>,
    server: &ServerName,
    edits: &[Edit],
    reach: Reach,
) -> Result<Draft, PlanError> {
    if edits.is_empty() {
        return Err(PlanError::Invalid("there is nothing to change".to_owned()));
    }
    if let Some(edit) = edits.iter().find(|edit| is_failover(edit)) {
        return Err(PlanError::Invalid(format!(
            "'{edit}' belongs to both servers of a relationship: configure, edit or remove failover \
             instead"
        )));
    }
    let reading = world.need(server).await?;
    world.read_leases(server, &needs_leases(edits)).await;
    let mut draft = Draft::new(Risk::Small);
    for edit in edits {
        warn_of_leases(world, server, edit, &mut draft).await;
    }
    let concerned = match reach {
        Reach::Server => BTreeMap::new(),
        Reach::Pair => partners(world, server, edits),
    };
    world.read(concerned.keys().cloned()).await;
    let main = world
        .foretell(server, edits.to_vec(), Purpose::Main)
        .map_err(denied(server))?;
    draft.impact = impact(edits, &reading.config.scopes);
    let undo = main.inverse.clone();
    draft.steps.push(main);
    for (partner, scopes) in concerned {
        carry(world, server, &partner, &scopes, edits, &undo, &mut draft);
    }
    draft.risk = risk(edits, &draft.steps);
    in_order(world, server, &mut draft.steps);
    Ok(draft)
}

/// Where one of the two servers has to be written first, the change belongs to both, in that order.
fn in_order(world: &World<'_>, server: &ServerName, steps: &mut [Step]) {
    let mut joint = false;
    let mut before = Vec::new();
    for step in steps.iter_mut() {
        if matches!(step.purpose, Purpose::Carry { .. })
            && step.refused.is_none()
            && let Some(first) = world.first_of(server, &step.server)
        {
            step.purpose = Purpose::Joint;
            joint = true;
            if first == step.server {
                before.push(step.server.clone());
            }
        }
    }
    for step in steps.iter_mut() {
        if joint && step.purpose == Purpose::Main {
            step.purpose = Purpose::Joint;
        }
    }
    steps.sort_by_key(|step| match &step.purpose {
        Purpose::Joint if before.contains(&step.server) => 0,
        Purpose::Joint | Purpose::Main => 1,
        _ => 2,
    });
}

/// Whether the edit belongs to both servers of a relationship.
fn is_failover(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::AddRelationship { .. }
            | Edit::SetRelationship { .. }
            | Edit::RemoveRelationship { .. }
            | Edit::AddFailoverScopes { .. }
            | Edit::RemoveFailoverScopes { .. }
    )
}

/// The scopes in which it matters which addresses clients hold.
fn needs_leases(edits: &[Edit]) -> BTreeSet<ScopeId> {
    edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::RemoveScope { scope, .. } => Some(*scope),
            Edit::SetScope { scope, properties } => properties
                .iter()
                .any(|property| matches!(property, ScopeProperty::Kind(_)))
                .then_some(*scope),
            _ => None,
        })
        .collect()
}

/// Which partners hold copies of what the edits touch, by the name the configuration has for them,
/// and of which scopes.
fn partners(
    world: &World<'_>,
    server: &ServerName,
    edits: &[Edit],
) -> BTreeMap<ServerName, BTreeSet<ScopeId>> {
    let config = world.config(server);
    let mut partners = BTreeMap::<ServerName, BTreeSet<ScopeId>>::new();
    for scope in edits.iter().filter_map(scope_of) {
        if let Some(relationship) = config.relationship_of(scope) {
            let partner = world.canonical(&relationship.partner);
            let partner = partner.unwrap_or_else(|| relationship.partner.clone());
            partners.entry(partner).or_default().insert(scope);
        }
    }
    partners
}

/// Carries what was planned on a server to a partner.
fn carry(
    world: &mut World<'_>,
    server: &ServerName,
    partner: &ServerName,
    scopes: &BTreeSet<ScopeId>,
    edits: &[Edit],
    undo: &Result<Vec<Edit>, NotUndoable>,
    draft: &mut Draft,
) {
    let purpose = Purpose::Carry {
        source: server.clone(),
        scopes: scopes.clone(),
    };
    let of_scopes = |edits: &[Edit], scopes: &BTreeSet<ScopeId>| -> Vec<Edit> {
        edits
            .iter()
            .filter(|edit| scope_of(edit).is_some_and(|scope| scopes.contains(&scope)))
            .filter_map(carried)
            .collect()
    };
    let back = |scopes: &BTreeSet<ScopeId>| {
        let undo = undo.as_ref();
        undo.map(|undo| of_scopes(undo, scopes))
            .map_err(Clone::clone)
    };
    if let Err(error) = world.reading(partner) {
        let edits = of_scopes(edits, scopes);
        if edits.is_empty() {
            return;
        }
        draft.warn(format!(
            "{error}; the change stands on {server} all the same, and {} Out of sync until it is \
             replicated",
            are(scopes)
        ));
        let step = blind(partner, edits, purpose, back(scopes), None);
        draft.steps.push(step);
        return;
    }
    let touched = draft.steps.first().map(objects).unwrap_or_default();
    let Some(comparison) = compared(world, server, partner, scopes) else {
        return;
    };
    let touched = Touched::of(&touched);
    let missing: BTreeSet<ScopeId> = comparison
        .differences
        .iter()
        .filter_map(|difference| match &difference.detail {
            Detail::Scope {
                left: Some(scope),
                right: None,
            } => Some(scope.id),
            _ => None,
        })
        .collect();
    let (ours, drift): (Vec<_>, Vec<_>) = comparison
        .differences
        .into_iter()
        .partition(|difference| touched.covers(difference));
    let mut healing = heal(&ours);
    // A scope that should be there and is not: the partner will say so.
    healing.extend(of_scopes(edits, &missing));
    if !healing.is_empty() {
        let step = match world.foretell(partner, healing.clone(), purpose.clone()) {
            Ok(step) => step,
            Err(error) => {
                draft.warn(format!(
                    "{partner} will refuse it: {error}; the change stands on {server} all the same, \
                     and {} Out of sync",
                    are(scopes)
                ));
                blind(
                    partner,
                    healing,
                    purpose,
                    back(scopes),
                    Some(error.to_string()),
                )
            }
        };
        draft.steps.push(step);
    }
    warn_of_drift(partner, drift.len(), &comparison.unknown, draft);
}

fn compared(
    world: &World<'_>,
    server: &ServerName,
    partner: &ServerName,
    scopes: &BTreeSet<ScopeId>,
) -> Option<Comparison> {
    let scopes: Vec<ScopeId> = scopes.iter().copied().collect();
    let (left, right) = (world.copy(server)?, world.copy(partner)?);
    Some(compare_scopes(left, right, &scopes))
}

fn objects(step: &Step) -> Vec<ObjectRef> {
    let expect = step.expect.iter();
    expect.map(|(object, _)| object.clone()).collect()
}

fn warn_of_drift(
    partner: &ServerName,
    fields: usize,
    unknown: &[crate::model::difference::Area],
    draft: &mut Draft,
) {
    if fields > 0 {
        draft.warn(format!(
            "{partner} differs in {}: Replicate DHCP Scope makes it the same",
            counted(fields, "more field", "more fields")
        ));
    }
    if !unknown.is_empty() {
        let areas: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        draft.warn(format!(
            "not everything could be compared with {partner}: {} could not be read",
            areas.join(", ")
        ));
    }
}

/// `scope 10.0.0.0 is` or `scopes 10.0.0.0, 10.0.1.0 are`.
fn are(scopes: &BTreeSet<ScopeId>) -> String {
    let verb = if scopes.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", super::title::scopes(scopes))
}

/// What clients feel of edits.
fn impact<S>(edits: &[Edit], scopes: &BTreeMap<ScopeId, S>) -> String {
    let mut silent = BTreeSet::new();
    for edit in edits {
        match edit {
            Edit::RemoveScope { scope, .. } if scopes.contains_key(scope) => {
                silent.insert(*scope);
            }
            Edit::SetScope { scope, properties }
                if properties.contains(&ScopeProperty::State(ScopeState::Inactive)) =>
            {
                silent.insert(*scope);
            }
            _ => {}
        }
    }
    if silent.is_empty() {
        return super::NO_INTERRUPTION.to_owned();
    }
    format!(
        "no new leases and no renewals in {}: clients keep their addresses until their leases end",
        super::title::scopes(&silent)
    )
}

/// Leases that an edit loses, or that are in its way.
async fn warn_of_leases(world: &World<'_>, server: &ServerName, edit: &Edit, draft: &mut Draft) {
    match edit {
        Edit::RemoveScope { scope, .. } => {
            let leased = world.leased(server, *scope);
            if leased > 0 {
                draft.warn(format!(
                    "{} in scope {scope} on {server} will be lost, and undo does not bring leases \
                     back",
                    counted(leased, "lease", "leases")
                ));
            }
        }
        Edit::AddReservation { scope, reservation } => {
            let address = reservation.address;
            let query = LeaseQuery {
                scope: Some(*scope),
                client: None,
                after: address.to_bits().checked_sub(1).map(Ipv4Addr::from_bits),
                limit: 1,
            };
            let Ok(leases) = world.ipam.leases(server, &query).await else {
                return;
            };
            let other = leases.iter().find(|lease| {
                lease.address == address
                    && lease.state.occupies()
                    && lease.client != reservation.client
            });
            if let Some(lease) = other {
                let host = match lease.host_name.as_str() {
                    "" => String::new(),
                    name => format!(" ({})", printable(name, 80)),
                };
                draft.warn(format!(
                    "{address} is leased to another client, {}{host}: it keeps the address until \
                     its lease ends",
                    lease.client
                ));
            }
        }
        _ => {}
    }
}
