//! Import Reservations: several pasted as lines of CSV, created all at once.

use std::collections::BTreeMap;

use super::{change, reservation::where_it_goes};
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::world::World;
use crate::exchange::reservations::{self, Row};
use crate::model::{Edit, Intent, ScopeId, ServerName};

/// So many wrong lines are told at once.
const TOLD: usize = 4;
const HINT: &str = "Address, client ID, name, description a line, or what Export-Csv writes";

/// Import Reservations.
#[derive(Debug)]
pub struct Paste {
    server: ServerName,
    scope: ScopeId,
}

impl Paste {
    /// Into a scope of a server.
    #[must_use]
    pub fn new(server: ServerName, scope: ScopeId) -> Paste {
        Paste { server, scope }
    }

    /// The lines, with what is wrong with each as far as is known here.
    fn rows(&self, text: &str, world: &World) -> Result<Vec<Row>, String> {
        let scope = world.estate.scope(&self.server, self.scope);
        let mut addresses = BTreeMap::new();
        let mut clients = BTreeMap::new();
        let rows = reservations::read(text)?.into_iter().map(|(line, row)| {
            let checked = row.and_then(|row| {
                if !self.scope.contains(row.address) {
                    return Err(format!("{} is not in scope {}", row.address, self.scope));
                }
                if let Some(before) = addresses.insert(row.address, line) {
                    return Err(format!("{} is on line {before} too", row.address));
                }
                if let Some(before) = clients.insert(row.client.clone(), line) {
                    return Err(format!("{} is on line {before} too", row.client));
                }
                let mut held = scope.iter().flat_map(|scope| scope.reservations.values());
                let held =
                    held.find(|held| held.address == row.address || held.client == row.client);
                match held {
                    Some(held) => Err(format!(
                        "there is a reservation of {} for {} already",
                        held.address, held.client
                    )),
                    None => Ok(row),
                }
            });
            (line, checked)
        });
        Ok(rows.collect())
    }
}

/// What is wrong, a line each, the first few of them.
fn told(rows: &[Row]) -> Option<String> {
    let wrong = |(line, row): &Row| {
        let why = row.as_ref().err()?;
        Some(format!("line {line}: {why}"))
    };
    let mut wrong: Vec<String> = rows.iter().filter_map(wrong).collect();
    if wrong.is_empty() {
        return None;
    }
    let more = wrong.len().saturating_sub(TOLD);
    wrong.truncate(TOLD);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    Some(wrong.join("\n"))
}

impl FormKind for Paste {
    fn title(&self) -> String {
        "Import Reservations".to_owned()
    }

    fn about(&self, world: &World) -> String {
        where_it_goes(world, &self.server, self.scope)
    }

    fn fields(&self, _world: &World) -> Vec<Field> {
        vec![Field::area("lines", "Paste lines here").hint(HINT)]
    }

    fn changed(&mut self, _id: FieldId, fields: &mut Fields, world: &World) {
        let text = fields.text("lines").to_owned();
        let said = match self.rows(&text, world) {
            Err(why) => why,
            Ok(rows) if rows.is_empty() => HINT.to_owned(),
            Ok(rows) => {
                let good = rows.iter().filter(|(_, row)| row.is_ok()).count();
                let plural = if good == 1 { "" } else { "s" };
                match told(&rows) {
                    None => format!("{good} reservation{plural}"),
                    Some(wrong) => format!("{good} reservation{plural}; {wrong}"),
                }
            }
        };
        fields.say("lines", said);
    }

    fn submit(&self, fields: &Fields, world: &World) -> Result<Vec<Intent>, Wrong> {
        let rows = fields.read("lines", |text| self.rows(text, world))?;
        if rows.is_empty() {
            return Err(vec![(
                "lines",
                "there are no reservations to create".to_owned(),
            )]);
        }
        if let Some(wrong) = told(&rows) {
            return Err(vec![("lines", wrong)]);
        }
        let rows = rows.into_iter().filter_map(|(_, row)| row.ok());
        let edits = rows.map(|reservation| Edit::AddReservation {
            scope: self.scope,
            reservation,
        });
        Ok(change(&self.server, edits.collect()).into_iter().collect())
    }
}
