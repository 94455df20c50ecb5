//! Views: for each its rows and columns, its menu and the tabs of its details.

mod failover_relationships;
mod scope_properties;
mod server_properties;

use std::sync::Arc;

use super::command::Id;
use super::details::Tab;
use super::place::{Place, View};
use super::subject::Subject;
use super::table::{Align, ColumnSpec, Rows, SharedSource};
use super::world::World;

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
        View::FailoverRelationships => failover_relationships::VIEW,
        _ => NOT_YET,
    }
}

const NOT_YET: ViewSpec = ViewSpec {
    rows: |_, _| {
        let none: Rows<()> = Rows::new(Vec::new(), &[], |()| Subject::Rule(0), |(), _| false);
        Arc::new(none)
    },
    menu: &[],
    tabs: &[],
    empty: "",
};

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
