//! The console's keys and commands, as text.

use std::io::Write;

use crate::config::Home;
use crate::console::command;
use crate::console::keymap::Keymap;
use crate::console::layers::help;

/// Writes every command under its section: keys, the name by which keymap.toml knows it, and what
/// it does.
pub(super) fn write(home: &Home, out: &mut dyn Write) -> anyhow::Result<()> {
    let keymap = Keymap::new(command::defaults())?.with_user(home)?;
    let mut section = None;
    for line in help::keys_table(&keymap) {
        if section != Some(line.section) {
            if section.is_some() {
                writeln!(out)?;
            }
            writeln!(out, "{}", line.section.label())?;
            section = Some(line.section);
        }
        writeln!(out, "  {:<25} {:<26} {}", line.keys, line.id, line.help)?;
    }
    writeln!(out, "\nTo change them: {}", Keymap::file(home).display())?;
    writeln!(out, "  [keys]")?;
    writeln!(out, "  search = [\"ctrl-f\", \"f3\"]")?;
    Ok(())
}
