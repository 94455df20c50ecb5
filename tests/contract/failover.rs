//! The pair: contact, and what follows when it is lost.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use twinscope::drivers::probe::Found;
use twinscope::drivers::{DriverError, LeaseQuery};
use twinscope::model::{Edit, FailoverState, ObjectRef, Order};

use super::{
    Held, Outcome, apply, code, config, driver, free, put, read, refusal, reserve, with_means,
};

async fn state(bench: &Held, server: usize) -> FailoverState {
    let reading = read(bench, server).await;
    reading.relationships[&bench.relationship().to_lowercase()].state
}

/// Waits until the server is in the state.
async fn becomes(bench: &Held, server: usize, wanted: FailoverState) {
    let mut seen = Vec::new();
    for _ in 0..=bench.patience() {
        let state = state(bench, server).await;
        if state == wanted {
            return;
        }
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        bench.pass().await;
    }
    panic!("server {server} does not become {wanted}, but {seen:?}");
}

/// Waits until the server gives no reading.
async fn falls_silent(bench: &Held, server: usize) {
    for _ in 0..=bench.patience() {
        if driver(bench, server).read(None).await.is_err() {
            let probe = driver(bench, server).probe(Timestamp::UNIX_EPOCH).await;
            assert_ne!(probe.dhcp_service.found, Found::Answers, "{probe:?}");
            return;
        }
        bench.pass().await;
    }
    panic!("server {server} is still read");
}

/// Waits until the server can be read again.
async fn answers(bench: &Held, server: usize) {
    let mut last = String::new();
    for _ in 0..=bench.patience() {
        match driver(bench, server).read(None).await {
            Ok(_) => {
                let probe = driver(bench, server).probe(Timestamp::UNIX_EPOCH).await;
                assert_eq!(probe.management.found, Found::Answers, "{probe:?}");
                return;
            }
            Err(error) => last = error.to_string(),
        }
        bench.pass().await;
    }
    panic!("server {server} does not come back: {last}");
}

fn partner_down(bench: &Held) -> Order {
    Order::SetPartnerDown {
        relationship: bench.relationship(),
    }
}

async fn normal(bench: &Held) {
    for server in 0..2 {
        becomes(bench, server, FailoverState::Normal).await;
    }
}

pub async fn in_contact_both_are_normal(bench: &Held) -> Outcome {
    normal(bench).await;
    for server in 0..2 {
        let reading = read(bench, server).await;
        let status = &reading.relationships[&bench.relationship().to_lowercase()];
        assert!(status.takes_over_at.is_none() && status.recovers_at.is_none());
        assert!(status.switches_at.is_none(), "{status:?}");
    }
    Ok(())
}

pub async fn partner_down_is_refused_in_contact(bench: &Held) -> Outcome {
    normal(bench).await;
    for server in 0..2 {
        let order = partner_down(bench);
        let answer = driver(bench, server).order(&order, &[]).await;
        code(answer, "partner down while in contact");
    }
    let nobody = Order::SetPartnerDown {
        relationship: "no such relationship".to_owned(),
    };
    let answer = driver(bench, 0).order(&nobody, &[]).await;
    assert_eq!(code(answer, "partner down of nobody").number(), 20115);
    normal(bench).await;
    Ok(())
}

/// Changes a server that has lost its partner: that is done, or refused with nothing done.
async fn write_alone(bench: &Held, server: usize, edits: &[Edit]) {
    if bench.writes_alone(server) {
        put(bench, server, edits).await;
        return;
    }
    let before = config(bench, server).await;
    let answer = apply(bench, server, edits).await;
    assert_eq!(code(answer, "a change without contact").number(), 20120);
    assert_eq!(config(bench, server).await, before);
    let now = state(bench, server).await;
    assert_eq!(now, FailoverState::CommunicationInterrupted);
}

pub async fn a_stopped_partner(bench: &Held) -> Outcome {
    for gone in [1, 0] {
        let address = free(bench, 1).await[0];
        with_means("stop a server", bench.stop(gone)).await?;
        a_partner_is_gone(bench, gone, address).await?;
    }
    Ok(())
}

pub async fn a_killed_partner(bench: &Held) -> Outcome {
    for gone in [1, 0] {
        let address = free(bench, 1).await[0];
        with_means("kill a server", bench.kill(gone)).await?;
        a_partner_is_gone(bench, gone, address).await?;
    }
    Ok(())
}

/// From when it has just gone until all is well again; the address is free.
async fn a_partner_is_gone(bench: &Held, gone: usize, address: Ipv4Addr) -> Outcome {
    let survivor = 1 - gone;
    falls_silent(bench, gone).await;
    let lost = driver(bench, gone);
    let edits = [reserve(bench, address, 1)];
    let order = partner_down(bench);
    let whole = [ObjectRef::WholeScope(bench.scope())];
    for error in [
        refusal(lost.read(None).await.map(drop), "reading it"),
        refusal(lost.read_back(&whole).await, "reading it back"),
        refusal(lost.leases(&LeaseQuery::default()).await, "reading leases"),
        refusal(lost.apply(&edits, &[]).await, "writing it"),
        refusal(lost.order(&order, &[]).await, "ordering it"),
    ] {
        assert!(matches!(error, DriverError::Unreachable { .. }), "{error}");
    }
    becomes(bench, survivor, FailoverState::CommunicationInterrupted).await;
    // Configuration is the survivor's own affair.
    write_alone(bench, survivor, &edits).await;
    let there = driver(bench, survivor);
    let answer = there.order(&order, &[]).await;
    assert_eq!(answer, Ok(()), "partner down");
    becomes(bench, survivor, FailoverState::PartnerDown).await;
    if !bench.writes_alone(survivor) {
        put(bench, survivor, &edits).await;
        assert_eq!(state(bench, survivor).await, FailoverState::PartnerDown);
    }
    with_means("start a server", bench.start(gone)).await?;
    answers(bench, gone).await;
    normal(bench).await;
    // Nothing that was written alone has come over.
    let partner = read(bench, gone).await;
    let copy = &partner.config.scopes[&bench.scope()];
    assert!(!copy.reservations.contains_key(&address), "{address}");
    let undo = Edit::RemoveReservation {
        scope: bench.scope(),
        address,
    };
    put(bench, survivor, &[undo]).await;
    Ok(())
}

pub async fn a_cut_link(bench: &Held) -> Outcome {
    with_means("cut the link", bench.cut()).await?;
    for server in 0..2 {
        becomes(bench, server, FailoverState::CommunicationInterrupted).await;
    }
    // Whoever administers them reaches both.
    let addresses = free(bench, 2).await;
    for (server, address) in addresses.into_iter().enumerate() {
        let number = u8::try_from(server).unwrap_or(9);
        write_alone(bench, server, &[reserve(bench, address, number)]).await;
    }
    with_means("mend the link", bench.join()).await?;
    normal(bench).await;
    Ok(())
}
