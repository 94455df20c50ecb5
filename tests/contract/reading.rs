//! Readings, fingerprints read back, and leases.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use twinscope::drivers::{DriverError, LeaseQuery};
use twinscope::model::fingerprint::fingerprint;
use twinscope::model::scope::ScopeProperty;
use twinscope::model::server::{Availability, ServerConfig};
use twinscope::model::settings::ServerSettings;
use twinscope::model::{
    Edit, Lease, ObjectRef, OptionKey, OptionLevel, Options, Policy, PolicyLevel,
};

use super::{Held, Outcome, Skip, client, config, driver, free, one_line, read};

pub async fn a_reading_says_who_when_and_what(bench: &Held) -> Outcome {
    for server in 0..2 {
        let reading = read(bench, server).await;
        assert_eq!(&reading.identity.name, driver(bench, server).server());
        assert!(reading.taken > Timestamp::UNIX_EPOCH, "taken at no time");
        assert_eq!(reading.availability, Availability::Running);
        assert!(!reading.revision.is_empty(), "no revision");
        let (covers, config) = (reading.coverage, &reading.config);
        assert!(covers.scopes && covers.reservations && covers.relationships);
        assert!(config.scopes.contains_key(&bench.scope()), "{server}");
        // What is not covered is not there: half of something would be taken for all of it.
        let scopes = || config.scopes.values();
        assert!(covers.settings || config.settings == ServerSettings::default());
        assert!(covers.exclusions || scopes().all(|scope| scope.exclusions.is_empty()));
        assert!(covers.options || config.options.is_empty());
        assert!(covers.options || scopes().all(|scope| scope.options.is_empty()));
        assert!(covers.policies || config.policies.is_empty());
        assert!(covers.policies || scopes().all(|scope| scope.policies.is_empty()));
        assert!(covers.filters || config.filters.is_empty());
        for (id, scope) in &config.scopes {
            assert_eq!(*id, scope.id, "a scope under another one's name");
            assert!(reading.statistics.contains_key(id), "no statistics of {id}");
        }
        assert!(
            reading.relationships.keys().eq(config.relationships.keys()),
            "each relationship has a status, and nothing else has"
        );
        let named = config.relationship(&bench.relationship());
        let named = named.expect("the bench's relationship is on both servers");
        assert!(named.scopes.contains(&bench.scope()));
        assert_eq!(&named.partner, driver(bench, 1 - server).server());
    }
    Ok(())
}

pub async fn reading_twice_is_the_same_and_writes_nothing(bench: &Held) -> Outcome {
    for server in 0..2 {
        let driver = driver(bench, server);
        let first = read(bench, server).await;
        let objects: Vec<ObjectRef> = objects(&first.config);
        driver.read_back(&objects).await.expect("it reads back");
        let query = LeaseQuery::default();
        driver.leases(&query).await.expect("its leases are read");
        let fresh = read(bench, server).await;
        assert_eq!(fresh.revision, first.revision, "reading wrote");
        assert_eq!(fresh.config, first.config);
        assert_eq!(fresh.coverage, first.coverage);
        let again = driver.read(Some(&first)).await.expect("it is read again");
        assert!(again.taken >= first.taken);
        assert_eq!(again.revision, first.revision, "reading wrote");
        assert_eq!(again.config, first.config);
        for (id, scope) in &again.config.scopes {
            assert!(Arc::ptr_eq(scope, &first.config.scopes[id]), "{id} is new");
        }
    }
    Ok(())
}

pub async fn what_somebody_else_changed_alone_is_new(bench: &Held) -> Outcome {
    let first = read(bench, 0).await;
    let edit = described(bench.other_scope());
    bench.outside_edit(0, &edit).await;
    let again = driver(bench, 0).read(Some(&first)).await.expect("read");
    assert_ne!(again.revision, first.revision);
    assert_eq!(
        again.config.scopes[&bench.other_scope()].description,
        "elsewhere"
    );
    for (id, scope) in &again.config.scopes {
        let same = Arc::ptr_eq(scope, &first.config.scopes[id]);
        assert_eq!(same, *id != bench.other_scope(), "{id}");
    }
    // The very same as one that knows nothing of before.
    assert_eq!(config(bench, 0).await, again.config);
    Ok(())
}

/// What somebody else does to a scope.
pub fn described(scope: twinscope::model::ScopeId) -> Edit {
    Edit::SetScope {
        scope,
        properties: vec![ScopeProperty::Description("elsewhere".to_owned())],
    }
}

pub async fn read_back_agrees_with_the_reading(bench: &Held) -> Outcome {
    let nowhere = bench.spare();
    let inside = bench.scope().hosts();
    let unreserved = free(bench, 1).await[0];
    for server in 0..2 {
        let config = config(bench, server).await;
        let key = OptionKey::standard(252);
        let gone = [
            ObjectRef::Scope(nowhere),
            ObjectRef::WholeScope(nowhere),
            ObjectRef::Exclusions(nowhere),
            ObjectRef::Reservation(nowhere, nowhere.hosts().start()),
            ObjectRef::Reservation(bench.scope(), unreserved),
            ObjectRef::Reservation(bench.scope(), Ipv4Addr::BROADCAST),
            ObjectRef::Option(OptionLevel::Scope(nowhere), key.clone()),
            ObjectRef::Option(
                OptionLevel::Reservation(bench.scope(), unreserved),
                key.clone(),
            ),
            ObjectRef::Option(
                OptionLevel::Policy(None, "no such policy".to_owned()),
                key.clone(),
            ),
            ObjectRef::Policy(None, "no such policy".to_owned()),
            ObjectRef::Policy(Some(nowhere), "no such policy".to_owned()),
            ObjectRef::Filter("02-C0-47-2A-C7-FE".parse().expect("a pattern")),
            ObjectRef::Relationship("no such relationship".into()),
        ];
        let there = objects(&config);
        assert!(there.len() > 2, "{inside}: nothing to read back");
        // Mixed, so that an answer that lost one would be out of step.
        let mut asked = there;
        for (place, object) in gone.iter().enumerate() {
            asked.insert((place * 3).min(asked.len()), object.clone());
        }
        let answers = driver(bench, server).read_back(&asked).await;
        let answers = answers.expect("it reads back");
        assert_eq!(answers.len(), asked.len());
        for (object, answer) in asked.iter().zip(&answers) {
            assert_eq!(*answer, fingerprint(&config, object), "{object}");
            assert_eq!(answer.is_none(), gone.contains(object), "{object}");
        }
    }
    assert_eq!(driver(bench, 0).read_back(&[]).await, Ok(Vec::new()));
    Ok(())
}

/// Everything in a configuration of which a fingerprint can be taken.
fn objects(config: &ServerConfig) -> Vec<ObjectRef> {
    let mut objects = vec![ObjectRef::Settings];
    let options = |objects: &mut Vec<ObjectRef>, level: &OptionLevel, options: &Options| {
        objects.extend(
            options
                .iter()
                .map(|(key, _)| ObjectRef::Option(level.clone(), key.clone())),
        );
    };
    let policies = |objects: &mut Vec<ObjectRef>, level: PolicyLevel, list: &[Policy]| {
        for policy in list {
            objects.push(ObjectRef::Policy(level, policy.name.clone()));
            let at = OptionLevel::Policy(level, policy.name.clone());
            options(objects, &at, &policy.options);
        }
    };
    options(&mut objects, &OptionLevel::Server, &config.options);
    policies(&mut objects, None, &config.policies);
    objects.extend(config.filters.keys().cloned().map(ObjectRef::Filter));
    objects.extend(
        config
            .relationships
            .keys()
            .map(|name| ObjectRef::Relationship(name.as_str().into())),
    );
    for (id, scope) in &config.scopes {
        objects.extend([
            ObjectRef::Scope(*id),
            ObjectRef::WholeScope(*id),
            ObjectRef::Exclusions(*id),
        ]);
        options(&mut objects, &OptionLevel::Scope(*id), &scope.options);
        policies(&mut objects, Some(*id), &scope.policies);
        for (address, reservation) in &scope.reservations {
            objects.push(ObjectRef::Reservation(*id, *address));
            let at = OptionLevel::Reservation(*id, *address);
            options(&mut objects, &at, &reservation.options);
        }
    }
    objects
}

async fn leases(bench: &Held, server: usize, query: &LeaseQuery) -> Vec<Lease> {
    let leases = driver(bench, server).leases(query).await;
    leases.expect("leases are read")
}

pub async fn leases_come_in_pages(bench: &Held) -> Outcome {
    for scope in [Some(bench.scope()), None] {
        let query = LeaseQuery {
            scope,
            ..LeaseQuery::default()
        };
        let all = leases(bench, 0, &query).await;
        if all.len() < 3 {
            return Err(Skip("there are fewer than three leases".to_owned()));
        }
        assert!(all.windows(2).all(|two| two[0].address < two[1].address));
        for lease in &all {
            assert!(lease.scope.contains(lease.address), "{lease:?}");
            assert!(scope.is_none_or(|scope| scope == lease.scope), "{lease:?}");
        }
        for limit in [1, 2, all.len() - 1, all.len(), all.len() + 1] {
            let mut paged: Vec<Lease> = Vec::new();
            loop {
                let page = LeaseQuery {
                    after: paged.last().map(|lease| lease.address),
                    limit,
                    ..query.clone()
                };
                let page = leases(bench, 0, &page).await;
                assert!(page.len() <= limit, "{} of {limit}", page.len());
                if page.is_empty() {
                    break;
                }
                paged.extend(page);
                assert!(paged.len() <= all.len(), "more than all");
            }
            assert_eq!(paged, all, "pages of {limit}");
        }
        let beyond = LeaseQuery {
            after: Some(Ipv4Addr::BROADCAST),
            ..query
        };
        assert_eq!(leases(bench, 0, &beyond).await, []);
    }
    Ok(())
}

pub async fn leases_are_found_by_client(bench: &Held) -> Outcome {
    let query = LeaseQuery {
        scope: Some(bench.scope()),
        ..LeaseQuery::default()
    };
    let all = leases(bench, 0, &query).await;
    let Some(one) = all.get(all.len() / 2) else {
        return Err(Skip("there are no leases".to_owned()));
    };
    let of = |client| LeaseQuery {
        client: Some(client),
        ..query.clone()
    };
    let found = leases(bench, 0, &of(one.client.clone())).await;
    assert!(found.contains(one), "{one:?}");
    assert!(found.iter().all(|lease| lease.client == one.client));
    assert_eq!(leases(bench, 0, &of(client(250))).await, []);
    Ok(())
}

pub async fn leases_of_what_is_not_there(bench: &Held) -> Outcome {
    for limit in [0, 1, usize::MAX] {
        let query = LeaseQuery {
            scope: Some(bench.spare()),
            limit,
            ..LeaseQuery::default()
        };
        match driver(bench, 0).leases(&query).await {
            Ok(leases) => assert_eq!(leases, []),
            Err(error @ DriverError::Refused { .. }) => one_line(&error.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
    // What no server has room for is no reason to fall over.
    let all = LeaseQuery {
        limit: usize::MAX,
        ..LeaseQuery::default()
    };
    let unlimited = LeaseQuery::default();
    assert_eq!(
        leases(bench, 0, &all).await,
        leases(bench, 0, &unlimited).await
    );
    Ok(())
}
