//! Tests of the rows of a comparison: every field once, and nothing said where nobody looked.

use std::sync::Arc;

use super::*;
use crate::model::option::{OptionKey, OptionValue};
use crate::model::policy::{Junction, Policy};
use crate::model::server::{Coverage, ServerConfig};
use crate::model::{Options, Range, Reservation};

fn scope() -> Scope {
    let id: ScopeId = "10.0.0.0/24".parse().unwrap();
    let mut scope = Scope::new(id, "Office", id.hosts());
    let address = |last| Ipv4Addr::new(10, 0, 0, last);
    scope.exclusions = vec![Range::new(address(1), address(9)).unwrap()];
    let router = OptionValue(vec!["10.0.0.1".into()]);
    scope.options.insert(OptionKey::standard(3), router);
    for last in [20, 100] {
        let client = format!("00-15-5d-00-00-{last:02x}").parse().unwrap();
        let reservation = Reservation::new(address(last), client);
        scope
            .reservations
            .insert(address(last), Arc::new(reservation));
    }
    scope.policies.push(Policy {
        name: "phones".into(),
        description: String::new(),
        enabled: true,
        junction: Junction::Or,
        conditions: Vec::new(),
        lease_duration: None,
        ranges: Vec::new(),
        options: Options::new(),
    });
    scope
}

fn compared(here: &Scope, there: &Scope, covers: Coverage) -> (Vec<Row>, Comparison) {
    let config = |scope: &Scope| {
        let mut config = ServerConfig::default();
        config.scopes.insert(scope.id, Arc::new(scope.clone()));
        config
    };
    let (left, right) = (config(here), config(there));
    let left = Copy {
        config: &left,
        coverage: Coverage::ALL,
    };
    let right = Copy {
        config: &right,
        coverage: covers,
    };
    let comparison = compare_scopes(left, right, &[here.id]);
    (rows(&comparison, Some((here, there))), comparison)
}

fn labels(rows: &[Row], section: Section) -> Vec<String> {
    let of = rows.iter().filter(|row| row.section() == section);
    of.map(Row::label).collect()
}

#[test]
fn every_field_is_there_once_and_in_order() {
    let here = scope();
    let mut there = scope();
    there.superscope = Some("building".into());
    there.description = "another".into();
    there.reservations.remove(&Ipv4Addr::new(10, 0, 0, 20));
    let (rows, _) = compared(&here, &there, Coverage::ALL);
    let differ: Vec<String> = rows
        .iter()
        .filter(|row| row.differs)
        .map(Row::label)
        .collect();
    // Superscopes are each server's own affair.
    assert_eq!(differ, ["Description", "10.0.0.20"]);
    let properties: Vec<&str> = here.properties().iter().map(ScopeProperty::label).collect();
    assert_eq!(labels(&rows, Section::Properties), properties);
    assert_eq!(
        labels(&rows, Section::Reservations),
        ["10.0.0.20", "10.0.0.100"]
    );
    assert_eq!(labels(&rows, Section::Options), ["003 Router"]);
    assert_eq!(labels(&rows, Section::Exclusions).len(), 1);
    assert_eq!(labels(&rows, Section::Policies), ["phones"]);
}

#[test]
fn what_was_not_read_is_not_said_to_be_the_same() {
    let here = scope();
    let covers = Coverage {
        reservations: false,
        options: false,
        ..Coverage::ALL
    };
    let (rows, comparison) = compared(&here, &scope(), covers);
    for section in [Section::Reservations, Section::Options, Section::Policies] {
        assert!(labels(&rows, section).is_empty(), "{section:?}");
    }
    assert!(!labels(&rows, Section::Properties).is_empty());
    assert_eq!(comparison.unknown.len(), 3);
}
