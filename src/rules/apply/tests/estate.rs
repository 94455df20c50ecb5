//! The rules of the server's own settings and filters.

use super::*;
use crate::model::policy::{Filter, FilterList};
use crate::model::settings::SettingsProperty;

fn filter(list: FilterList, force: bool) -> Edit {
    Edit::AddFilter {
        pattern: "AA-BB-CC-*".parse().unwrap(),
        filter: Filter {
            list,
            description: String::new(),
        },
        force,
    }
}

#[test]
fn r20093_a_filter_is_in_one_list() {
    let config = accepted(&base(), &facts(), &filter(FilterList::Allow, false));
    let edit = filter(FilterList::Deny, false);
    let code = Code::LinklayerAddressExists;
    let words = ["AA-BB-CC-*-*-*", "Allow"];
    refused(&config, &facts(), &edit, code, &words);
    let moved = accepted(&config, &facts(), &filter(FilterList::Deny, true));
    assert!(
        moved
            .filters
            .values()
            .all(|held| held.list == FilterList::Deny)
    );
}

#[test]
fn r20095_a_filter_must_be_there() {
    let edit = Edit::RemoveFilter {
        pattern: "AA-BB-CC-*".parse().unwrap(),
    };
    let code = Code::LinklayerAddressDoesNotExist;
    refused(&base(), &facts(), &edit, code, &["AA-BB-CC-*-*-*"]);
}

#[test]
fn r87_settings_make_sense() {
    let set = |properties| Edit::SetSettings { properties };
    let attempts = SettingsProperty::ConflictDetectionAttempts;
    for properties in [
        vec![attempts(6)],
        vec![SettingsProperty::AuditLogPath(String::new())],
        vec![SettingsProperty::AuditLogPath("x".repeat(1000))],
        vec![attempts(1), attempts(2)],
    ] {
        let edit = set(properties);
        refused(&base(), &facts(), &edit, Code::InvalidParameter, &[]);
    }
    let after = accepted(&base(), &facts(), &set(vec![attempts(5)]));
    assert_eq!(after.settings.conflict_detection_attempts, 5);
}
