//! Server groups: which servers belong together, as the configuration says, or by their domains.

use std::path::Path;

use super::OpenError;
use super::names::Names;
use super::open::not_there;
use crate::config::GroupEntry;
use crate::model::ServerName;
use crate::model::text::printable;

/// Servers that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerGroup {
    /// What they are called together.
    pub name: String,
    /// Which they are, in order, each once.
    pub servers: Vec<ServerName>,
}

/// The configured groups; without any, one a domain. `file` is named in errors.
///
/// # Errors
/// A name without `*` and `?` that is no server's.
pub(super) fn resolve(
    names: &Names,
    entries: &[GroupEntry],
    file: &Path,
) -> Result<Vec<ServerGroup>, OpenError> {
    if entries.is_empty() {
        return Ok(by_domain(names.servers()));
    }
    entries
        .iter()
        .map(|entry| {
            let mut servers: Vec<ServerName> = Vec::new();
            for glob in &entry.servers {
                let meant: Vec<ServerName> = if glob.is_wild() {
                    let all = names.servers().iter();
                    all.filter(|server| glob.means(server)).cloned().collect()
                } else {
                    let found = names.resolve(glob.as_str());
                    let key = format!("group '{}'", printable(&entry.name, 80));
                    let found = found.map_err(|why| not_there(file, entry.line, &key, &why))?;
                    vec![found]
                };
                for server in meant {
                    if !servers.contains(&server) {
                        servers.push(server);
                    }
                }
            }
            Ok(ServerGroup {
                name: entry.name.clone(),
                servers,
            })
        })
        .collect()
}

/// One group a domain, in the order in which the domains first come.
fn by_domain(servers: &[ServerName]) -> Vec<ServerGroup> {
    let mut groups: Vec<ServerGroup> = Vec::new();
    for server in servers {
        let name = server.as_str();
        let domain = match name.split_once('.') {
            Some((_, domain)) if server.short() != name => domain.to_lowercase(),
            _ => "(no domain)".to_owned(),
        };
        match groups.iter_mut().find(|group| group.name == domain) {
            Some(group) => group.servers.push(server.clone()),
            None => groups.push(ServerGroup {
                name: domain,
                servers: vec![server.clone()],
            }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guardrail::Glob;

    fn names() -> Names {
        let servers = ["dhcp1.contoso.com", "dc1.contoso.com", "kea1", "10.0.0.9"];
        Names::of(servers.map(|name| (ServerName::new(name), vec![format!("{name}-alias")])))
    }

    fn shown(groups: &[ServerGroup]) -> Vec<(&str, Vec<&str>)> {
        groups
            .iter()
            .map(|group| {
                let servers = group.servers.iter().map(ServerName::as_str).collect();
                (group.name.as_str(), servers)
            })
            .collect()
    }

    fn resolved(servers: &[&str]) -> Result<Vec<ServerGroup>, OpenError> {
        let entry = GroupEntry {
            name: "ours".into(),
            servers: servers.iter().map(|glob| Glob::new(glob)).collect(),
            line: 7,
        };
        resolve(&names(), &[entry], Path::new("config.toml"))
    }

    #[test]
    fn groups_are_what_their_patterns_mean_or_the_domains() {
        let found = resolved(&["kea1-alias", "D*1", "dc1"]).unwrap();
        let ours = vec!["kea1", "dhcp1.contoso.com", "dc1.contoso.com"];
        assert_eq!(shown(&found), [("ours", ours)]);
        assert_eq!(
            resolved(&["dc9"]).unwrap_err().to_string(),
            "config.toml, line 7, group 'ours': there is no server 'dc9'; the configuration has \
             dhcp1.contoso.com, dc1.contoso.com, kea1, 10.0.0.9"
        );
        assert!(resolved(&["dc9*"]).unwrap()[0].servers.is_empty());
        let groups = resolve(&names(), &[], Path::new("config.toml")).unwrap();
        assert_eq!(
            shown(&groups),
            [
                ("contoso.com", vec!["dhcp1.contoso.com", "dc1.contoso.com"]),
                ("(no domain)", vec!["kea1", "10.0.0.9"]),
            ]
        );
    }
}
