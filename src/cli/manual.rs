//! The manual: one page, with every command and every cmdlet in it.

use std::io::{self, Write};

use clap_mangen::Man;

use crate::cmdlets;
use crate::console::command;
use crate::console::keymap::Keymap;
use crate::console::layers::help;

/// Writes the page as roff.
pub(super) fn write(mut command: clap::Command, out: &mut dyn Write) -> io::Result<()> {
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_extra_section(&mut page)?;
    commands(&command, "twinscope", &mut page)?;
    keys(&mut page)?;
    writeln!(page, ".SH CMDLETS")?;
    for name in cmdlets::names() {
        writeln!(page, ".TP\n\\fB{}\\fR", escaped(name))?;
        writeln!(
            page,
            "{}",
            escaped(cmdlets::about(name).unwrap_or_default())
        )?;
    }
    out.write_all(&page)
}

/// The console's keys, as they are until a keymap.toml says otherwise.
fn keys(page: &mut Vec<u8>) -> io::Result<()> {
    let keymap = Keymap::new(command::defaults()).map_err(io::Error::other)?;
    writeln!(page, ".SH KEYS")?;
    let mut section = None;
    for line in help::keys_table(&keymap) {
        if section.replace(line.section) != Some(line.section) {
            writeln!(page, ".SS {}", escaped(line.section.label()))?;
        }
        let keys = match line.keys.as_str() {
            "" => "(no key)",
            keys => keys,
        };
        writeln!(page, ".TP\n\\fB{}\\fR  {}", escaped(keys), escaped(line.id))?;
        writeln!(page, "{}", escaped(line.help))?;
    }
    Ok(())
}

/// A section for each command that does something, as its help has it.
fn commands(command: &clap::Command, path: &str, page: &mut Vec<u8>) -> io::Result<()> {
    for inner in command.get_subcommands() {
        let path = format!("{path} {}", inner.get_name());
        if inner.has_subcommands() {
            commands(inner, &path, page)?;
            continue;
        }
        writeln!(page, ".SH {}", escaped(&path.to_uppercase()))?;
        writeln!(page, ".nf")?;
        for line in inner.clone().render_help().to_string().lines() {
            writeln!(page, "{}", escaped(line))?;
        }
        writeln!(page, ".fi")?;
    }
    Ok(())
}

/// A line as roff shows it unchanged.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.chars().next() {
        Some('.' | '\'') => format!("\\&{text}"),
        _ => text,
    }
}
