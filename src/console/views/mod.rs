//! Views: for each its rows and columns, its menu and the tabs of its details.

mod access_control;
mod event_catalog;
mod failover_relationships;
mod filters;
mod leases;
mod policies;
mod reservations;
mod scope_properties;
mod server_groups;
mod server_properties;
mod superscope_properties;

use std::sync::Arc;

use super::command::Id;
use super::details::Tab;
use super::place::{Place, View};
use super::subject::Subject;
use super::table::{Align, ColumnSpec, Rows, SharedSource};
use super::world::World;
use crate::ipam::estate::ServerView;

pub use access_control::lines as access_lines;
pub use event_catalog::{is_about, moment, outcome};
pub use failover_relationships::{status_of, word};
pub use scope_properties::{pair, utilization};
pub use server_properties::availability;

/// What stands where servers of a kind have no such thing.
pub const NOT_THERE: &str = "n/a";

/// What there is to know of a view.
#[derive(Clone, Copy)]
pub struct ViewSpec {
    /// Its rows, narrowed as the place says.
    pub rows: fn(&World, &Place) -> SharedSource,
    /// The menu of its rows, in IPAM's order.
    pub menu: &'static [Id],
    /// The tabs of its details.
    pub tabs: &'static [Tab],
    /// What is said when there are no rows.
    pub empty: &'static str,
}

/// What there is to know of a view.
#[must_use]
pub fn spec(view: View) -> ViewSpec {
    match view {
        View::ServerProperties => server_properties::VIEW,
        View::ScopeProperties => scope_properties::VIEW,
        View::SuperscopeProperties => superscope_properties::VIEW,
        View::Policies => policies::VIEW,
        View::Filters => filters::VIEW,
        View::FailoverRelationships => failover_relationships::VIEW,
        View::Reservations => reservations::VIEW,
        View::Leases => leases::VIEW,
        View::EventCatalog => event_catalog::VIEW,
        View::ServerGroups => server_groups::VIEW,
        View::AccessControl => access_control::VIEW,
    }
}

/// No rows.
#[must_use]
pub fn none() -> SharedSource {
    let none: Rows<()> = Rows::new(Vec::new(), &[], |()| Subject::Rule(0), |(), _| false);
    Arc::new(none)
}

/// The servers whose rows are wanted, each with what is known of it: all of them, or those of what
/// the place is narrowed to.
fn servers<'a>(
    world: &'a World,
    place: &'a Place,
) -> impl Iterator<Item = &'a Arc<ServerView>> + use<'a> {
    let group = match &place.within {
        Some(Subject::Group(name)) => {
            let known = world.groups.iter().filter(|group| group.name == *name);
            Some(known.flat_map(|group| &group.servers).collect::<Vec<_>>())
        }
        _ => None,
    };
    let all = world.estate.servers.values();
    all.filter(move |view| match (&place.within, &group) {
        (_, Some(group)) => group.contains(&&view.name),
        (Some(Subject::Relationship(primary, secondary, _)), _) => {
            view.name == *primary || view.name == *secondary
        }
        (Some(within), _) => within.server().is_none_or(|server| *server == view.name),
        (None, _) => true,
    })
}

/// A column of text.
const fn text(
    name: &'static str,
    words: &'static [&'static str],
    width: (u16, u16),
    drop: u8,
) -> ColumnSpec {
    ColumnSpec {
        name,
        words,
        width,
        align: Align::Left,
        shown: true,
        drop,
    }
}

/// A column of numbers.
const fn number(
    name: &'static str,
    words: &'static [&'static str],
    width: (u16, u16),
    drop: u8,
) -> ColumnSpec {
    ColumnSpec {
        align: Align::Right,
        ..text(name, words, width, drop)
    }
}

/// A column that is shown only when it is asked for.
const fn hidden(spec: ColumnSpec) -> ColumnSpec {
    ColumnSpec {
        shown: false,
        ..spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn menus_name_commands_and_each_once() {
        for view in View::ALL {
            let menu = spec(view).menu;
            assert!(!menu.is_empty(), "{view:?} has no menu");
            for id in menu {
                let known = crate::console::command::find(id);
                assert!(
                    known.is_some_and(|command| command.is_in(view)),
                    "{view:?}: {id}"
                );
            }
            let once: BTreeSet<_> = menu.iter().collect();
            assert_eq!(once.len(), menu.len(), "{view:?}");
        }
    }

    #[test]
    fn columns_are_named_once_and_fit_narrow_screens() {
        for view in View::ALL {
            let source = (spec(view).rows)(
                &World::unknown(jiff::Timestamp::UNIX_EPOCH),
                &Place::showing(view),
            );
            let columns = source.columns();
            let mut names = BTreeSet::new();
            let mut words = BTreeSet::new();
            for column in columns {
                assert!(names.insert(column.name), "{view:?}: {} twice", column.name);
                for word in column.words {
                    assert!(words.insert(*word), "{view:?}: {word} twice");
                }
                assert!(
                    column.width.0 <= column.width.1,
                    "{view:?}: {}",
                    column.name
                );
            }
            let kept = columns
                .iter()
                .filter(|column| column.shown && column.drop == 0);
            let room: u16 = kept.map(|column| column.width.0 + 1).sum();
            assert!(room <= 58, "{view:?}: what must stay takes {room} cells");
            assert!(view == View::Leases || columns.iter().any(|column| column.shown));
        }
    }
}
