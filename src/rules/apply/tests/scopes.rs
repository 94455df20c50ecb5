//! The rules of scopes, superscopes and exclusions.

use super::*;
use crate::model::scope::{LeaseDuration, ScopeProperty, Seconds};

fn add(change: impl FnOnce(&mut Scope)) -> Edit {
    let mut scope = plain("10.0.5.0/24");
    change(&mut scope);
    Edit::AddScope(Box::new(scope))
}

fn set(property: ScopeProperty) -> Edit {
    Edit::SetScope {
        scope: floor(),
        properties: vec![property],
    }
}

fn exclude(start: &str, end: &str) -> Edit {
    Edit::AddExclusion {
        scope: floor(),
        range: range(start, end),
    }
}

#[test]
fn r5_only_an_administrator_writes() {
    let mut facts = facts();
    facts.may_write = false;
    let edit = set(ScopeProperty::Delay(1));
    refused(
        &base(),
        &facts,
        &edit,
        Code::AccessDenied,
        &["dhcp1.contoso.com"],
    );
}

#[test]
fn r20005_a_scope_must_be_there() {
    let scope = id("10.9.0.0/24");
    let range = scope.hosts();
    for edit in [
        Edit::SetScope {
            scope,
            properties: Vec::new(),
        },
        Edit::ReplaceScope(Box::new(plain("10.9.0.0/24"))),
        Edit::RemoveScope { scope, force: true },
        Edit::AddExclusion { scope, range },
        Edit::RemoveExclusion { scope, range },
        Edit::AddReservation {
            scope,
            reservation: reservation("10.9.0.1", 1),
        },
    ] {
        refused(
            &base(),
            &facts(),
            &edit,
            Code::SubnetNotPresent,
            &["10.9.0.0/24", "dhcp1"],
        );
    }
    // Another mask is another scope, and the sentence says which one is there.
    let edit = Edit::RemoveScope {
        scope: id("10.0.0.0/25"),
        force: true,
    };
    refused(
        &base(),
        &facts(),
        &edit,
        Code::SubnetNotPresent,
        &["10.0.0.0/25", "10.0.0.0/24"],
    );
}

#[test]
fn r20052_scopes_do_not_overlap() {
    for prefix in ["10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/16", "10.0.0.0/25"] {
        let edit = Edit::AddScope(Box::new(plain(prefix)));
        refused(
            &base(),
            &facts(),
            &edit,
            Code::SubnetExists,
            &["10.0.0.0/24"],
        );
    }
    let edit = Edit::AddScope(Box::new(plain("10.0.2.0/23")));
    assert_eq!(accepted(&base(), &facts(), &edit).scopes.len(), 3);
}

#[test]
fn r20091_a_mask_leaves_room_for_hosts() {
    for prefix in [
        "0.0.0.0/0",
        "10.7.0.0/31",
        "10.7.0.1/32",
        "0.0.0.0/8",
        "127.0.0.0/24",
        "224.0.0.0/24",
        "128.0.0.0/1",
    ] {
        let edit = Edit::AddScope(Box::new(plain(prefix)));
        refused(&base(), &facts(), &edit, Code::InvalidSubnetPrefix, &[]);
    }
    accepted(
        &base(),
        &facts(),
        &Edit::AddScope(Box::new(plain("10.7.0.0/30"))),
    );
}

#[test]
fn r20092_a_delay_is_a_second_at_most() {
    let code = Code::InvalidDelay;
    refused(
        &base(),
        &facts(),
        &add(|scope| scope.delay_ms = 1001),
        code,
        &["1001"],
    );
    refused(
        &base(),
        &facts(),
        &set(ScopeProperty::Delay(u16::MAX)),
        code,
        &["10.0.0.0"],
    );
    accepted(&base(), &facts(), &set(ScopeProperty::Delay(1000)));
}

#[test]
fn r20046_a_name_has_256_characters_at_most() {
    let long = "x".repeat(257);
    let code = Code::ScopeNameTooLong;
    refused(
        &base(),
        &facts(),
        &set(ScopeProperty::Name(long.clone())),
        code,
        &["257"],
    );
    refused(
        &base(),
        &facts(),
        &add(|scope| scope.name = long),
        code,
        &[],
    );
    accepted(
        &base(),
        &facts(),
        &set(ScopeProperty::Name("x".repeat(256))),
    );
}

#[test]
fn r87_texts_and_durations_make_sense() {
    for property in [
        ScopeProperty::Name(String::new()),
        ScopeProperty::Name("a\0b".into()),
        ScopeProperty::Description("x".repeat(256)),
        ScopeProperty::LeaseDuration(LeaseDuration::Limited(Seconds(0))),
        ScopeProperty::Superscope(Some(String::new())),
    ] {
        refused(
            &base(),
            &facts(),
            &set(property),
            Code::InvalidParameter,
            &[],
        );
    }
}

#[test]
fn r87_a_property_is_given_once() {
    let edit = Edit::SetScope {
        scope: floor(),
        properties: vec![
            ScopeProperty::Name("a".into()),
            ScopeProperty::Delay(1),
            ScopeProperty::Name("b".into()),
        ],
    };
    refused(
        &base(),
        &facts(),
        &edit,
        Code::InvalidParameter,
        &["Scope Name", "10.0.0.0"],
    );
}

#[test]
fn r20023_a_scope_has_one_range_among_its_hosts() {
    let code = Code::InvalidRange;
    for (ranges, word) in [
        (vec![], "needs"),
        (
            vec![range("10.0.5.1", "10.0.5.5"), range("10.0.5.9", "10.0.5.9")],
            "exactly one",
        ),
        (vec![range("10.0.5.0", "10.0.5.9")], "network address"),
        (vec![range("10.0.5.9", "10.0.5.255")], "10.0.5.255"),
        (vec![range("10.0.5.9", "10.0.6.9")], "10.0.5.0/24"),
    ] {
        refused(
            &base(),
            &facts(),
            &add(|scope| scope.ranges = ranges),
            code,
            &[word],
        );
    }
}

#[test]
fn r20023_a_new_range_contains_the_old_one_or_lies_within_it() {
    let new = |start, end| set(ScopeProperty::Ranges(vec![range(start, end)]));
    let code = Code::InvalidRange;
    let shifted = new("10.0.0.15", "10.0.0.210");
    refused(
        &base(),
        &facts(),
        &shifted,
        code,
        &["10.0.0.10-10.0.0.200", "contains"],
    );
    let cuts_exclusion = new("10.0.0.25", "10.0.0.200");
    refused(
        &base(),
        &facts(),
        &cuts_exclusion,
        code,
        &["exclusion 10.0.0.20-10.0.0.29"],
    );
    // Reservations may lie outside the range.
    accepted(&base(), &facts(), &new("10.0.0.1", "10.0.0.254"));
    let mut config = base();
    let scope = Arc::make_mut(config.scopes.get_mut(&floor()).unwrap());
    scope.policies.clear();
    accepted(&config, &facts(), &new("10.0.0.15", "10.0.0.50"));
}

#[test]
fn r20112_a_policys_range_stays_within_the_scopes() {
    let edit = set(ScopeProperty::Ranges(vec![range(
        "10.0.0.10",
        "10.0.0.155",
    )]));
    let code = Code::ScopeRangePolicyRangeConflict;
    refused(
        &base(),
        &facts(),
        &edit,
        code,
        &["'phones'", "10.0.0.150-10.0.0.159"],
    );
}

#[test]
fn r20007_a_scope_with_leases_goes_by_force() {
    let mut facts = facts();
    facts.leased.insert(floor(), [address("10.0.0.77")].into());
    let remove = |force| Edit::RemoveScope {
        scope: floor(),
        force,
    };
    refused(
        &base(),
        &facts,
        &remove(false),
        Code::ElementCantRemove,
        &["10.0.0.77", "force"],
    );
    assert_eq!(accepted(&base(), &facts, &remove(true)).scopes.len(), 1);
}

#[test]
fn r20004_a_scope_leaves_a_superscope_before_it_enters_another() {
    let put = |name: &str| set(ScopeProperty::Superscope(Some(name.into())));
    let config = accepted(&base(), &facts(), &put("a"));
    refused(
        &config,
        &facts(),
        &put("b"),
        Code::SubnetExits,
        &["'a'", "'b'", "10.0.0.0"],
    );
    accepted(&config, &facts(), &put("a"));
    let moved = [set(ScopeProperty::Superscope(None)), put("b")];
    let config = apply_all(&config, &facts(), &moved).unwrap();
    assert_eq!(config.scopes[&floor()].superscope.as_deref(), Some("b"));
}

#[test]
fn r20030_a_superscopes_name_has_256_characters_at_most() {
    let long = "x".repeat(257);
    let code = Code::SuperScopeNameTooLong;
    let enter = set(ScopeProperty::Superscope(Some(long.clone())));
    refused(&base(), &facts(), &enter, code, &["257"]);
    let edit = add(|scope| scope.superscope = Some(long));
    refused(&base(), &facts(), &edit, code, &[]);
}

#[test]
fn a_superscope_is_renamed_with_all_its_scopes() {
    let rename = |from: &str, to: &str| Edit::RenameSuperscope {
        from: from.into(),
        to: to.into(),
    };
    let mut config = base();
    for scope in config.scopes.values_mut() {
        Arc::make_mut(scope).superscope = Some("a".into());
    }
    let renamed = accepted(&config, &facts(), &rename("a", "b"));
    assert_eq!(renamed.superscopes()["b"].len(), 2);
    let code = Code::SubnetNotPresent;
    refused(&config, &facts(), &rename("x", "y"), code, &["'x'"]);
    let code = Code::SuperScopeNameTooLong;
    refused(&config, &facts(), &rename("a", &"x".repeat(257)), code, &[]);
    let other = id("10.0.1.0/24");
    Arc::make_mut(config.scopes.get_mut(&other).unwrap()).superscope = Some("b".into());
    let code = Code::SubnetExits;
    refused(&config, &facts(), &rename("a", "b"), code, &["10.0.1.0"]);
}

#[test]
fn r20023_exclusions_lie_in_the_range_and_share_no_address() {
    let code = Code::InvalidRange;
    for (edit, word) in [
        (exclude("10.0.0.20", "10.0.0.29"), "already"),
        (exclude("10.0.0.29", "10.0.0.40"), "10.0.0.20-10.0.0.29"),
        (exclude("10.0.0.11", "10.0.0.100"), "10.0.0.20-10.0.0.29"),
        (exclude("10.0.0.1", "10.0.0.12"), "10.0.0.10-10.0.0.200"),
    ] {
        refused(&base(), &facts(), &edit, code, &[word]);
    }
    let remove = Edit::RemoveExclusion {
        scope: floor(),
        range: range("10.0.0.20", "10.0.0.28"),
    };
    refused(
        &base(),
        &facts(),
        &remove,
        code,
        &["there is no exclusion", "10.0.0.20-10.0.0.29"],
    );
    let config = accepted(&base(), &facts(), &exclude("10.0.0.12", "10.0.0.19"));
    let config = accepted(&config, &facts(), &exclude("10.0.0.30", "10.0.0.30"));
    let starts = config.scopes[&floor()].exclusions.iter();
    let starts: Vec<u8> = starts.map(|held| held.start().octets()[3]).collect();
    assert_eq!(starts, [12, 20, 30]);
}

#[test]
fn a_new_scope_is_checked_with_all_that_hangs_on_it() {
    type Change = fn(&mut Scope);
    let wrong: [(Change, Code); 5] = [
        (
            |scope| scope.exclusions = vec![range("10.0.5.9", "10.0.6.1")],
            Code::InvalidRange,
        ),
        (
            |scope| {
                scope.exclusions = vec![
                    range("10.0.5.9", "10.0.5.12"),
                    range("10.0.5.1", "10.0.5.9"),
                ];
            },
            Code::InvalidRange,
        ),
        (
            |scope| {
                let outside = reservation("10.0.6.1", 1);
                scope
                    .reservations
                    .insert(outside.address, Arc::new(outside));
            },
            Code::NotReservedClient,
        ),
        (
            |scope| {
                for text in ["10.0.5.1", "10.0.5.2"] {
                    let same = reservation(text, 1);
                    scope.reservations.insert(same.address, Arc::new(same));
                }
            },
            Code::ReservedIpExits,
        ),
        (
            |scope| scope.policies = vec![policy("a"), policy("A")],
            Code::PolicyExists,
        ),
    ];
    for (change, code) in wrong {
        refused(&base(), &facts(), &add(change), code, &[]);
    }
}

#[test]
fn a_copy_replaces_what_is_replicated_and_no_more() {
    let mut config = base();
    let here = Arc::make_mut(config.scopes.get_mut(&floor()).unwrap());
    here.superscope = Some("building".into());
    here.foreign = vec!["own".into()];
    let mut copy = plain("10.0.0.0/24");
    copy.superscope = Some("elsewhere".into());
    let after = accepted(
        &config,
        &facts(),
        &Edit::ReplaceScope(Box::new(copy.clone())),
    );
    copy.superscope = Some("building".into());
    copy.foreign = vec!["own".into()];
    assert_eq!(*after.scopes[&floor()], copy);
    copy.delay_ms = 2000;
    let edit = Edit::ReplaceScope(Box::new(copy));
    refused(&config, &facts(), &edit, Code::InvalidDelay, &[]);
}

mod on_kea {
    use super::*;
    use crate::model::scope::{LeaseDuration, ScopeProperty, Seconds};
    use crate::model::server::ServerVersion;

    fn kea() -> Facts {
        Facts {
            rulebook: Rulebook::kea(ServerVersion { major: 3, minor: 0 }),
            ..facts()
        }
    }

    fn set(property: ScopeProperty) -> Edit {
        Edit::SetScope {
            scope: floor(),
            properties: vec![property],
        }
    }

    #[test]
    fn a_scope_has_any_ranges_and_touching_ones_are_one() {
        let ranges = [
            range("10.0.0.100", "10.0.0.109"),
            range("10.0.0.0", "10.0.0.9"),
            range("10.0.0.10", "10.0.0.19"),
        ];
        let edit = set(ScopeProperty::Ranges(ranges.to_vec()));
        let after = apply(&base(), &kea(), &edit).unwrap();
        let wanted = vec![range("10.0.0.0", "10.0.0.19"), ranges[0]];
        assert_eq!(after.scopes[&floor()].ranges, wanted);
        assert!(apply(&base(), &facts(), &edit).is_err());
        let none = set(ScopeProperty::Ranges(Vec::new()));
        assert!(apply(&base(), &kea(), &none).is_ok());
        let outside = set(ScopeProperty::Ranges(vec![range("10.0.1.1", "10.0.1.2")]));
        let refused = apply(&base(), &kea(), &outside).unwrap_err();
        assert_eq!(refused.code, Code::InvalidRange);
    }

    #[test]
    fn a_scope_without_a_name_goes_by_its_prefix() {
        let after = apply(&base(), &kea(), &set(ScopeProperty::Name(String::new()))).unwrap();
        assert_eq!(after.scopes[&floor()].name, "10.0.0.0/24");
        let long = set(ScopeProperty::Name("x".repeat(1000)));
        assert!(apply(&base(), &kea(), &long).is_ok() && apply(&base(), &facts(), &long).is_err());
        let longer = set(ScopeProperty::Name("x".repeat(1001)));
        assert!(apply(&base(), &kea(), &longer).is_err());
    }

    #[test]
    fn the_longest_lease_has_no_end() {
        let longest = LeaseDuration::Limited(Seconds(u32::MAX));
        let edit = set(ScopeProperty::LeaseDuration(longest));
        let after = apply(&base(), &kea(), &edit).unwrap();
        assert_eq!(
            after.scopes[&floor()].lease_duration,
            LeaseDuration::Unlimited
        );
    }

    #[test]
    fn a_single_address_is_a_subnet() {
        for prefix in ["192.168.9.9/32", "192.168.9.8/31", "127.0.0.0/8"] {
            let edit = Edit::AddScope(Box::new(plain(prefix)));
            assert!(apply(&base(), &kea(), &edit).is_ok(), "{prefix}");
            assert!(apply(&base(), &facts(), &edit).is_err(), "{prefix}");
        }
        let edit = Edit::AddScope(Box::new(plain("239.0.0.0/24")));
        assert!(apply(&base(), &kea(), &edit).is_err());
    }

    #[test]
    fn a_reservation_has_a_host_name_and_a_whole_mac() {
        let mut new = reservation("10.0.0.150", 7);
        let add = |reservation: &Reservation| Edit::AddReservation {
            scope: floor(),
            reservation: reservation.clone(),
        };
        assert!(apply(&base(), &kea(), &add(&new)).is_ok());
        new.name = "a b".into();
        assert!(apply(&base(), &kea(), &add(&new)).is_err());
        assert!(apply(&base(), &facts(), &add(&new)).is_ok());
        new = Reservation::new(new.address, "02:00".parse().unwrap());
        assert!(apply(&base(), &kea(), &add(&new)).is_err());
    }

    #[test]
    fn a_relationship_has_no_lead_time() {
        let mut relationship = Relationship::new("pair", ServerName::new("dhcp2"));
        let mut add = |seconds| {
            relationship.mclt = Seconds(seconds);
            let edit = Edit::AddRelationship {
                relationship: relationship.clone(),
                secret: None,
                ha: None,
            };
            (
                apply(&base(), &kea(), &edit).is_ok(),
                apply(&base(), &facts(), &edit).is_ok(),
            )
        };
        assert_eq!((add(0), add(3600)), ((true, false), (false, true)));
    }
}
