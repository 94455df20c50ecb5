//! The rules of failover.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::failover::{
    FailoverState, MAX_RELATIONSHIPS, Mode, RelationshipProperty, SharedSecret, Side,
};
use crate::model::scope::{ClientType, ScopeProperty, Seconds};
use crate::model::server::ServerVersion;
use crate::rules::PartnerFacts;

fn partner() -> ServerName {
    ServerName::new("dc1.contoso.com")
}

fn relationship() -> Relationship {
    let mut relationship = Relationship::new("new", partner());
    relationship.scopes.insert(id("10.0.1.0/24"));
    relationship
}

fn add(change: impl FnOnce(&mut Relationship)) -> Edit {
    let mut relationship = relationship();
    change(&mut relationship);
    Edit::AddRelationship {
        relationship,
        secret: None,
        ha: None,
    }
}

fn add_scopes(scopes: impl IntoIterator<Item = ScopeId>) -> Edit {
    Edit::AddFailoverScopes {
        name: "PAIR".into(),
        scopes: scopes.into_iter().collect(),
    }
}

fn add_other_scope() -> Edit {
    add_scopes([id("10.0.1.0/24")])
}

fn set(property: RelationshipProperty) -> Edit {
    Edit::SetRelationship {
        name: "pair".into(),
        properties: vec![property],
    }
}

fn with_partner(change: impl FnOnce(&mut PartnerFacts)) -> Facts {
    let mut there = PartnerFacts {
        resolves: true,
        reachable: true,
        running: true,
        may_write: true,
        rulebook: Rulebook::LATEST,
        clock_skew: 0,
        scopes: BTreeMap::new(),
        relationships: BTreeMap::new(),
    };
    change(&mut there);
    let mut facts = facts();
    // Known by its short name, named by its long one.
    facts.partners.insert(ServerName::new("DC1"), there);
    facts
}

/// That both making a relationship and growing one is refused by what is known of the partner.
#[track_caller]
fn refused_by_partner(change: impl FnOnce(&mut PartnerFacts), code: Code, word: &str) {
    let facts = with_partner(change);
    refused(&paired(), &facts, &add(|_| {}), code, &["dc1", word]);
    refused(&paired(), &facts, &add_other_scope(), code, &["dc1", word]);
}

#[test]
fn r20113_a_scope_is_in_one_relationship() {
    let code = Code::FoScopeAlreadyInRelationship;
    let words = ["10.0.0.0/24", "'Pair'", "dc1.contoso.com"];
    let edit = add(|relationship| relationship.scopes = [floor()].into());
    refused(&paired(), &facts(), &edit, code, &words);
    refused(&paired(), &facts(), &add_scopes([floor()]), code, &words);
    let edit = Edit::RemoveScope {
        scope: floor(),
        force: true,
    };
    refused(&paired(), &facts(), &edit, code, &words);
}

#[test]
fn r20114_a_relationships_name_is_unique_on_both_servers() {
    let code = Code::FoRelationshipExists;
    let edit = add(|relationship| relationship.name = "PAIR".into());
    refused(&paired(), &facts(), &edit, code, &["'Pair'", "dhcp1"]);
    let elsewhere = ServerName::new("dhcp9.contoso.com");
    let facts = with_partner(|there| {
        there.relationships.insert("new".into(), elsewhere);
    });
    let words = ["'new'", "dc1", "dhcp9"];
    refused(&paired(), &facts, &add(|_| {}), code, &words);
}

#[test]
fn r20115_a_relationship_must_be_there() {
    let name = || "nobody".to_owned();
    let scopes = BTreeSet::from([floor()]);
    for edit in [
        Edit::RemoveRelationship { name: name() },
        Edit::SetRelationship {
            name: name(),
            properties: Vec::new(),
        },
        Edit::AddFailoverScopes {
            name: name(),
            scopes: scopes.clone(),
        },
        Edit::RemoveFailoverScopes {
            name: name(),
            scopes,
        },
    ] {
        let code = Code::FoRelationshipDoesNotExist;
        refused(&paired(), &facts(), &edit, code, &["'nobody'", "dhcp1"]);
    }
}

#[test]
fn r20116_a_scope_must_be_in_the_relationship_to_leave_it() {
    let edit = Edit::RemoveFailoverScopes {
        name: "pair".into(),
        scopes: [floor(), id("10.0.1.0/24")].into(),
    };
    let code = Code::FoScopeNotInRelationship;
    refused(&paired(), &facts(), &edit, code, &["10.0.1.0/24", "'Pair'"]);
}

#[test]
fn r20118_failover_came_with_windows_2012() {
    let facts = facts_at(ServerVersion::WINDOWS_2008_R2);
    let code = Code::FoNotSupported;
    refused(&base(), &facts, &add(|_| {}), code, &["dhcp1", "2012"]);
    refused_by_partner(
        |there| there.rulebook.version = ServerVersion::WINDOWS_2008_R2,
        code,
        "2012",
    );
}

#[test]
fn r20119_the_clocks_agree() {
    let code = Code::FoTimeOutOfSync;
    refused_by_partner(|there| there.clock_skew = 61, code, "61 s ahead");
    refused_by_partner(|there| there.clock_skew = i64::MIN, code, "behind");
    let facts = with_partner(|there| there.clock_skew = -60);
    accepted(&paired(), &facts, &add(|_| {}));
}

#[test]
fn r20120_a_relationship_grows_only_in_normal() {
    for (state, code) in [
        (
            FailoverState::CommunicationInterrupted,
            Code::FoStateNotNormal,
        ),
        (FailoverState::PartnerDown, Code::FoStateNotNormal),
        (FailoverState::Startup, Code::FoStateNotNormal),
    ] {
        let mut facts = facts();
        facts.states.insert("pair".into(), state);
        let words = ["'Pair'", state.label()];
        refused(&paired(), &facts, &add_other_scope(), code, &words);
    }
    let mut facts = facts();
    facts.states.insert("pair".into(), FailoverState::Normal);
    accepted(&paired(), &facts, &add_other_scope());
}

#[test]
fn r20133_a_relationship_does_not_grow_while_it_comes_together() {
    for state in [FailoverState::Recover, FailoverState::RecoverWait] {
        let mut facts = facts();
        facts.states.insert("pair".into(), state);
        let code = Code::FoScopeSyncInProgress;
        refused(&paired(), &facts, &add_other_scope(), code, &["'Pair'"]);
    }
}

#[test]
fn r20121_one_must_be_administrator_on_the_partner() {
    let code = Code::NoAdminPermission;
    refused_by_partner(|there| there.may_write = false, code, "Administrators");
}

#[test]
fn r20122_the_partner_must_be_reachable() {
    let code = Code::ServerNotReachable;
    refused_by_partner(|there| there.reachable = false, code, "reached");
}

#[test]
fn r20123_the_partners_service_must_run() {
    let code = Code::ServerNotRunning;
    refused_by_partner(|there| there.running = false, code, "start it");
}

#[test]
fn r20124_the_partners_name_must_resolve() {
    let code = Code::ServerNameNotResolved;
    refused_by_partner(|there| there.resolves = false, code, "resolved");
}

#[test]
fn r20125_a_relationships_name_has_126_characters_at_most() {
    let named = |length| add(|relationship| relationship.name = "x".repeat(length));
    let code = Code::FoRelationshipNameTooLong;
    refused(&base(), &facts(), &named(127), code, &["127"]);
    accepted(&base(), &facts(), &named(126));
}

#[test]
fn r20128_a_server_has_31_relationships_at_most() {
    let code = Code::FoMaxRelationships;
    let mut config = base();
    for number in 1..MAX_RELATIONSHIPS {
        let name = format!("r{number}");
        let relationship = Relationship::new(name.clone(), partner());
        config.relationships.insert(name, relationship);
    }
    let full = accepted(&config, &facts(), &add(|_| {}));
    let edit = add(|relationship| {
        relationship.name = "one more".into();
        relationship.scopes.clear();
    });
    refused(&full, &facts(), &edit, code, &["dhcp1"]);
    let facts = with_partner(|there| {
        let names = (0..MAX_RELATIONSHIPS).map(|number| format!("r{number}"));
        there.relationships = names.map(|name| (name, ServerName::new("x"))).collect();
    });
    refused(&base(), &facts, &add(|_| {}), code, &["dc1"]);
}

#[test]
fn r20052_the_partner_has_no_such_scope_of_its_own() {
    let code = Code::SubnetExists;
    for prefix in ["10.0.1.0/24", "10.0.0.0/16"] {
        refused_by_partner(
            |there| {
                there.scopes.insert(id(prefix), None);
            },
            code,
            prefix,
        );
    }
    // In a relationship of another name, or of that name with somebody else, it counts too.
    for (name, with) in [("other", "dhcp1"), ("new", "dhcp9")] {
        let mut facts = with_partner(|there| {
            let scope = id("10.0.1.0/24");
            there.scopes.insert(scope, Some(name.into()));
            there
                .relationships
                .insert(name.into(), ServerName::new(with));
        });
        let error = apply(&base(), &facts, &add(|_| {})).unwrap_err();
        assert!(matches!(
            error.code,
            Code::SubnetExists | Code::FoRelationshipExists
        ));
        facts.partners.clear();
        accepted(&base(), &facts, &add(|_| {}));
    }
}

#[test]
fn the_partners_side_of_the_same_operation_may_be_done_before() {
    let scope = id("10.0.1.0/24");
    let done_there = |name: &'static str| {
        with_partner(move |there| {
            there.scopes.insert(scope, Some(name.into()));
            let with = ServerName::new("DHCP1");
            there.relationships.insert(name.to_lowercase(), with);
        })
    };
    accepted(&base(), &done_there("New"), &add(|_| {}));
    accepted(&paired(), &done_there("pair"), &add_other_scope());
}

#[test]
fn the_partner_may_have_the_original_of_a_copy() {
    let scope = id("10.0.1.0/24");
    let has_original = with_partner(|there| {
        there.scopes.insert(scope, None);
        let with = ServerName::new("dhcp1");
        there.relationships.insert("pair".into(), with);
    });
    // What the secondary is told to make is a copy of the primary's.
    let secondary = add(|relationship| relationship.side = Side::Secondary);
    accepted(&base(), &has_original, &secondary);
    // And so is what the same operation has made.
    let mut config = paired();
    let copy = config.scopes.remove(&scope).unwrap();
    let edits = [Edit::AddScope(Box::new((*copy).clone())), add_other_scope()];
    let after = apply_all(&config, &has_original, &edits).unwrap();
    assert_eq!(after.relationships["pair"].scopes.len(), 2);
    let code = Code::SubnetExists;
    refused(&paired(), &has_original, &add_other_scope(), code, &["dc1"]);
    refused(&paired(), &has_original, &add(|_| {}), code, &["dc1"]);
}

#[test]
fn r20130_400_scopes_are_added_at_once_at_most() {
    let many = |count: u32| -> BTreeSet<ScopeId> {
        (0..count)
            .filter_map(|number| ScopeId::of((0x0b00_0000 + number * 256).into(), 24))
            .collect()
    };
    let code = Code::FoMaxAddScopes;
    let edit = add(|relationship| relationship.scopes = many(401));
    refused(&base(), &facts(), &edit, code, &["401"]);
    refused(&paired(), &facts(), &add_scopes(many(401)), code, &["401"]);
    let mut config = paired();
    for scope in many(400) {
        let whole = Scope::new(scope, "s", scope.hosts());
        config.scopes.insert(scope, Arc::new(whole));
    }
    accepted(&config, &facts(), &add_scopes(many(400)));
}

#[test]
fn r20131_failover_for_bootp_came_with_windows_2012_r2() {
    let mut config = paired();
    let other = id("10.0.1.0/24");
    Arc::make_mut(config.scopes.get_mut(&other).unwrap()).kind = ClientType::Both;
    let code = Code::FoBootNotSupported;
    let old = facts_at(ServerVersion::WINDOWS_2012);
    for edit in [add(|_| {}), add_other_scope()] {
        refused(&config, &old, &edit, code, &["10.0.1.0/24", "dhcp1"]);
        accepted(&config, &facts(), &edit);
    }
    let old = with_partner(|there| there.rulebook.version = ServerVersion::WINDOWS_2012);
    refused(&config, &old, &add_other_scope(), code, &["dc1"]);
}

#[test]
fn r20129_a_scope_under_failover_is_not_made_bootp_on_windows_2012() {
    let edit = Edit::SetScope {
        scope: floor(),
        properties: vec![ScopeProperty::Kind(ClientType::Bootp)],
    };
    let code = Code::FoIprangeTypeConvIllegal;
    let old = facts_at(ServerVersion::WINDOWS_2012);
    refused(&paired(), &old, &edit, code, &["10.0.0.0", "'Pair'"]);
    accepted(&base(), &old, &edit);
    accepted(&paired(), &facts(), &edit);
    let old = with_partner(|there| there.rulebook.version = ServerVersion::WINDOWS_2012);
    refused(&paired(), &old, &edit, code, &["dc1"]);
    let mut copy = (*paired().scopes[&floor()]).clone();
    copy.kind = ClientType::Both;
    let edit = Edit::ReplaceScope(Box::new(copy));
    refused(&paired(), &old, &edit, code, &["dc1"]);
}

#[test]
fn r20132_the_range_of_a_scope_under_failover_stays() {
    let edit = Edit::SetScope {
        scope: floor(),
        properties: vec![ScopeProperty::Ranges(Vec::new())],
    };
    refused(
        &paired(),
        &facts(),
        &edit,
        Code::FoRangePartOfRel,
        &["'Pair'"],
    );
    refused(&base(), &facts(), &edit, Code::InvalidRange, &[]);
}

#[test]
fn r20134_the_partner_knows_what_the_scope_has() {
    let mut config = base();
    let mut on_fqdn = policy("laptops");
    on_fqdn.conditions[0] = Condition {
        criterion: Criterion::Fqdn,
        comparator: Comparator::Isl,
        values: Vec::new(),
    };
    let other = id("10.0.1.0/24");
    let scope = Arc::make_mut(config.scopes.get_mut(&other).unwrap());
    scope.policies.push(on_fqdn);
    let old = with_partner(|there| there.rulebook.version = ServerVersion::WINDOWS_2012);
    let code = Code::FoFeatureNotSupported;
    refused(&config, &old, &add(|_| {}), code, &["'laptops'", "dc1"]);
    accepted(&config, &with_partner(|_| {}), &add(|_| {}));
}

#[test]
fn r87_a_relationships_parameters_make_sense() {
    type Change = fn(&mut Relationship);
    let wrong: [Change; 6] = [
        |relationship| relationship.name.clear(),
        |relationship| relationship.partner = ServerName::new(""),
        |relationship| relationship.partner = ServerName::new("DHCP1"),
        |relationship| relationship.mode = Mode::LoadBalance { percent: 101 },
        |relationship| relationship.mclt = Seconds(0),
        |relationship| relationship.switch_interval = Some(Seconds(0)),
    ];
    for change in wrong {
        refused(&base(), &facts(), &add(change), Code::InvalidParameter, &[]);
    }
    for property in [
        RelationshipProperty::Mode(Mode::LoadBalance { percent: u8::MAX }),
        RelationshipProperty::Mclt(Seconds(0)),
        RelationshipProperty::SwitchInterval(Some(Seconds(0))),
        RelationshipProperty::Authentication(Some(SharedSecret::Text("".into()))),
        RelationshipProperty::Authentication(Some(SharedSecret::Kept)),
    ] {
        let edit = set(property);
        refused(&paired(), &facts(), &edit, Code::InvalidParameter, &[]);
    }
    let nothing = add_scopes([]);
    refused(&paired(), &facts(), &nothing, Code::InvalidParameter, &[]);
}

#[test]
fn authentication_follows_the_secret() {
    let secret = || SharedSecret::Text("s3cret".into());
    let mut relationship = relationship();
    let without = Edit::AddRelationship {
        relationship: Relationship {
            authenticated: true,
            ..relationship.clone()
        },
        secret: None,
        ha: None,
    };
    let after = accepted(&base(), &facts(), &without);
    assert!(!after.relationships["new"].authenticated);
    relationship.authenticated = false;
    let with = Edit::AddRelationship {
        relationship,
        secret: Some(secret()),
        ha: None,
    };
    let after = accepted(&base(), &facts(), &with);
    assert!(after.relationships["new"].authenticated);

    let authentication = RelationshipProperty::Authentication;
    let on = accepted(&paired(), &facts(), &set(authentication(Some(secret()))));
    assert!(on.relationships["pair"].authenticated);
    let kept = set(authentication(Some(SharedSecret::Kept)));
    assert_eq!(accepted(&on, &facts(), &kept), on);
    let off = accepted(&on, &facts(), &set(authentication(None)));
    assert!(!off.relationships["pair"].authenticated);
}
