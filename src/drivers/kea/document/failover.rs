//! Which scopes are in which relationship, and whose pools are whose.

use std::collections::BTreeSet;

use super::pools::{self, Split};
use super::subnets::{Place, prefix};
use super::{Context, Document, Json, Outcome, Refusal, context, shown};
use crate::drivers::kea::ha::{HaMode, HaTerms};
use crate::model::ScopeId;
use crate::rules::Code;

impl Document {
    pub(super) fn has_relationship(&self) -> bool {
        let terms = self.terms().unwrap_or_default();
        terms.iter().any(|terms| terms.model_mode().is_some())
    }

    /// The terms of the relationship that a subnet is in, as a reading finds them.
    fn terms_of<'t>(
        &self,
        terms: &'t [HaTerms],
        place: Place,
        subnet: &Json,
    ) -> Option<&'t HaTerms> {
        if context::no_failover(subnet) {
            return None;
        }
        let network = || self.network_of(place).and_then(context::server_name);
        let found = match (context::server_name(subnet).or_else(network), terms) {
            (_, [only]) => only,
            (Some(name), several) => several.iter().find(|terms| terms.has_peer(name))?,
            (None, _) => return None,
        };
        found.model_mode().is_some().then_some(found)
    }

    /// How the two share a subnet's pools; `None` where they don't.
    pub(super) fn split_of(&self, place: Place, subnet: &Json) -> Option<Split> {
        let terms = self.terms().unwrap_or_default();
        split(self.terms_of(&terms, place, subnet)?, &terms)
    }

    pub(super) fn terms_named(&self, name: &str) -> Outcome<(Vec<HaTerms>, usize)> {
        let terms = self.terms().map_err(Refusal::value)?;
        let found = terms.iter().position(|terms| {
            terms.model_mode().is_some() && terms.name().to_lowercase() == name.to_lowercase()
        });
        match found {
            Some(at) => Ok((terms, at)),
            None => Err(Refusal::rule(
                Code::FoRelationshipDoesNotExist,
                format!(
                    "there is no failover relationship '{}' on this server",
                    shown(name)
                ),
            )),
        }
    }

    pub(super) fn add_failover_scopes(
        &mut self,
        name: &str,
        scopes: &BTreeSet<ScopeId>,
        context: &Context,
    ) -> Outcome {
        let (terms, at) = self.terms_named(name)?;
        let Some(own) = terms.get(at) else {
            return Ok(());
        };
        let known = classes(&terms);
        let split = split(own, &terms);
        let peer = match terms.len() {
            0 | 1 => None,
            _ => Some(telling(&terms, at).ok_or_else(|| {
                Refusal::value(format!(
                    "no peer of failover relationship '{}' is in it alone, so that a scope can't \
                     say by an ha-server-name that it is in it",
                    shown(name)
                ))
            })?),
        };
        for id in scopes {
            let place = self.place(*id)?;
            let subnet = self.subnet(*id)?;
            if let Some(held) = self.terms_of(&terms, place, subnet) {
                return Err(Refusal::rule(
                    Code::FoScopeAlreadyInRelationship,
                    format!(
                        "scope {} is in failover relationship '{}' already",
                        id.net(),
                        shown(&held.name())
                    ),
                ));
            }
            self.same_id(*id, subnet, context)?;
            if split.is_some() {
                pools::may_share(subnet, &known)?;
            }
        }
        for id in scopes {
            let subnet = self.subnet_mut(*id)?;
            context::set_failover(subnet, true);
            if let Some(peer) = &peer {
                context::set_server_name(subnet, peer);
            }
            if let Some(split) = &split {
                pools::share(subnet, split, context.version)?;
            }
        }
        Ok(())
    }

    pub(super) fn remove_failover_scopes(
        &mut self,
        name: &str,
        scopes: &BTreeSet<ScopeId>,
    ) -> Outcome {
        let (terms, at) = self.terms_named(name)?;
        let known = classes(&terms);
        for id in scopes {
            let held = self.terms_of(&terms, self.place(*id)?, self.subnet(*id)?);
            if held.map(HaTerms::name) != terms.get(at).map(HaTerms::name) {
                return Err(Refusal::rule(
                    Code::FoScopeNotInRelationship,
                    format!(
                        "scope {} is not in failover relationship '{}'",
                        id.net(),
                        shown(name)
                    ),
                ));
            }
        }
        for id in scopes {
            let subnet = self.subnet_mut(*id)?;
            context::set_failover(subnet, false);
            pools::unshare(subnet, &known);
        }
        Ok(())
    }

    /// Partners match their leases by subnet id.
    pub(super) fn same_id(&self, id: ScopeId, subnet: &Json, context: &Context) -> Outcome {
        let here = super::number(subnet, "id");
        let there = context.partner.iter().find(|(_, held)| **held == id);
        match (here, there) {
            (Some(here), Some((there, _))) if here != *there => Err(Refusal::value(format!(
                "scope {} has the subnet id {here} here and {there} on the partner, so that their \
                 leases would not match: give it the same id in both configuration files",
                id.net()
            ))),
            _ => Ok(()),
        }
    }

    /// The scopes that are in a relationship.
    pub(super) fn members(&self, terms: &[HaTerms], at: usize) -> Vec<ScopeId> {
        let name = terms.get(at).map(HaTerms::name);
        let subnets = self.subnets().filter(|(place, subnet)| {
            self.terms_of(terms, *place, subnet).map(HaTerms::name) == name
        });
        subnets.filter_map(|(_, subnet)| prefix(subnet)).collect()
    }
}

/// The classes that high availability puts on pools.
pub(super) fn classes(terms: &[HaTerms]) -> Vec<String> {
    let peers = terms.iter().flat_map(|terms| &terms.peers);
    peers.map(|peer| HaTerms::class_of(&peer.name)).collect()
}

/// How the two of a relationship share pools; `None` where one serves all.
pub(super) fn split(own: &HaTerms, terms: &[HaTerms]) -> Option<Split> {
    let (primary, second) = own.pair().filter(|_| own.mode == HaMode::LoadBalancing)?;
    Some(Split {
        pair: [primary, second].map(|peer| HaTerms::class_of(&peer.name)),
        known: classes(terms),
    })
}

/// A peer by whose name a relationship is found among several.
fn telling(terms: &[HaTerms], at: usize) -> Option<String> {
    let mut peers = terms.get(at)?.peers.iter();
    let found = |name: &str| terms.iter().position(|terms| terms.has_peer(name)) == Some(at);
    peers
        .find(|peer| found(&peer.name))
        .map(|peer| peer.name.clone())
}
