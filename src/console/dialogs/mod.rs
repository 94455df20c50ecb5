//! Dialogs: what each of IPAM's asks for, and the edits that it becomes.

mod dns;
pub mod failover;
pub mod filter;
pub mod options;
pub mod paste;
pub mod reservation;
pub mod scope;
pub mod server;
pub mod superscope;

use crate::console::command::Selection;
use crate::console::subject::Subject;
use crate::console::world::World;
use crate::model::plan::{Intent, Reach};
use crate::model::{Edit, ScopeId, ServerName};

/// A change to a server, carried to its partner as IPAM does; nothing where there are no edits.
fn change(server: &ServerName, edits: Vec<Edit>) -> Option<Intent> {
    (!edits.is_empty()).then(|| Intent::Change {
        server: server.clone(),
        edits,
        reach: Reach::Pair,
    })
}

/// Why a server's kind has no use for an edit, which a form says before it is filled in.
fn refused(world: &World, server: &ServerName, edit: &Edit) -> Option<String> {
    world.kinds.refuses(&world.estate, server, edit)
}

/// A change to each of several servers: the edits of the rows of each, in the order selected.
pub fn changes(selection: &Selection, edits: impl Fn(&Subject) -> Vec<Edit>) -> Vec<Intent> {
    let of_server = |server: &ServerName| {
        let rows = selection.rows.iter();
        let rows = rows.filter(|row| row.server() == Some(server));
        change(server, rows.flat_map(&edits).collect())
    };
    selection.servers().iter().filter_map(of_server).collect()
}

/// The scope that the one row selected is, or lies in, as its server holds it.
pub fn scope_of(selection: &Selection) -> Option<(ServerName, ScopeId)> {
    let row = selection.one()?;
    Some((row.server()?.clone(), row.scope()?))
}

/// Why not every server of the rows can be written.
#[must_use]
pub fn unwritable(world: &World, selection: &Selection) -> Option<String> {
    let servers = selection.servers();
    let mut refusals = servers.iter();
    refusals.find_map(|server| crate::console::command::unwritable(world, server))
}
