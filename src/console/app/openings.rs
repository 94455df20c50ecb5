//! Layers made from where the console is, and what is remembered of the operator's taste.

use ratatui::layout::Position;

use super::App;
use crate::console::action::{Action, Effect, Motion};
use crate::console::command;
use crate::console::draw::theme::Theme;
use crate::console::jobs::JobRequest;
use crate::console::layers::help;
use crate::console::layers::menu::{Item, Menu};
use crate::console::layers::palette::{Offer, Palette};
use crate::console::place::Place;
use crate::console::preferences::Preferences;
use crate::console::table::Table;
use crate::console::views;

impl App {
    /// The command palette: the view's menu first, then what belongs to the view, then the rest.
    pub(super) fn palette(&self) -> Palette {
        let selection = self.selection();
        let view = self.place.view;
        let menu = views::spec(view).menu;
        let mut offers: Vec<(usize, Offer)> = command::all()
            .filter(|known| known.is_offered(&self.world, &selection))
            .map(|known| {
                let here = known.is_in(view);
                let in_menu = menu.iter().position(|id| *id == known.id);
                let rank = match (in_menu, here) {
                    (Some(place), _) => place,
                    (None, true) if known.place != command::Where::Anywhere => 1_000,
                    (None, true) if !known.hint.is_empty() => 2_000,
                    (None, true) => 3_000,
                    (None, false) => 4_000,
                };
                let offer = Offer {
                    id: known.id,
                    title: known.title.to_owned(),
                    keys: help::keys(&self.keymap, known.id),
                    refused: known.refusal(&self.world, &selection),
                    here,
                };
                (rank, offer)
            })
            .collect();
        offers.sort_by_key(|(rank, _)| *rank);
        Palette::new(offers.into_iter().map(|(_, offer)| offer).collect())
    }

    /// The columns to sort by.
    pub(super) fn sorts(&self) -> Menu {
        let sort = self.table.sort();
        let specs = self.table.source().columns();
        let shown = self.table.shown().iter();
        let items = shown.filter_map(|place| {
            let spec = specs.get(*place)?;
            let action = Action::Move(Motion::Sort(*place));
            let mut item = Item::new(spec.name, vec![action]);
            item.current = sort.column == Some(*place);
            item.key = match (item.current, sort.descending) {
                (false, _) => String::new(),
                (true, false) => "up".to_owned(),
                (true, true) => "down".to_owned(),
            };
            Some(item)
        });
        Menu::new("Sort by", items.collect(), self.at_the_table())
    }

    /// The themes.
    pub(super) fn themes(&self) -> Menu {
        let items = Theme::ALL.into_iter().map(|theme| {
            let mut taste = self.preferences.clone();
            theme.name().clone_into(&mut taste.theme);
            let label = theme.name().replace('-', " ");
            let mut item = Item::new(label, vec![Action::Prefer(Box::new(taste))]);
            item.current = theme == self.look.theme;
            item
        });
        Menu::new("Theme", items.collect(), self.at_the_table())
    }

    /// Under the head of the table.
    fn at_the_table(&self) -> Position {
        let row = self.drawn.hits.cursor_row.unwrap_or(Position::new(1, 4));
        Position::new(row.x + 2, self.under("view").y + 2)
    }

    /// Has everything look as the operator wants it, and writes that down.
    pub(super) fn prefer(&mut self, preferences: Preferences) -> Vec<Effect> {
        self.preferences = preferences;
        if let Ok(theme) = Theme::named(&self.preferences.theme) {
            self.look.theme = theme;
        }
        let apply = |place: &Place, table: &mut Table| {
            let source = table.source().clone();
            self.preferences.apply(place.view, &source, table);
        };
        for (place, table) in &mut self.tables {
            apply(place, table);
        }
        apply(&self.place, &mut self.table);
        let mut effects = self.refresh();
        let request = JobRequest::Remember(Box::new(self.preferences.clone()));
        effects.push(self.spawn(request, None));
        effects
    }

    /// Remembers by what the table was just sorted.
    pub(super) fn remember_sort(&mut self) -> Vec<Effect> {
        let sort = self.table.sort();
        let specs = self.table.source().columns();
        let name = sort.column.and_then(|place| specs.get(place));
        let name = name.map_or("", |spec| spec.name).to_owned();
        let label = self.place.view.label().to_owned();
        let taste = self.preferences.views.entry(label).or_default();
        (taste.sort, taste.descending) = (name, sort.descending);
        let request = JobRequest::Remember(Box::new(self.preferences.clone()));
        vec![self.spawn(request, None)]
    }
}
