//! Opening the console on the process's terminal.

use std::io;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use super::app::App;
use super::command;
use super::draw::Look;
use super::draw::theme::{Glyphs, Theme, UnknownTheme};
use super::jobs::Jobs;
use super::keymap::{DefaultsError, Keymap};
use super::preferences::Preferences;
use super::run::{self, Sources};
use super::table::leases::LeaseBook;
use super::terminal::{Terminal, tty_size};
use super::world::World;
use crate::config::{ConfigError, Home, Periods};
use crate::ipam::{CacheLoad, Ipam, StoreError};

/// How the operator wants it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A theme's name; `None`: as remembered, or as the terminal asks for.
    pub theme: Option<String>,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// Leave the mouse to the terminal.
    pub no_mouse: bool,
    /// How often servers are read.
    pub periods: Periods,
}

/// Why the console can't be opened, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The theme asked for.
    #[error(transparent)]
    Theme(#[from] UnknownTheme),
    /// The keys that commands have.
    #[error("the program's own keys are wrong: {0}")]
    Defaults(#[from] DefaultsError),
    /// The keymap file.
    #[error(transparent)]
    Keymap(#[from] ConfigError),
    /// What was left behind by a process that died.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The terminal.
    #[error("the terminal can't be used: {0}")]
    Terminal(#[from] io::Error),
}

/// Opens the console, and stays until it is closed. The calling thread is the one that draws.
///
/// # Errors
/// [`ConsoleError`].
pub async fn open(ipam: Ipam, home: &Home, options: &Options) -> Result<(), ConsoleError> {
    let environment = |name: &str| std::env::var(name).ok();
    let taste = home.state.join("preferences.toml");
    let preferences = Preferences::load(&taste);
    let remembered = Some(preferences.theme.as_str()).filter(|name| !name.is_empty());
    let no_color = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
    let named = options
        .theme
        .as_deref()
        .or(remembered.filter(|_| !no_color));
    let look = Look {
        theme: Theme::choose(named, &environment)?,
        glyphs: Glyphs::choose(options.ascii, &environment),
    };
    let mut left_behind = ipam.take_up().await?;
    if let CacheLoad::Ignored(why) = ipam.load_cache() {
        left_behind.push(why);
    }
    let keymap = Keymap::new(command::defaults())?.with_user(home)?;
    let zone = zone(TimeZone::system());
    let world = World {
        estate: ipam.estate(),
        access: ipam.access(),
        kinds: ipam.kinds(),
        operator: ipam.operator().to_owned(),
        groups: ipam.groups().into(),
        leases: Arc::new(LeaseBook::in_zone(zone.clone())),
        zone,
        ..World::unknown(ipam.clock().now())
    };
    let mut app = App::new(world, look, keymap, preferences);
    for sentence in left_behind {
        app.say(sentence);
    }
    let inputs = run::listen()?;
    let (tell, messages) = mpsc::channel(256);
    let mut jobs = Jobs::new(ipam.clone(), taste, tell);
    let sources = Sources {
        inputs,
        messages,
        estates: ipam.watch(),
    };
    let collecting = ipam.keep_collecting(options.periods);
    let ended = {
        let mut terminal = Terminal::of_process(!options.no_mouse, |_| ())?;
        let clock = ipam.clock().clone();
        run::run(
            &mut app,
            &mut terminal,
            &mut jobs,
            sources,
            &clock,
            tty_size,
        )
        .await
    };
    collecting.stop().await;
    Ok(ended?)
}

/// The zone, with what is UTC by another name, or unknown, as UTC.
fn zone(system: TimeZone) -> TimeZone {
    let utc = matches!(
        system.iana_name(),
        Some("UTC" | "Etc/UTC" | "Etc/UCT" | "Zulu" | "Etc/Zulu" | "Universal")
    );
    if utc || system.is_unknown() {
        TimeZone::UTC
    } else {
        system
    }
}
