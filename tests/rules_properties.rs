//! What holds of the rules whatever is done: no panic, no broken invariant, undo is undo, and two
//! servers agree on their relationships.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod arbitrary;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arbitrary::{SERVERS, base, plain_facts};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use twinscope::model::failover::RelationshipProperty;
use twinscope::model::plan::FailoverChoice;
use twinscope::model::{Edit, ScopeId, ServerConfig, ServerName};
use twinscope::rules::pair::{self, Both};
use twinscope::rules::{
    Facts, PartnerFacts, Rulebook, apply, apply_all, invariants, invert, invert_all,
};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What must hold of an accepted edit.
fn holds(before: &ServerConfig, after: &ServerConfig) -> Result<(), TestCaseError> {
    prop_assert_eq!(invariants::check(after), Vec::<String>::new());
    for (id, scope) in &after.scopes {
        if let Some(old) = before.scopes.get(id) {
            prop_assert!(
                old != scope || Arc::ptr_eq(old, scope),
                "an equal scope is no longer shared"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(320))]

    #[test]
    fn every_edit_is_accepted_or_refused_with_a_sentence(
        config in arbitrary::config(),
        edits in vec((arbitrary::facts(), arbitrary::edit()), 1..12),
    ) {
        let mut config = config;
        for (facts, edit) in edits {
            // Nor may these panic, whatever they are asked.
            let _ = invert(&config, &edit);
            match apply(&config, &facts, &edit) {
                Ok(after) => {
                    holds(&config, &after)?;
                    config = after;
                }
                Err(refusal) => {
                    prop_assert!(refusal.sentence.chars().count() > 15);
                    prop_assert!(!refusal.to_string().chars().any(char::is_control), "{:?}", refusal);
                }
            }
        }
    }

    #[test]
    fn undo_brings_back_what_was(
        config in arbitrary::config(),
        edits in vec(arbitrary::edit(), 1..12),
    ) {
        let facts = plain_facts();
        let mut before = config;
        for edit in &edits {
            let Ok(after) = apply(&before, &facts, edit) else { continue };
            if let Ok(inverse) = invert(&before, edit) {
                let back = apply_all(&after, &facts, &inverse);
                prop_assert_eq!(back.as_ref(), Ok(&before), "{} taken back by {:?}", edit, inverse);
            }
            before = after;
        }
    }

    #[test]
    fn several_edits_are_those_edits_one_by_one_and_come_back_together(
        config in arbitrary::config(),
        edits in vec(arbitrary::edit(), 1..12),
    ) {
        let facts = plain_facts();
        let mut last = config.clone();
        let mut accepted = Vec::new();
        for edit in edits {
            if let Ok(after) = apply(&last, &facts, &edit) {
                last = after;
                accepted.push(edit);
            } else {
                let mut with_refused = accepted.clone();
                with_refused.push(edit);
                prop_assert!(apply_all(&config, &facts, &with_refused).is_err());
            }
        }
        let together = apply_all(&config, &facts, &accepted).unwrap();
        prop_assert_eq!(&together, &last);
        if let Ok(inverse) = invert_all(&config, &facts, &accepted) {
            prop_assert_eq!(apply_all(&together, &facts, &inverse), Ok(config));
        }
    }
}

/// What is done in a world of two servers.
#[derive(Clone, Debug)]
enum Deed {
    /// An edit of one of the two alone.
    Plain(Edit),
    /// Scopes come under failover.
    Configure(BTreeSet<ScopeId>, FailoverChoice),
    /// Scopes leave failover.
    TakeOut(BTreeSet<ScopeId>),
    /// A relationship's parameters change.
    Change(String, Vec<RelationshipProperty>),
    /// A relationship goes.
    Delete(String),
}

fn deed() -> impl Strategy<Value = Deed> {
    let new =
        (arbitrary::relationship(), arbitrary::secret()).prop_map(|(relationship, secret)| {
            FailoverChoice::New {
                relationship,
                secret,
                ha: None,
            }
        });
    let existing =
        arbitrary::relationship_name().prop_map(|name| FailoverChoice::Existing { name });
    prop_oneof![
        4 => arbitrary::plain_edit().prop_map(Deed::Plain),
        6 => (arbitrary::scope_ids(), prop_oneof![new, existing])
            .prop_map(|(scopes, with)| Deed::Configure(scopes, with)),
        3 => arbitrary::scope_ids().prop_map(Deed::TakeOut),
        2 => (
            arbitrary::relationship_name(),
            vec(arbitrary::relationship_property(), 0..3),
        )
            .prop_map(|(name, properties)| Deed::Change(name, properties)),
        1 => arbitrary::relationship_name().prop_map(Deed::Delete),
    ]
}

/// Two servers, who know of each other what there is to know.
#[derive(Clone, PartialEq, Debug)]
struct World([ServerConfig; 2]);

impl World {
    fn name(side: usize) -> ServerName {
        ServerName::new(SERVERS[side])
    }

    fn facts(&self, side: usize) -> Facts {
        let other = &self.0[1 - side];
        let there = PartnerFacts {
            resolves: true,
            reachable: true,
            running: true,
            may_write: true,
            rulebook: Rulebook::LATEST,
            clock_skew: 0,
            scopes: other
                .scopes
                .keys()
                .map(|scope| {
                    let held = other.relationship_of(*scope);
                    (*scope, held.map(|relationship| relationship.name.clone()))
                })
                .collect(),
            relationships: other
                .relationships
                .iter()
                .map(|(key, relationship)| (key.clone(), relationship.partner.clone()))
                .collect(),
        };
        let mut facts = Facts::of(World::name(side), Rulebook::LATEST);
        facts.partners = BTreeMap::from([(World::name(1 - side), there)]);
        facts
    }

    /// Both servers do their part, one after the other, or the world stays as it is.
    fn both(&self, side: usize, both: &Both, here_first: bool) -> Option<World> {
        if !both.partner.means(SERVERS[1 - side]) {
            return None;
        }
        let mut world = self.clone();
        let order = if here_first {
            [side, 1 - side]
        } else {
            [1 - side, side]
        };
        for at in order {
            let edits = if at == side { &both.here } else { &both.there };
            world.0[at] = apply_all(&world.0[at], &world.facts(at), edits).ok()?;
        }
        Some(world)
    }

    /// What comes of a deed on that side; `None` where it is refused.
    fn after(&self, side: usize, deed: &Deed) -> Option<World> {
        let config = &self.0[side];
        let boths = match deed {
            Deed::Plain(edit) => {
                let mut world = self.clone();
                world.0[side] = apply(config, &self.facts(side), edit).ok()?;
                return Some(world);
            }
            Deed::Configure(scopes, with) => {
                let mut with = with.clone();
                if let FailoverChoice::New { relationship, .. } = &mut with {
                    relationship.partner = World::name(1 - side);
                }
                vec![pair::configure(&World::name(side), config, scopes, &with).ok()?]
            }
            Deed::TakeOut(scopes) => pair::remove_scopes(config, scopes).ok()?,
            Deed::Change(name, properties) => vec![pair::edit(config, name, properties).ok()?],
            Deed::Delete(name) => vec![pair::delete(config, name).ok()?],
        };
        let mut world = self.clone();
        for both in &boths {
            let next = world.both(side, both, true);
            // Whoever is first, the other's part is done too, and the outcome is the same.
            assert_eq!(next, world.both(side, both, false), "{both:?}");
            world = next?;
        }
        Some(world)
    }
}

proptest! {
    #![proptest_config(cases(320))]

    #[test]
    fn both_ends_agree_on_their_relationships(
        deeds in vec((0..2_usize, deed()), 1..24),
    ) {
        let mut world = World([base(), ServerConfig::default()]);
        for (side, deed) in deeds {
            let Some(after) = world.after(side, &deed) else { continue };
            for (config, before) in after.0.iter().zip(&world.0) {
                holds(before, config)?;
            }
            let [first, second] = &after.0;
            let (first_name, second_name) = (World::name(0), World::name(1));
            prop_assert_eq!(
                invariants::check_pair((&first_name, first), (&second_name, second)),
                Vec::<String>::new(),
                "after {:?}", deed
            );
            world = after;
        }
    }
}

/// The strategies are worth nothing if everything is refused: every kind of edit must be accepted,
/// refused and (but for those that can't be) taken back now and then.
#[test]
fn the_strategies_reach_every_kind_of_edit() {
    fn kind(edit: &Edit) -> String {
        let debug = format!("{edit:?}");
        let end = debug.find(|c: char| !c.is_ascii_alphanumeric());
        debug[..end.unwrap_or(debug.len())].to_owned()
    }
    let mut runner = TestRunner::deterministic();
    let facts = plain_facts();
    let mut seen = BTreeMap::<String, [usize; 3]>::new();
    for _ in 0..60 {
        let mut config = base();
        for _ in 0..60 {
            let edit = arbitrary::edit().new_tree(&mut runner).unwrap().current();
            let [accepted, refused, changed] = seen.entry(kind(&edit)).or_default();
            match apply(&config, &facts, &edit) {
                Ok(after) => {
                    *accepted += 1;
                    *changed += usize::from(after != config && invert(&config, &edit).is_ok());
                    config = after;
                }
                Err(_) => *refused += 1,
            }
        }
    }
    assert_eq!(seen.len(), 23, "{seen:?}");
    for (kind, [accepted, refused, changed]) in &seen {
        assert!(
            *accepted > 4 && *refused > 1 && *changed > 3,
            "{kind} is accepted {accepted}, refused {refused} times, and taken back {changed} \
             times: {seen:?}"
        );
    }
}

/// Nor may every deed of the two servers be refused.
#[test]
fn the_strategies_reach_every_kind_of_deed() {
    let mut runner = TestRunner::deterministic();
    let mut done = BTreeMap::<&str, usize>::new();
    for _ in 0..30 {
        let mut world = World([base(), ServerConfig::default()]);
        for step in 0..60 {
            let deed = deed().new_tree(&mut runner).unwrap().current();
            let Some(after) = world.after(step % 2, &deed) else {
                continue;
            };
            if after != world {
                *done
                    .entry(match deed {
                        Deed::Plain(_) => "plain",
                        Deed::Configure(_, FailoverChoice::New { .. }) => "new",
                        Deed::Configure(_, FailoverChoice::Existing { .. }) => "existing",
                        Deed::TakeOut(_) => "take out",
                        Deed::Change(..) => "change",
                        Deed::Delete(_) => "delete",
                    })
                    .or_default() += 1;
            }
            world = after;
        }
    }
    assert_eq!(done.len(), 6, "{done:?}");
    assert!(done.values().all(|times| *times > 2), "{done:?}");
}
