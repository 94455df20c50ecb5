//! What a failover partner must be and do, as far as it is known.

use super::super::facts::MAX_CLOCK_SKEW;
use super::super::{Code, Facts, PartnerFacts};
use super::check::{self, Outcome, refuse, shown};
use super::failover::Entrance;
use crate::model::policy::Criterion;
use crate::model::{Scope, ScopeId, ServerName};

/// Which of the two servers is too old for BOOTP clients under failover.
pub(super) fn without_bootp(facts: &Facts, partner: &ServerName) -> Option<String> {
    if !facts.rulebook.bootp_in_failover() {
        return Some(check::server(facts));
    }
    let there = facts_of(facts, partner)?;
    (!there.rulebook.bootp_in_failover()).then(|| shown(partner.as_str()))
}

pub(super) fn facts_of<'f>(facts: &'f Facts, partner: &ServerName) -> Option<&'f PartnerFacts> {
    facts.partners.get(partner).or_else(|| {
        let mut known = facts.partners.iter();
        let (_, there) = known.find(|(name, _)| name.means(partner.as_str()))?;
        Some(there)
    })
}

/// What the partner must be and do when a relationship is made, or grows.
pub(super) fn ready(partner: &ServerName, there: &PartnerFacts) -> Outcome {
    let partner = shown(partner.as_str());
    if !there.resolves {
        return refuse(
            Code::ServerNameNotResolved,
            format!(
                "the name of the partner server {partner} can't be resolved: check its spelling"
            ),
        );
    }
    if !there.reachable {
        return refuse(
            Code::ServerNotReachable,
            format!("the partner server {partner} can't be reached: check that it is up"),
        );
    }
    if !there.running {
        return refuse(
            Code::ServerNotRunning,
            format!("the DHCP service on the partner server {partner} does not run: start it"),
        );
    }
    if !there.may_write {
        return refuse(
            Code::NoAdminPermission,
            format!(
                "you may not change the partner server {partner}: become a member of its DHCP \
                 Administrators group, or ask one of them"
            ),
        );
    }
    if !there.rulebook.has_failover() {
        return refuse(
            Code::FoNotSupported,
            format!(
                "the partner server {partner} (version {}) has no DHCP failover: it came with \
                 Windows Server 2012",
                there.rulebook.version
            ),
        );
    }
    let skew = there.clock_skew.unsigned_abs();
    if skew > MAX_CLOCK_SKEW.unsigned_abs() {
        return refuse(
            Code::FoTimeOutOfSync,
            format!(
                "the clock of the partner server {partner} is {skew} s {}; at most \
                 {MAX_CLOCK_SKEW} s are possible: set both clocks right",
                if there.clock_skew > 0 {
                    "ahead"
                } else {
                    "behind"
                }
            ),
        );
    }
    Ok(())
}

/// The partner must not have the scope, nor one that overlaps it, unless this is one of two steps
/// of one operation: then it has the original, or has done its step (in this very relationship).
pub(super) fn is_free(
    facts: &Facts,
    entrance: &Entrance<'_>,
    there: &PartnerFacts,
    id: ScopeId,
) -> Outcome {
    let Some((other, held_by)) = check::overlapping(&there.scopes, id) else {
        return Ok(());
    };
    let allowed = match held_by {
        None => entrance.originals.contains(&id),
        Some(name) => {
            name.to_lowercase() == entrance.key
                && there
                    .relationships
                    .get(entrance.key)
                    .is_some_and(|with| with.means(facts.this_server.as_str()))
        }
    };
    if other == id && allowed {
        return Ok(());
    }
    let partner = shown(entrance.partner.as_str());
    refuse(
        Code::SubnetExists,
        if other == id {
            format!(
                "the partner server {partner} has a scope {} of its own: delete it there first",
                id.net()
            )
        } else {
            format!(
                "the partner server {partner} has a scope {} that overlaps scope {}: delete it \
                 there first",
                other.net(),
                id.net()
            )
        },
    )
}

/// Refuses a scope with a policy on Fqdn where the partner does not know such policies.
pub(super) fn knows_policies(partner: &ServerName, there: &PartnerFacts, scope: &Scope) -> Outcome {
    if there.rulebook.fqdn_in_policies() {
        return Ok(());
    }
    let on_fqdn = scope.policies.iter().find(|policy| {
        let mut conditions = policy.conditions.iter();
        conditions.any(|condition| condition.criterion == Criterion::Fqdn)
    });
    let Some(policy) = on_fqdn else { return Ok(()) };
    refuse(
        Code::FoFeatureNotSupported,
        format!(
            "policy '{}' of scope {} has a condition on Fqdn, which the partner server {} (version \
             {}) does not know: remove that policy first",
            shown(&policy.name),
            check::scope_shown(scope),
            shown(partner.as_str()),
            there.rulebook.version
        ),
    )
}
