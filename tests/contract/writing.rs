//! Writes: all or none, only what is as expected, refusals, hostile text, races.

use std::net::Ipv4Addr;
use std::sync::Arc;

use twinscope::drivers::{DriverError, Readings};
use twinscope::model::failover::RelationshipProperty;
use twinscope::model::fingerprint::fingerprint;
use twinscope::model::plan::{Action, FailoverChoice, NotUndoable, Purpose, Risk};
use twinscope::model::reservation::ReservationProperty;
use twinscope::model::scope::{ScopeProperty, Seconds};
use twinscope::model::{
    Edit, Intent, ObjectRef, OptionKey, OptionLevel, OptionValue, Order, Plan, Range, Relationship,
    Reservation, ServerConfig, Step,
};
use twinscope::rules;

use super::reading::described;
use super::{
    Held, Outcome, apply, client, code, config, driver, expected, facts, free, put, readings,
    refusal, reserve,
};

/// A reservation as an object.
fn object(bench: &Held, address: Ipv4Addr) -> ObjectRef {
    ObjectRef::Reservation(bench.scope(), address)
}

fn rename(bench: &Held, address: Ipv4Addr, name: &str) -> Edit {
    Edit::SetReservation {
        scope: bench.scope(),
        address,
        properties: vec![ReservationProperty::Name(name.to_owned())],
    }
}

fn remove(bench: &Held, address: Ipv4Addr) -> Edit {
    Edit::RemoveReservation {
        scope: bench.scope(),
        address,
    }
}

pub async fn several_edits_are_all_done_or_none(bench: &Held) -> Outcome {
    let at = free(bench, 4).await;
    put(bench, 0, &[reserve(bench, at[0], 10)]).await;
    let before = config(bench, 0).await;
    let good = [reserve(bench, at[1], 11), rename(bench, at[0], "renamed")];
    let bad = reserve(bench, at[0], 12);
    for place in 0..=good.len() {
        let mut edits = good.to_vec();
        edits.insert(place, bad.clone());
        let answer = apply(bench, 0, &edits).await;
        assert_eq!(code(answer, "one of three is refused").number(), 20022);
        assert_eq!(config(bench, 0).await, before, "bad at {place}");
    }
    // A later one may need an earlier one.
    let edits = [
        remove(bench, at[0]),
        reserve(bench, at[0], 12),
        rename(bench, at[0], "new"),
        reserve(bench, at[1], 10),
    ];
    put(bench, 0, &edits).await;
    let after = config(bench, 0).await;
    let scope = &after.scopes[&bench.scope()];
    assert_eq!(scope.reservations[&at[0]].client, client(12));
    assert_eq!(scope.reservations[&at[0]].name, "new");
    assert_eq!(scope.reservations[&at[1]].client, client(10));
    // Nothing at all is no reason to refuse.
    assert_eq!(driver(bench, 0).apply(&[], &[]).await, Ok(()));
    assert_eq!(config(bench, 0).await, after);
    Ok(())
}

pub async fn what_is_as_expected_is_written(bench: &Held) -> Outcome {
    let at = free(bench, 2).await;
    let add = [reserve(bench, at[0], 20)];
    let absent = [(object(bench, at[0]), None)];
    assert_eq!(driver(bench, 0).apply(&add, &absent).await, Ok(()));
    let now = config(bench, 0).await;
    let edits = [rename(bench, at[0], "expected")];
    // Also what the edits don't touch may be expected.
    let mut all = expected(&now, &edits);
    for other in [
        ObjectRef::WholeScope(bench.scope()),
        ObjectRef::Scope(bench.other_scope()),
        ObjectRef::Relationship(bench.relationship().as_str().into()),
        ObjectRef::Settings,
        ObjectRef::Scope(bench.spare()),
    ] {
        all.push((other.clone(), fingerprint(&now, &other)));
    }
    assert_eq!(driver(bench, 0).apply(&edits, &all).await, Ok(()));
    let scope = Arc::clone(&config(bench, 0).await.scopes[&bench.scope()]);
    assert_eq!(scope.reservations[&at[0]].name, "expected");
    Ok(())
}

/// What a stale write names.
fn stale(result: Result<(), DriverError>, what: &str) -> Vec<ObjectRef> {
    match refusal(result, what) {
        DriverError::Stale { objects, .. } => objects,
        other => panic!("{what}: not stale, but {other}"),
    }
}

pub async fn what_somebody_else_changed_is_stale(bench: &Held) -> Outcome {
    let at = free(bench, 4).await;
    let there = [reserve(bench, at[0], 30), reserve(bench, at[1], 31)];
    put(bench, 0, &there).await;
    // Changed, removed, and added meanwhile; with an edit of something else that would do.
    let changed = rename(bench, at[0], "theirs");
    let added = reserve(bench, at[2], 32);
    let removed = remove(bench, at[1]);
    let attempts = [
        (changed, rename(bench, at[0], "mine"), at[0]),
        (removed, rename(bench, at[1], "mine"), at[1]),
        (added, reserve(bench, at[2], 33), at[2]),
    ];
    for (theirs, mine, address) in attempts {
        let edits = [reserve(bench, at[3], 34), mine];
        let then = expected(&*config(bench, 0).await, &edits);
        bench.outside_edit(0, &theirs).await;
        let before = config(bench, 0).await;
        let answer = driver(bench, 0).apply(&edits, &then).await;
        let what = theirs.to_string();
        assert_eq!(stale(answer, &what), [object(bench, address)], "{what}");
        assert_eq!(config(bench, 0).await, before, "{what}: something was done");
    }
    // Expected there and never was; expected absent and is there.
    let seen = fingerprint(&*config(bench, 0).await, &object(bench, at[0]));
    for (address, then) in [(at[1], seen), (at[0], None)] {
        let expected = [(object(bench, address), then)];
        let answer = driver(bench, 0).apply(&[], &expected).await;
        assert_eq!(stale(answer, "wrong"), [object(bench, address)]);
    }
    // Stale comes before refused: who decides on an old reading is told to read again.
    let edits = [reserve(bench, at[0], 35)];
    let then = [(object(bench, at[0]), None)];
    let answer = driver(bench, 0).apply(&edits, &then).await;
    assert_eq!(stale(answer, "both"), [object(bench, at[0])]);
    Ok(())
}

pub async fn what_else_changed_does_not_disturb(bench: &Held) -> Outcome {
    let at = free(bench, 3).await;
    let edits = [reserve(bench, at[0], 40)];
    let then = expected(&*config(bench, 0).await, &edits);
    bench.outside_edit(0, &described(bench.other_scope())).await;
    bench.outside_edit(0, &described(bench.scope())).await;
    bench.outside_edit(0, &reserve(bench, at[1], 41)).await;
    bench.outside_edit(1, &reserve(bench, at[0], 42)).await;
    assert_eq!(driver(bench, 0).apply(&edits, &then).await, Ok(()));
    let after = config(bench, 0).await;
    let scope = &after.scopes[&bench.scope()];
    assert_eq!(scope.reservations[&at[0]].client, client(40));
    assert_eq!(scope.reservations[&at[1]].client, client(41));
    assert_eq!(scope.description, "elsewhere");
    assert_eq!(after.scopes[&bench.other_scope()].description, "elsewhere");
    Ok(())
}

pub async fn an_order_looks_at_what_is_expected(bench: &Held) -> Outcome {
    let whole = ObjectRef::WholeScope(bench.scope());
    let then = [(whole.clone(), fingerprint(&*config(bench, 0).await, &whole))];
    bench.outside_edit(0, &described(bench.scope())).await;
    let before = config(bench, 0).await;
    let order = Order::SetPartnerDown {
        relationship: bench.relationship(),
    };
    let answer = driver(bench, 0).order(&order, &then).await;
    assert_eq!(stale(answer, "an order"), [whole]);
    assert_eq!(config(bench, 0).await, before);
    Ok(())
}

pub async fn refusals_have_their_number(bench: &Held) -> Outcome {
    let at = free(bench, 3).await;
    put(bench, 0, &[reserve(bench, at[0], 50)]).await;
    let id = bench.scope();
    let outside = bench.spare().hosts().start();
    let nowhere = |edit: fn(twinscope::model::ScopeId, Ipv4Addr) -> Edit| {
        edit(bench.spare(), bench.spare().hosts().start())
    };
    let attempts = [
        (20022, "a duplicate address", reserve(bench, at[0], 51)),
        (20022, "a duplicate client", reserve(bench, at[1], 50)),
        (20018, "outside", reserve(bench, outside, 52)),
        (20018, "the network's", reserve(bench, id.address(), 52)),
        (20018, "the broadcast", reserve(bench, id.broadcast(), 52)),
        (20018, "no reservation", remove(bench, at[1])),
        (20018, "no reservation", rename(bench, at[1], "x")),
        (
            20005,
            "no scope",
            nowhere(|scope, address| Edit::AddReservation {
                scope,
                reservation: Reservation::new(address, client(53)),
            }),
        ),
        (
            20005,
            "no scope",
            nowhere(|scope, address| Edit::RemoveReservation { scope, address }),
        ),
        (20005, "no scope", described(bench.spare())),
        (
            20005,
            "no scope",
            nowhere(|scope, address| Edit::AddExclusion {
                scope,
                range: Range::single(address),
            }),
        ),
        (
            20005,
            "no scope",
            nowhere(|scope, _| Edit::RemoveScope { scope, force: true }),
        ),
        (
            20005,
            "no scope",
            nowhere(|scope, _| Edit::SetOption {
                level: OptionLevel::Scope(scope),
                key: OptionKey::standard(15),
                value: OptionValue(vec!["contract.example".to_owned()]),
            }),
        ),
        (
            87,
            "no time at all",
            Edit::SetRelationship {
                name: bench.relationship(),
                properties: vec![RelationshipProperty::SwitchInterval(Some(Seconds(0)))],
            },
        ),
        (
            20010,
            "no option",
            Edit::RemoveOption {
                level: OptionLevel::Scope(id),
                key: OptionKey::standard(252),
            },
        ),
    ];
    let before = config(bench, 0).await;
    let foretold = |edit: &Edit| match rules::apply(&before, &facts(bench, 0), edit) {
        Ok(_) => panic!("{edit}: the rules allow it"),
        Err(error) => error.code.number(),
    };
    let too_much = bench.too_much().into_iter();
    let too_much = too_much.map(|edit| (foretold(&edit), "too much", edit));
    for (number, what, edit) in attempts.into_iter().chain(too_much) {
        if !bench.knows(&edit) {
            continue;
        }
        assert_eq!(foretold(&edit), number, "{what}: {edit}: foretold");
        let answer = apply(bench, 0, std::slice::from_ref(&edit)).await;
        assert_eq!(code(answer, what).number(), number, "{what}: {edit}");
        assert_eq!(config(bench, 0).await, before, "{what}: {edit}");
    }
    Ok(())
}

/// Texts that look for a place where they are not text.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " leading and trailing ",
        "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31m\u{9b}31m",
        "one\r\ntwo\tthree\u{b}\u{c}four\u{8}",
        "\u{202e}txt.exe\u{202c} \u{200f}\u{200b}\u{feff}\u{2066}\u{2028}",
        "𝕏😀🏳️‍🌈 e\u{301}\u{301} ﷽ 漢字 İı ß ſ",
        "\u{10ffff}\u{fffd}\u{e000}",
        r#"' OR 1=1;-- " $(reboot) `id` ${IFS} %s%n \0 \u0000 \\"#,
        "'; Remove-DhcpServerv4Scope -Force #\u{2019} \"@\n'@\n",
        r#"{"Dhcp4": {}} ]]> <?xml?> &amp; <b> // comment /* */ # x"#,
        "a\u{0}b",
        "null",
        "0x10",
        "1e999",
        "-Force",
    ]
    .map(str::to_owned)
    .to_vec();
    for length in [127, 128, 129, 255, 256, 257, 70_000] {
        texts.push("x".repeat(length));
    }
    // As many units as the limit, but more bytes; and a pair of units over it.
    texts.extend(["é".repeat(128), "😀".repeat(64), "😀".repeat(65)]);
    texts
}

pub async fn hostile_text_is_kept_or_refused(bench: &Held) -> Outcome {
    let at = free(bench, 2).await;
    let id = bench.scope();
    put(bench, 0, &[reserve(bench, at[0], 60)]).await;
    let (mut names, mut remarks) = (0, 0);
    for text in hostile() {
        let reservation = |property| Edit::SetReservation {
            scope: id,
            address: at[0],
            properties: vec![property],
        };
        let scope = |property| Edit::SetScope {
            scope: id,
            properties: vec![property],
        };
        let name = ReservationProperty::Name(text.clone());
        names += try_text(bench, &reservation(name.clone()), |config| {
            change_reservation(bench, config, at[0], name.clone());
        })
        .await;
        let remark = ReservationProperty::Description(text.clone());
        remarks += try_text(bench, &reservation(remark.clone()), |config| {
            change_reservation(bench, config, at[0], remark.clone());
        })
        .await;
        for (property, kept) in [
            (
                ScopeProperty::Name(text.clone()),
                ScopeProperty::Name(bench.scope_name(id, &text)),
            ),
            (
                ScopeProperty::Description(text.clone()),
                ScopeProperty::Description(text.clone()),
            ),
        ] {
            try_text(bench, &scope(property), |config| {
                let scope = config.scopes.get_mut(&id).expect("the scope");
                Arc::make_mut(scope).set(kept);
            })
            .await;
        }
        let (level, key) = (OptionLevel::Scope(id), OptionKey::standard(67));
        let option = Edit::SetOption {
            level,
            key: key.clone(),
            value: OptionValue(vec![text.clone()]),
        };
        let kept = OptionValue(vec![bench.option_text(&text)]);
        try_text(bench, &option, |config| {
            let scope = config.scopes.get_mut(&id).expect("the scope");
            Arc::make_mut(scope).options.insert(key.clone(), kept);
        })
        .await;
    }
    assert!(names > 3, "only {names} texts can be a reservation's name");
    assert!(remarks > 9, "only {remarks} can be its description");
    Ok(())
}

fn change_reservation(
    bench: &Held,
    config: &mut ServerConfig,
    address: Ipv4Addr,
    property: ReservationProperty,
) {
    let scope = config.scopes.get_mut(&bench.scope()).expect("the scope");
    let reservation = Arc::make_mut(scope).reservations.get_mut(&address);
    Arc::make_mut(reservation.expect("the reservation")).set(property);
}

/// 1 when the edit came to exactly what was meant, 0 when it was refused and nothing was done.
async fn try_text(bench: &Held, edit: &Edit, meant: impl FnOnce(&mut ServerConfig)) -> u32 {
    if !bench.knows(edit) {
        return 0;
    }
    let before = config(bench, 0).await;
    let answer = apply(bench, 0, std::slice::from_ref(edit)).await;
    let after = config(bench, 0).await;
    let foretold = rules::apply(&before, &facts(bench, 0), edit);
    if answer.is_ok() {
        let foretold = foretold.unwrap_or_else(|error| panic!("{edit:?}: {error}, yet done"));
        assert_eq!(*after, foretold, "{edit:?}: foretold");
        let mut wanted = (*before).clone();
        meant(&mut wanted);
        assert_eq!(*after, wanted, "{edit:?}");
        return 1;
    }
    let error = refusal(answer, "a text");
    assert!(
        matches!(
            error,
            DriverError::Refused { .. } | DriverError::Unsupported { .. }
        ),
        "{error}"
    );
    assert!(
        foretold.is_err(),
        "{edit:?}: {error}, though the rules allow it"
    );
    assert_eq!(after, before, "{edit:?}: {error}");
    0
}

pub async fn errors_are_one_line(bench: &Held) -> Outcome {
    let at = free(bench, 2).await;
    put(bench, 0, &[reserve(bench, at[0], 70)]).await;
    for text in hostile() {
        // Names that come back in the refusal: the holder's, and what is not there.
        let _ = apply(bench, 0, &[rename(bench, at[0], &text)]).await;
        refusal(
            apply(bench, 0, &[reserve(bench, at[0], 71)]).await,
            "a duplicate",
        );
        let order = Order::SetPartnerDown {
            relationship: format!("{text} nobody's"),
        };
        refusal(driver(bench, 0).order(&order, &[]).await, "nobody's");
        let nameless = format!("{text} nobody's");
        for edit in [
            Edit::RemovePolicy {
                level: Some(bench.scope()),
                name: nameless.clone(),
            },
            Edit::RemoveRelationship {
                name: nameless.clone(),
            },
            Edit::RenameSuperscope {
                from: nameless.clone(),
                to: "Contract".to_owned(),
            },
            Edit::SetOption {
                level: OptionLevel::Policy(None, nameless.clone()),
                key: OptionKey {
                    vendor_class: text.clone(),
                    user_class: text.clone(),
                    ..OptionKey::standard(60)
                },
                value: OptionValue(vec![text.clone()]),
            },
        ] {
            refusal(apply(bench, 0, &[edit]).await, "what is not there");
        }
    }
    Ok(())
}

pub async fn stale_errors_are_one_line(bench: &Held) -> Outcome {
    let seen = fingerprint(&*config(bench, 0).await, &ObjectRef::Settings);
    for text in hostile() {
        let nobodys = format!("{text} nobody's");
        let key = OptionKey {
            vendor_class: text.clone(),
            ..OptionKey::standard(60)
        };
        for object in [
            ObjectRef::Policy(None, nobodys.clone()),
            ObjectRef::Relationship(nobodys.as_str().into()),
            ObjectRef::Option(OptionLevel::Server, key.clone()),
            ObjectRef::Option(OptionLevel::Policy(None, nobodys.clone()), key),
        ] {
            let expected = [(object, seen)];
            let answer = driver(bench, 0).apply(&[], &expected).await;
            stale(answer, "what never was");
        }
    }
    Ok(())
}

pub async fn different_reservations_at_once(bench: &Held) -> Outcome {
    let at = free(bench, 8).await;
    let before = config(bench, 0).await;
    let tasks: Vec<_> = (80..)
        .zip(at.clone())
        .map(|(number, address)| {
            let driver = driver(bench, 0);
            let edits = [reserve(bench, address, number)];
            let absent = [(object(bench, address), None)];
            tokio::spawn(async move { driver.apply(&edits, &absent).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("no panic"), Ok(()));
    }
    let mut wanted = (*before).clone();
    let scope = wanted.scopes.get_mut(&bench.scope()).expect("the scope");
    for (number, address) in (80..).zip(at) {
        let reservation = Reservation::new(address, client(number));
        Arc::make_mut(scope)
            .reservations
            .insert(address, Arc::new(reservation));
    }
    assert_eq!(*config(bench, 0).await, wanted);
    Ok(())
}

pub async fn the_same_address_at_once(bench: &Held) -> Outcome {
    let at = free(bench, 2).await;
    for (address, expecting) in [(at[0], true), (at[1], false)] {
        let first = if expecting { 100 } else { 110 };
        let tasks: Vec<_> = (first..first + 8)
            .map(|number| {
                let driver = driver(bench, 0);
                let edits = [reserve(bench, address, number)];
                let absent = expecting.then(|| (object(bench, address), None));
                tokio::spawn(async move {
                    let expected: Vec<_> = absent.into_iter().collect();
                    (number, driver.apply(&edits, &expected).await)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            match task.await.expect("no panic") {
                (number, Ok(())) => winners.push(number),
                (_, lost) => match refusal(lost, "the same address") {
                    DriverError::Stale { objects, .. } => {
                        assert!(expecting, "stale, though nothing was expected");
                        assert_eq!(objects, [object(bench, address)]);
                    }
                    DriverError::Refused { error, .. } => {
                        assert_eq!(error.code.number(), 20022, "{error}");
                    }
                    other => panic!("{other}"),
                },
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let after = config(bench, 0).await;
        let reservation = &after.scopes[&bench.scope()].reservations[&address];
        assert_eq!(reservation.client, client(winners[0]));
    }
    Ok(())
}

pub async fn expanding_keeps_the_step(bench: &Held) -> Outcome {
    let at = free(bench, 1).await[0];
    let all = readings(bench).await;
    let config = config(bench, 0).await;
    let edits = vec![reserve(bench, at, 120)];
    let partner = driver(bench, 1).server().clone();
    let failover = Edit::AddRelationship {
        relationship: Relationship::new("Contract", partner),
        secret: None,
        ha: None,
    };
    let order = Order::SetPartnerDown {
        relationship: bench.relationship(),
    };
    for server in 0..2 {
        let driver = driver(bench, server);
        for action in [
            Action::Apply(edits.clone()),
            Action::Apply(vec![failover.clone()]),
            Action::Apply(Vec::new()),
            Action::Order(order.clone()),
        ] {
            let step = Step {
                server: driver.server().clone(),
                action,
                purpose: Purpose::Main,
                expect: expected(&config, &edits),
                changes: Vec::new(),
                foretold: Vec::new(),
                inverse: Err(NotUndoable::because("a test")),
                refused: None,
            };
            let plan = Plan {
                intent: Intent::ConfigureFailover {
                    server: driver.server().clone(),
                    scopes: [bench.scope()].into(),
                    with: FailoverChoice::Existing {
                        name: bench.relationship(),
                    },
                },
                title: "A plan".to_owned(),
                steps: vec![step.clone()],
                warnings: Vec::new(),
                impact: "no interruption".to_owned(),
                silence: std::time::Duration::ZERO,
                risk: Risk::Small,
                clears: Vec::new(),
                left_out: Vec::new(),
            };
            for readings in [&all, &Readings::new()] {
                let steps = driver.expand(step.clone(), &plan, readings);
                let kept = steps.iter().filter(|one| **one == step).count();
                assert_eq!(kept, 1, "{}: {steps:?}", step.action);
            }
        }
    }
    assert_eq!(super::config(bench, 0).await, config, "expanding wrote");
    Ok(())
}
