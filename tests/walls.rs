//! The walls of the house: imports only go down, and nothing reaches servers past `ipam`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

/// Each room with the rooms it may import. `clock` is for all but the pure ones.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &["model"]),
    ("clock", &["clock"]),
    ("config", &["config", "model"]),
    ("rules", &["rules", "model"]),
    ("exchange", &["exchange", "model"]),
    ("drivers", &["drivers", "rules", "model", "clock", "config"]),
    (
        "ipam",
        &["ipam", "drivers", "rules", "model", "clock", "config"],
    ),
    // Of the drivers, those above ipam know only the words of its answers.
    (
        "cmdlets",
        &[
            "cmdlets", "ipam", "exchange", "rules", "model", "clock", "drivers",
        ],
    ),
    (
        "console",
        &[
            "console", "ipam", "exchange", "rules", "model", "clock", "config", "drivers",
        ],
    ),
    (
        "cli",
        &[
            "cli", "console", "cmdlets", "ipam", "drivers", "rules", "model", "clock", "config",
        ],
    ),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn room_of(path: &Path, root: &Path) -> String {
    let first = path
        .strip_prefix(root)
        .unwrap()
        .components()
        .next()
        .unwrap();
    first
        .as_os_str()
        .to_string_lossy()
        .trim_end_matches(".rs")
        .to_owned()
}

/// The code of a file without its comments and its test module.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

fn files() -> (PathBuf, Vec<PathBuf>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "the sources were not found");
    (root, files)
}

#[test]
fn imports_only_go_down() {
    let (root, files) = files();
    let mut wrong = Vec::new();
    for path in files {
        let room = room_of(&path, &root);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == room);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{room} is in no row of the table"));
        let code = code(&path);
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(group) => group.split('}').next().unwrap().split(',').collect(),
                None => vec![rest],
            };
            for name in names {
                let name: String = name
                    .trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if !name.is_empty() && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{}: crate::{name}", path.display()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports that go up:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn pure_rooms_do_no_io_and_ask_no_clock() {
    let (root, files) = files();
    for path in files {
        if !matches!(room_of(&path, &root).as_str(), "model" | "rules") {
            continue;
        }
        let code = code(&path);
        for word in [
            "std::fs",
            "std::net::Tcp",
            "tokio",
            "rusqlite",
            "Timestamp::now",
            "Instant",
            "std::env",
        ] {
            assert!(!code.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn only_carry_out_writes_to_servers() {
    let (root, files) = files();
    for path in files {
        let inside = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        if inside.starts_with("drivers/")
            || inside.starts_with("rules/")
            || inside.starts_with("model/")
            // Nobody hands the console a driver; it has orders of rows.
            || inside.starts_with("console/")
        {
            continue;
        }
        let writes = code(&path).contains(".apply(") || code(&path).contains(".order(");
        assert!(
            !writes || inside.starts_with("ipam/carry_out"),
            "{inside} writes past carry_out"
        );
    }
}

#[test]
fn every_file_says_which_question_it_answers() {
    for path in files().1 {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//! "),
            "{} has no first line that says so",
            path.display()
        );
    }
}
