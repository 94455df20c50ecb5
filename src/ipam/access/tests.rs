//! Tests of `ipam::access`.

use super::*;
use crate::model::guardrail::{Glob, ScopePattern};
use crate::model::plan::{Purpose, Reach, Risk};

fn plan(servers: &[&str], edits: &[Edit]) -> Plan {
    let step = |server: &&str| Step {
        server: ServerName::new(server),
        action: Action::Apply(edits.to_vec()),
        purpose: Purpose::Main,
        expect: Vec::new(),
        foretold: Vec::new(),
        changes: Vec::new(),
        inverse: Ok(Vec::new()),
        refused: None,
    };
    Plan {
        intent: Intent::Change {
            server: ServerName::new(servers[0]),
            edits: edits.to_vec(),
            reach: Reach::Pair,
        },
        title: String::new(),
        steps: servers.iter().map(step).collect(),
        warnings: Vec::new(),
        impact: String::new(),
        silence: Duration::ZERO,
        risk: Risk::Small,
        clears: Vec::new(),
        left_out: Vec::new(),
    }
}

fn delete(last: u8) -> Edit {
    Edit::RemoveReservation {
        scope: "10.0.0.0/24".parse().unwrap(),
        address: [10, 0, 0, last].into(),
    }
}

fn rule(effect: Effect, action: CommandKind, change: impl FnOnce(&mut Guardrail)) -> Guardrail {
    let mut rule = Guardrail::new(effect, "freeze");
    rule.action = Some(action);
    change(&mut rule);
    rule
}

fn judged(rules: Vec<Guardrail>, plan: &Plan) -> Judgement {
    let access = Access {
        ask_above: ASK_ABOVE,
        read_only: None,
        rules,
    };
    access.judge(plan, &Estate::default())
}

#[test]
fn read_only_says_why() {
    assert_eq!(Access::default().may_write(), Ok(()));
    let why = "nothing may be changed here: it is the night shift's console".to_owned();
    let access = Access::read_only("it is the night shift's console");
    assert_eq!(access.may_write(), Err(why.clone()));
    let judged = access.judge(&plan(&["a"], &[delete(1)]), &Estate::default());
    assert_eq!(judged, Judgement::Denied(why));
}

#[test]
fn a_rule_is_about_what_it_names_and_no_more() {
    use CommandKind::{Create, Delete};
    use Effect::{Confirm, Deny, TypeName};
    let both = plan(&["dhcp1.contoso.com", "dc1.contoso.com"], &[delete(9)]);
    assert_eq!(judged(vec![], &both), Judgement::Allowed);
    assert_eq!(
        judged(vec![rule(Deny, Create, |_| ())], &both),
        Judgement::Allowed
    );
    let elsewhere = rule(Deny, Delete, |rule| rule.server = Some(Glob::new("old*")));
    assert_eq!(judged(vec![elsewhere], &both), Judgement::Allowed);
    let other_scope = rule(Deny, Delete, |rule| {
        rule.scope = Some(ScopePattern::new("10.9.0.0/16"));
    });
    assert_eq!(judged(vec![other_scope], &both), Judgement::Allowed);
    let other_pair = rule(Deny, Delete, |rule| {
        rule.relationship = Some(Glob::new("*"));
    });
    assert_eq!(judged(vec![other_pair], &both), Judgement::Allowed);
    // What is carried to the partner counts as much.
    let partner = rule(Deny, Delete, |rule| {
        rule.server = Some(Glob::new("dc1"));
        rule.scope = Some(ScopePattern::new("10.0.0.0/8"));
    });
    assert_eq!(
        judged(vec![partner.clone()], &both),
        Judgement::Denied(
            "a guardrail denies it (deny delete on dc1, scope 10.0.0.0/8): freeze".to_owned()
        )
    );
    // The strictest wins, wherever it stands.
    let ask = rule(Confirm, Delete, |_| ());
    let name = rule(TypeName, Delete, |_| ());
    assert_eq!(
        judged(vec![ask.clone()], &both),
        Judgement::Confirm("freeze".into())
    );
    assert_eq!(
        judged(vec![ask.clone(), name.clone()], &both),
        Judgement::TypeName("10.0.0.0".into(), "freeze".into())
    );
    assert!(matches!(
        judged(vec![ask, partner, name], &both),
        Judgement::Denied(_)
    ));
}

#[test]
fn a_bulk_is_what_is_more_than_allowed_and_a_pair_counts_once() {
    let bulk = || {
        rule(Effect::Deny, CommandKind::Delete, |rule| {
            rule.max_bulk = Some(2);
        })
    };
    let two = plan(&["dhcp1", "dc1"], &[delete(1), delete(2)]);
    assert_eq!(judged(vec![bulk()], &two), Judgement::Allowed);
    let three = plan(&["dhcp1", "dc1"], &[delete(1), delete(2), delete(3)]);
    assert!(matches!(judged(vec![bulk()], &three), Judgement::Denied(_)));
}
