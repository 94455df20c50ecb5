//! The dialogs of failover, and the parameters of a relationship that two of them ask for.

mod configure;
mod edit;
mod replicate;
mod take_apart;

use super::refused;
use crate::console::layers::form::{Control, Field, FieldId, Fields, Format, Wrong, read};
use crate::console::world::World;
use crate::model::Edit;
use crate::model::failover::{
    DEFAULT_LOAD_BALANCE_PERCENT, DEFAULT_RESERVE_PERCENT, DEFAULT_SWITCH_INTERVAL, Mode,
    Relationship, RelationshipProperty, Role, SharedSecret,
};
use crate::model::scope::Seconds;
use crate::model::server::{ServerName, ServerRole};

pub use configure::Configure;
pub use edit::EditRelationship;
pub use replicate::ReplicateRelationship;
pub use take_apart::{DeleteRelationship, RemoveFailover};

/// What is ticked to go on without the partner.
const FORCE: &str = "Go on when the partner can't be written";
const FORCE_HINT: &str = "its copies stay there, and serve once it is back";

/// The check box that goes on without the partner; off until it is ticked.
fn force() -> Field {
    Field::check("force", FORCE, false).hint(FORCE_HINT)
}

/// Why a server's kind has no use for a relationship's property, were it that.
fn why_not(world: &World, server: &ServerName, property: RelationshipProperty) -> Option<String> {
    let edit = Edit::SetRelationship {
        name: String::new(),
        properties: vec![property],
    };
    refused(world, server, &edit)
}

/// A relationship as a form proposes it: without what the server's kind has no use for.
fn proposed(world: &World, server: &ServerName) -> Relationship {
    let mut new = Relationship::new("", server.clone());
    // The console ticks it; the cmdlets do not.
    let authentication = RelationshipProperty::Authentication(Some(SharedSecret::Kept));
    new.authenticated = why_not(world, server, authentication).is_none();
    if why_not(world, server, RelationshipProperty::Mclt(new.mclt)).is_some() {
        new.mclt = Seconds(0);
    }
    new
}

/// The fields of a relationship's parameters, as `held` has them on a server.
fn parameters(world: &World, server: &ServerName, held: &Relationship) -> Vec<Field> {
    let why_not = |property| why_not(world, server, property);
    let no_percent = why_not(RelationshipProperty::Mode(Mode::LoadBalance { percent: 1 }));
    let no_reserve = why_not(RelationshipProperty::Mode(Mode::HotStandby {
        role: Role::Active,
        reserve_percent: 1,
    }));
    let authentication = RelationshipProperty::Authentication(Some(SharedSecret::Kept));
    let usual = match no_reserve {
        None => DEFAULT_RESERVE_PERCENT,
        Some(_) => 0,
    };
    let (mode, percent, role, reserve) = match held.mode {
        Mode::LoadBalance { percent } => (0, percent, Role::Active, usual),
        Mode::HotStandby {
            role,
            reserve_percent,
        } => (1, DEFAULT_LOAD_BALANCE_PERCENT, role, reserve_percent),
    };
    let partner = match role {
        Role::Active => 0,
        Role::Standby => 1,
    };
    let interval = held.switch_interval.unwrap_or(DEFAULT_SWITCH_INTERVAL);
    vec![
        Field::choice("mode", "Mode", ["Load Balance", "Hot Standby"], mode),
        Field::of(
            "percent",
            "Load Balance Percentage",
            Format::Number(0, 100),
            percent.to_string(),
        )
        .unit("% on this server")
        .unless(no_percent),
        Field::choice(
            "role",
            "Role of Partner Server",
            ["Standby", "Active"],
            partner,
        ),
        Field::of(
            "reserve",
            "Addresses reserved for standby",
            Format::Number(0, 100),
            reserve.to_string(),
        )
        .unit("%")
        .unless(no_reserve),
        Field::of(
            "mclt",
            "Maximum Client Lead Time",
            Format::Seconds,
            held.mclt.to_string(),
        )
        .unless(why_not(RelationshipProperty::Mclt(Seconds(1)))),
        Field::check(
            "switch",
            "State Switchover Interval",
            held.switch_interval.is_some(),
        )
        .hint("without contact it takes its partner for down by itself"),
        interval_field(interval),
        Field::check("auth", "Enable Message Authentication", held.authenticated)
            .unless(why_not(authentication)),
        Field::secret("secret", "Shared Secret"),
    ]
}

/// The State Switchover Interval: in minutes as IPAM asks for it, where they say all of it.
fn interval_field(interval: Seconds) -> Field {
    let label = "Switches after";
    if !interval.0.is_multiple_of(60) {
        return Field::of("interval", label, Format::Seconds, interval.to_string());
    }
    let minutes = (interval.0 / 60).to_string();
    let format = Format::Number(1, u32::MAX / 60);
    Field::of("interval", label, format, minutes).unit("minutes")
}

/// Whether a field of the parameters is there, as the others stand.
fn parameter_shown(id: FieldId, fields: &Fields) -> bool {
    match id {
        "percent" => fields.chosen("mode") == 0,
        "role" | "reserve" => fields.chosen("mode") == 1,
        "interval" => fields.on("switch"),
        "secret" => fields.on("auth"),
        _ => true,
    }
}

fn percentage(fields: &Fields, id: FieldId) -> Result<u8, Wrong> {
    let number = fields.read(id, |text| read::number(text, 0, 100))?;
    // It is a hundred at most.
    Ok(u8::try_from(number).unwrap_or(100))
}

fn mode(fields: &Fields) -> Result<Mode, Wrong> {
    Ok(match fields.chosen("mode") {
        0 => Mode::LoadBalance {
            percent: percentage(fields, "percent")?,
        },
        _ => Mode::HotStandby {
            role: match fields.chosen("role") {
                0 => Role::Active,
                _ => Role::Standby,
            },
            reserve_percent: percentage(fields, "reserve")?,
        },
    })
}

fn mclt(fields: &Fields) -> Result<Seconds, Wrong> {
    fields.read("mclt", read::seconds)
}

/// The State Switchover Interval; `before` stays where nobody changed it.
fn interval(fields: &Fields, before: Option<Seconds>) -> Result<Option<Seconds>, Wrong> {
    if !fields.on("switch") {
        return Ok(None);
    }
    if let Some(before) = before.filter(|_| !fields.touched("interval")) {
        return Ok(Some(before));
    }
    if let Some(Control::Text {
        format: Format::Seconds,
        ..
    }) = fields.get("interval").map(|field| &field.control)
    {
        return fields.read("interval", read::seconds).map(Some);
    }
    let minutes = fields.read("interval", |text| read::number(text, 1, u32::MAX / 60))?;
    Ok(Some(Seconds(minutes.saturating_mul(60))))
}

/// The DHCP servers but for one, in the order of their names.
fn others(world: &World, server: &ServerName) -> Vec<ServerName> {
    let views = world.estate.servers.values();
    let dhcp = views.filter(|view| {
        let reading = view.reading.as_ref();
        view.name != *server
            && reading.is_some_and(|reading| reading.identity.roles.contains(&ServerRole::Dhcp))
    });
    dhcp.map(|view| view.name.clone()).collect()
}
