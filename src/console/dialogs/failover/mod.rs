//! The dialogs of failover, and the parameters of a relationship that two of them ask for.

mod configure;
mod edit;
mod kea;
mod replicate;
mod take_apart;

use crate::console::layers::form::{Field, FieldId, Fields, Format, Wrong, read};
use crate::console::world::World;
use crate::model::failover::{
    DEFAULT_LOAD_BALANCE_PERCENT, DEFAULT_RESERVE_PERCENT, DEFAULT_SWITCH_INTERVAL, Mode,
    Relationship, Role,
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

/// The fields of a relationship's parameters, as `held` has them.
fn parameters(held: &Relationship) -> Vec<Field> {
    let (mode, percent, role, reserve) = match held.mode {
        Mode::LoadBalance { percent } => (0, percent, Role::Active, DEFAULT_RESERVE_PERCENT),
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
        .unit("% on this server"),
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
        .unit("%"),
        Field::of(
            "mclt",
            "Maximum Client Lead Time",
            Format::Seconds,
            held.mclt.to_string(),
        ),
        Field::check(
            "switch",
            "State Switchover Interval",
            held.switch_interval.is_some(),
        )
        .hint("without contact it takes its partner for down by itself"),
        Field::of(
            "interval",
            "Switches after",
            Format::Number(1, u32::MAX / 60),
            interval.0.div_ceil(60).to_string(),
        )
        .unit("minutes"),
        Field::check("auth", "Enable Message Authentication", held.authenticated),
        Field::secret("secret", "Shared Secret"),
    ]
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

/// The State Switchover Interval; `before` stays where nobody changed the minutes, which may not
/// say all of it.
fn interval(fields: &Fields, before: Option<Seconds>) -> Result<Option<Seconds>, Wrong> {
    if !fields.on("switch") {
        return Ok(None);
    }
    if let Some(before) = before.filter(|_| !fields.touched("interval")) {
        return Ok(Some(before));
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
