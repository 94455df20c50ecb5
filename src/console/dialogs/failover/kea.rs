//! What two Kea servers are asked for instead of Microsoft's parameters: who listens where, and
//! after how long the other one is missed.

use crate::console::layers::form::{Field, FieldId, Fields, Format, Wrong, read};
use crate::console::world::World;
use crate::model::failover::{Mode, Role};
use crate::model::ha_setup::MAX_DELAY;
use crate::model::server::Product;
use crate::model::{HaEnd, HaSetup, ServerName};
use crate::rules::ha_setup::{self, Term};

/// The fields that only Kea's servers have.
const OWN: [&str; 8] = [
    "own-name",
    "own-url",
    "partner-name",
    "partner-url",
    "heartbeat",
    "response",
    "unacked",
    "auto",
];

/// Microsoft's, which Kea has no word for.
const THEIRS: [&str; 8] = [
    "percent", "role", "reserve", "mclt", "switch", "interval", "auth", "secret",
];

/// Which kind of server it is, as far as it was read.
pub(super) fn product(world: &World, server: &ServerName) -> Option<Product> {
    let view = world.estate.servers.get(server)?;
    Some(view.reading.as_ref()?.identity.product)
}

/// Whether a field is there for a pair of that kind.
pub(super) fn is_for(id: FieldId, kea: bool) -> bool {
    match kea {
        true => !THEIRS.contains(&id),
        false => !OWN.contains(&id),
    }
}

/// The terms that are proposed; what is not known is empty.
pub(super) fn proposed(world: &World, server: &ServerName, partner: &ServerName) -> HaSetup {
    let known = world.kinds.ha_setup(server, partner);
    known.unwrap_or_else(|| HaSetup::between(HaEnd::default(), HaEnd::default()))
}

/// The fields of the terms.
pub(super) fn terms(setup: &HaSetup) -> Vec<Field> {
    let number = |id, label: &str, least, most, value: u32| {
        Field::of(id, label, Format::Number(least, most), value.to_string())
    };
    vec![
        Field::text("own-name", "Name of this server", &setup.own.name).required(),
        Field::text("own-url", "URL of this server", &setup.own.url)
            .required()
            .hint("where its partner finds it, such as http://10.0.0.1:8001/"),
        Field::text(
            "partner-name",
            "Name of partner server",
            &setup.partner.name,
        )
        .required(),
        Field::text("partner-url", "URL of partner server", &setup.partner.url)
            .required()
            .hint("where this server finds it"),
        number(
            "heartbeat",
            "Heartbeat",
            1,
            MAX_DELAY,
            setup.heartbeat_delay,
        )
        .unit("ms"),
        number(
            "response",
            "Max response delay",
            1,
            MAX_DELAY,
            setup.max_response_delay,
        )
        .unit("ms")
        .hint("without contact for so long, the partner is missed"),
        number(
            "unacked",
            "Max unacked clients",
            0,
            u32::MAX,
            setup.max_unacked_clients,
        )
        .hint("so many clients ask in vain before it is taken for down; 0: by itself"),
        Field::check("auto", "Auto failover", setup.auto_failover),
    ]
}

/// Proposes the names and URLs for another partner.
pub(super) fn propose(fields: &mut Fields, setup: &HaSetup) {
    fields.propose("own-name", setup.own.name.clone());
    fields.propose("own-url", setup.own.url.clone());
    fields.propose("partner-name", setup.partner.name.clone());
    fields.propose("partner-url", setup.partner.url.clone());
}

/// What is wrong with one of the terms by itself, and with the others.
pub(super) fn wrong(id: FieldId, fields: &Fields) -> Option<String> {
    let found = setup(fields).err()?;
    let mut found = found.into_iter();
    found.find(|(field, _)| *field == id).map(|(_, why)| why)
}

/// The terms as they stand in the form.
///
/// # Errors
/// What is wrong with them, field by field.
pub(super) fn setup(fields: &Fields) -> Result<HaSetup, Wrong> {
    let end = |name, url| HaEnd {
        name: fields.text(name).to_owned(),
        url: fields.text(url).to_owned(),
    };
    let delay = |id| fields.read(id, |text| read::number(text, 1, MAX_DELAY));
    let setup = HaSetup {
        heartbeat_delay: delay("heartbeat")?,
        max_response_delay: delay("response")?,
        max_unacked_clients: fields.read("unacked", |text| read::number(text, 0, u32::MAX))?,
        auto_failover: fields.on("auto"),
        ..HaSetup::between(
            end("own-name", "own-url"),
            end("partner-name", "partner-url"),
        )
    };
    let wrong: Wrong = ha_setup::wrong(&setup)
        .into_iter()
        .map(|(term, why)| (field(term), why))
        .collect();
    match wrong.is_empty() {
        true => Ok(setup),
        false => Err(wrong),
    }
}

fn field(term: Term) -> FieldId {
    match term {
        Term::OwnName => "own-name",
        Term::OwnUrl => "own-url",
        Term::PartnerName => "partner-name",
        Term::PartnerUrl => "partner-url",
        Term::Heartbeat => "heartbeat",
        Term::MaxResponse | Term::MaxAck => "response",
    }
}

/// The mode, in Kea's terms: half and half, or this server active.
pub(super) fn mode(fields: &Fields) -> Mode {
    match fields.chosen("mode") {
        0 => Mode::LoadBalance { percent: 50 },
        _ => Mode::HotStandby {
            role: Role::Active,
            reserve_percent: 0,
        },
    }
}
