//! What belongs to both servers of a relationship, as edits for each of the two.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, DhcpError};
use crate::model::failover::{RelationshipProperty, Side};
use crate::model::plan::FailoverChoice;
use crate::model::text::printable;
use crate::model::{Edit, Relationship, Scope, ScopeId, ServerConfig, ServerName};

/// The edits of one relationship's two servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Both {
    /// The relationship's name.
    pub name: String,
    /// The partner.
    pub partner: ServerName,
    /// For the server asked.
    pub here: Vec<Edit>,
    /// For the partner.
    pub there: Vec<Edit>,
}

/// Puts scopes under failover; the partner gets copies.
///
/// The copies are made first, then the relationship that names them. A copy is what scope
/// replication sends: without the superscope, which is the partner's own affair.
///
/// # Errors
/// [`DhcpError`] when there is no such relationship or scope.
pub fn configure(
    this: &ServerName,
    config: &ServerConfig,
    scopes: &BTreeSet<ScopeId>,
    with: &FailoverChoice,
) -> Result<Both, DhcpError> {
    let mut there = Vec::with_capacity(scopes.len() + 1);
    for scope in scopes {
        there.push(Edit::AddScope(Box::new(copy(scope_of(config, *scope)?))));
    }
    match with {
        FailoverChoice::New {
            relationship,
            secret,
            ha,
        } => {
            let mut relationship = relationship.clone();
            relationship.scopes.clone_from(scopes);
            relationship.authenticated = secret.is_some();
            // Whoever has the scopes is the primary.
            relationship.side = Side::Primary;
            if let Some(ha) = ha {
                // There it is one of the terms.
                relationship.switch_interval = ha.switch_interval();
            }
            there.push(Edit::AddRelationship {
                relationship: relationship.mirrored(this),
                secret: secret.clone(),
                ha: ha.as_ref().map(|ha| Box::new(ha.mirrored())),
            });
            Ok(Both {
                name: relationship.name.clone(),
                partner: relationship.partner.clone(),
                here: vec![Edit::AddRelationship {
                    relationship,
                    secret: secret.clone(),
                    ha: ha.clone(),
                }],
                there,
            })
        }
        FailoverChoice::Existing { name } => {
            let relationship = relationship_of(config, name)?;
            let add = Edit::AddFailoverScopes {
                name: relationship.name.clone(),
                scopes: scopes.clone(),
            };
            there.push(add.clone());
            Ok(both(relationship, vec![add], there))
        }
    }
}

/// Takes scopes out of failover: this server keeps them. One `Both` a relationship concerned.
///
/// # Errors
/// [`DhcpError`] when a scope is not there or in no relationship.
pub fn remove_scopes(
    config: &ServerConfig,
    scopes: &BTreeSet<ScopeId>,
) -> Result<Vec<Both>, DhcpError> {
    let mut groups = BTreeMap::<&str, (&Relationship, BTreeSet<ScopeId>)>::new();
    for id in scopes {
        let scope = scope_of(config, *id)?;
        let Some(relationship) = config.relationship_of(*id) else {
            return Err(DhcpError::new(
                Code::FoScopeNotInRelationship,
                format!(
                    "scope {} '{}' is in no failover relationship: there is nothing to remove",
                    id.net(),
                    printable(&scope.name, 80)
                ),
            ));
        };
        let (_, group) = groups
            .entry(&relationship.name)
            .or_insert_with(|| (relationship, BTreeSet::new()));
        group.insert(*id);
    }
    Ok(groups
        .into_values()
        .map(|(relationship, scopes)| {
            let take_out = Edit::RemoveFailoverScopes {
                name: relationship.name.clone(),
                scopes: scopes.clone(),
            };
            let there = with_copies_gone(take_out.clone(), &scopes);
            both(relationship, vec![take_out], there)
        })
        .collect())
}

/// Changes a relationship's parameters, given in this server's view.
///
/// # Errors
/// [`DhcpError`] when there is no such relationship.
pub fn edit(
    config: &ServerConfig,
    name: &str,
    properties: &[RelationshipProperty],
) -> Result<Both, DhcpError> {
    let relationship = relationship_of(config, name)?;
    let set = |properties| Edit::SetRelationship {
        name: relationship.name.clone(),
        properties,
    };
    let mirrored = properties
        .iter()
        .map(RelationshipProperty::mirrored)
        .collect();
    Ok(both(
        relationship,
        vec![set(properties.to_vec())],
        vec![set(mirrored)],
    ))
}

/// Deletes a relationship: this server keeps the scopes, the partner's copies go.
///
/// # Errors
/// [`DhcpError`] when there is no such relationship.
pub fn delete(config: &ServerConfig, name: &str) -> Result<Both, DhcpError> {
    let relationship = relationship_of(config, name)?;
    let remove = Edit::RemoveRelationship {
        name: relationship.name.clone(),
    };
    let there = with_copies_gone(remove.clone(), &relationship.scopes);
    Ok(both(relationship, vec![remove], there))
}

fn both(relationship: &Relationship, here: Vec<Edit>, there: Vec<Edit>) -> Both {
    Both {
        name: relationship.name.clone(),
        partner: relationship.partner.clone(),
        here,
        there,
    }
}

/// The edit that takes scopes out of failover, then the removal of each.
fn with_copies_gone(take_out: Edit, scopes: &BTreeSet<ScopeId>) -> Vec<Edit> {
    let removals = scopes.iter().map(|scope| Edit::RemoveScope {
        scope: *scope,
        force: true,
    });
    std::iter::once(take_out).chain(removals).collect()
}

/// What replication sends of a scope.
fn copy(scope: &Scope) -> Scope {
    Scope {
        superscope: None,
        foreign: Vec::new(),
        ..scope.clone()
    }
}

fn scope_of(config: &ServerConfig, scope: ScopeId) -> Result<&Scope, DhcpError> {
    let found = config.scopes.get(&scope).map(AsRef::as_ref);
    found.ok_or_else(|| {
        DhcpError::new(
            Code::SubnetNotPresent,
            format!(
                "there is no scope {}: name one that the server has",
                scope.net()
            ),
        )
    })
}

fn relationship_of<'c>(
    config: &'c ServerConfig,
    name: &str,
) -> Result<&'c Relationship, DhcpError> {
    config.relationship(name).ok_or_else(|| {
        DhcpError::new(
            Code::FoRelationshipDoesNotExist,
            format!(
                "there is no failover relationship '{}': name one that the server has",
                printable(name, 80)
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::failover::{Mode, Role};
    use crate::rules::{Facts, Rulebook, apply_all};

    fn here() -> ServerName {
        ServerName::new("dhcp1.contoso.com")
    }

    fn there() -> ServerName {
        ServerName::new("dc1.contoso.com")
    }

    fn id(prefix: &str) -> ScopeId {
        prefix.parse().unwrap()
    }

    fn with_scopes(prefixes: &[&str]) -> ServerConfig {
        let mut config = ServerConfig::default();
        for prefix in prefixes {
            let id = id(prefix);
            let mut scope = Scope::new(id, *prefix, id.hosts());
            scope.superscope = Some("building".into());
            config.scopes.insert(id, Arc::new(scope));
        }
        config
    }

    fn do_both(both: &Both, this: &mut ServerConfig, that: &mut ServerConfig) {
        *this = apply_all(this, &Facts::of(here(), Rulebook::LATEST), &both.here).unwrap();
        *that = apply_all(that, &Facts::of(there(), Rulebook::LATEST), &both.there).unwrap();
    }

    fn new(name: &str) -> FailoverChoice {
        let mut relationship = Relationship::new(name, there());
        relationship.mode = Mode::HotStandby {
            role: Role::Standby,
            reserve_percent: 7,
        };
        FailoverChoice::New {
            relationship,
            secret: None,
            ha: None,
        }
    }

    #[test]
    fn the_whole_life_of_a_relationship() {
        let mut this = with_scopes(&["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
        let mut that = ServerConfig::default();
        let one = BTreeSet::from([id("10.0.0.0/24")]);
        let two = BTreeSet::from([id("10.0.1.0/24")]);

        let made = configure(&here(), &this, &one, &new("Pair")).unwrap();
        do_both(&made, &mut this, &mut that);
        let theirs = that.relationship("pair").unwrap();
        assert_eq!((&theirs.partner, theirs.side), (&here(), Side::Secondary));
        assert_eq!(
            theirs.mode,
            Mode::HotStandby {
                role: Role::Active,
                reserve_percent: 7
            }
        );
        assert_eq!(theirs.scopes, one);
        assert_eq!(that.scopes[&id("10.0.0.0/24")].superscope, None);

        let existing = FailoverChoice::Existing {
            name: "PAIR".into(),
        };
        let grown = configure(&here(), &this, &two, &existing).unwrap();
        do_both(&grown, &mut this, &mut that);
        assert_eq!(this.relationship("pair").unwrap().scopes.len(), 2);
        assert_eq!(that.scopes.len(), 2);

        let mode = Mode::LoadBalance { percent: 70 };
        let edited = edit(&this, "pair", &[RelationshipProperty::Mode(mode)]).unwrap();
        do_both(&edited, &mut this, &mut that);
        assert_eq!(
            that.relationship("pair").unwrap().mode,
            Mode::LoadBalance { percent: 30 }
        );

        let [shrunk] = <[Both; 1]>::try_from(remove_scopes(&this, &one).unwrap()).unwrap();
        do_both(&shrunk, &mut this, &mut that);
        assert_eq!(this.scopes.len(), 3);
        assert_eq!(that.scopes.keys().copied().collect::<BTreeSet<_>>(), two);

        let gone = delete(&this, "pair").unwrap();
        do_both(&gone, &mut this, &mut that);
        assert!(this.relationships.is_empty() && that == ServerConfig::default());
        assert_eq!(this.scopes.len(), 3);
    }

    #[test]
    fn scopes_are_taken_out_relationship_by_relationship() {
        let mut this = with_scopes(&["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
        let mut that = ServerConfig::default();
        for (name, scope) in [("a", "10.0.0.0/24"), ("b", "10.0.1.0/24")] {
            let made = configure(&here(), &this, &[id(scope)].into(), &new(name)).unwrap();
            do_both(&made, &mut this, &mut that);
        }
        let both: BTreeSet<ScopeId> = [id("10.0.0.0/24"), id("10.0.1.0/24")].into();
        let taken = remove_scopes(&this, &both).unwrap();
        assert_eq!(
            taken
                .iter()
                .map(|both| both.name.as_str())
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert!(taken.iter().all(|both| both.there.len() == 2));

        let without = remove_scopes(&this, &[id("10.0.2.0/24")].into()).unwrap_err();
        assert_eq!(without.code, Code::FoScopeNotInRelationship);
        let absent = remove_scopes(&this, &[id("10.9.0.0/24")].into()).unwrap_err();
        assert_eq!(absent.code, Code::SubnetNotPresent);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let config = with_scopes(&["10.0.0.0/24"]);
        let existing = FailoverChoice::Existing {
            name: "nobody".into(),
        };
        let scopes = BTreeSet::from([id("10.0.0.0/24")]);
        let error = configure(&here(), &config, &scopes, &existing).unwrap_err();
        assert_eq!(error.code, Code::FoRelationshipDoesNotExist);
        assert!(error.sentence.contains("'nobody'"));
        let scopes = BTreeSet::from([id("10.9.0.0/24")]);
        let error = configure(&here(), &config, &scopes, &new("a")).unwrap_err();
        assert_eq!(error.code, Code::SubnetNotPresent);
        for error in [edit(&config, "nobody", &[]), delete(&config, "nobody")] {
            assert_eq!(error.unwrap_err().code, Code::FoRelationshipDoesNotExist);
        }
    }
}
