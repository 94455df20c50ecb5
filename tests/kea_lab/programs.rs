//! Where each version's programs are, and how they are run from where they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::Version;

/// One version's programs.
pub struct Programs {
    /// Where `usr/sbin/kea-dhcp4` lies under.
    root: PathBuf,
    /// The dynamic loader that runs them, and where it looks for libraries.
    loader: PathBuf,
    libraries: Option<PathBuf>,
    hooks: PathBuf,
}

/// The programs of a version; `None` when it is not on this machine.
pub fn of(version: Version) -> Option<&'static Programs> {
    static FOUND: OnceLock<[Option<Programs>; 3]> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let installed = installed();
        Version::ALL.map(|version| {
            let number = version.number();
            match &installed {
                Some(here) if here == number => Programs::under(Path::new("/"), false),
                _ => laid(number),
            }
        })
    });
    let place = Version::ALL.iter().position(|one| *one == version)?;
    found[place].as_ref()
}

/// The first two numbers of the version that is installed.
fn installed() -> Option<String> {
    let output = Command::new("/usr/sbin/kea-dhcp4")
        .arg("-v")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().split('.');
    Some(format!("{}.{}", numbers.next()?, numbers.next()?))
}

/// The version that `tests/kea/install.sh` laid into its folder.
fn laid(number: &str) -> Option<Programs> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|it| !it.is_empty())
            .map(PathBuf::from)
    };
    let all = folder("TWINSCOPE_KEA").or_else(|| {
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        Some(cache?.join("twinscope-tests/kea"))
    });
    let root = all?.join(number);
    let complete = std::fs::read_to_string(root.join("complete")).ok()?;
    (complete.trim() == format!("kea {number}")).then(|| Programs::under(&root, true))?
}

impl Programs {
    /// `None` when something is missing there.
    fn under(root: &Path, relocated: bool) -> Option<Programs> {
        // Debian has them in a folder for the architecture.
        let folders = std::fs::read_dir(root.join("usr/lib")).ok()?;
        folders.flatten().find_map(|folder| {
            let folder = folder.path();
            let hooks = folder.join("kea/hooks");
            let entries = std::fs::read_dir(&folder).ok()?.flatten();
            let loader = entries.map(|entry| entry.path()).find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("ld-linux") && name.contains(".so.")
            })?;
            hooks.is_dir().then(|| Programs {
                root: root.to_owned(),
                loader,
                libraries: relocated.then(|| folder.clone()),
                hooks,
            })
        })
    }

    /// Where the hooks' libraries are.
    pub fn hooks(&self) -> &Path {
        &self.hooks
    }

    /// A command that runs one of the programs on a configuration file, beside which it writes.
    pub fn command(
        &self,
        program: &str,
        file: &Path,
        namespace: Option<&str>,
        more: &[String],
    ) -> Command {
        let folder = file.parent().unwrap();
        let mut words: Vec<PathBuf> = Vec::new();
        if let Some(namespace) = namespace {
            words.extend(["ip", "netns", "exec", namespace].map(PathBuf::from));
        }
        // Killed by the kernel when the tests are killed and can't do it themselves.
        let setpriv = Path::new("/usr/bin/setpriv");
        if setpriv.exists() {
            words.extend([setpriv, Path::new("--pdeathsig"), Path::new("KILL")].map(PathBuf::from));
        }
        // Also what is installed is run by its loader: a profile that confines the program to
        // the system's own folders goes by its path.
        words.push(self.loader.clone());
        if let Some(libraries) = &self.libraries {
            words.extend([PathBuf::from("--library-path"), libraries.clone()]);
        }
        words.push(self.root.join("usr/sbin").join(program));
        let mut command = Command::new(&words[0]);
        let output = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(folder.join(format!("{program}.out")))
            .unwrap();
        command
            .args(&words[1..])
            .arg("-c")
            .arg(file)
            .args(more)
            .env("KEA_PIDFILE_DIR", folder)
            .env("KEA_LOCKFILE_DIR", "none")
            .env("KEA_LOGGER_DESTINATION", "stdout")
            .env("KEA_HOOKS_PATH", &self.hooks)
            .env("KEA_CONTROL_SOCKET_DIR", folder)
            .env("KEA_DHCP_DATA_DIR", folder)
            .env("KEA_LOG_FILE_DIR", folder)
            // Leases are few, and their file is never tidied.
            .env("KEA_LFC_EXECUTABLE", "/bin/true")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        command
    }
}
