//! Guardrails: which commands are denied, confirmed, or have a name typed for them, and where.

use std::fmt;

use super::address::ScopeId;
use super::server::ServerName;

/// A name with `*` (any characters) and `?` (one), compared without regard to case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob(String);

impl Glob {
    /// The pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Glob {
        Glob(pattern.trim().to_lowercase())
    }

    /// The pattern, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can mean more than one name.
    #[must_use]
    pub fn is_wild(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    /// Whether it means that name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.trim().to_lowercase().chars().collect();
        let pattern: Vec<char> = self.0.chars().collect();
        let (mut at, mut next) = (0, 0);
        // Where to go on after the last star, when what followed it did not fit.
        let mut star: Option<(usize, usize)> = None;
        while next < name.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at + 1, next));
                    at += 1;
                }
                Some(&c) if c == '?' || c == name[next] => {
                    at += 1;
                    next += 1;
                }
                _ => match star {
                    Some((after, from)) => {
                        star = Some((after, from + 1));
                        at = after;
                        next = from + 1;
                    }
                    None => return false,
                },
            }
        }
        pattern[at.min(pattern.len())..].iter().all(|c| *c == '*')
    }

    /// Whether it means that server: by its whole name, or by its first label.
    #[must_use]
    pub fn means(&self, server: &ServerName) -> bool {
        self.matches(server.as_str()) || self.matches(server.short())
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Which scopes a guardrail is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScopePattern {
    /// Those that lie in a network, or hold it.
    Network(ScopeId),
    /// Those whose address (`10.0.0.0`), prefix (`10.0.0.0/24`) or name fits.
    Named(Glob),
}

impl ScopePattern {
    /// A network in CIDR notation, or else a name with `*` and `?`.
    #[must_use]
    pub fn new(text: &str) -> ScopePattern {
        match text.trim().parse::<ScopeId>() {
            Ok(network) if text.contains('/') => ScopePattern::Network(network),
            _ => ScopePattern::Named(Glob::new(text)),
        }
    }

    /// Whether it means that scope; `name`: what it is called, where that is known.
    #[must_use]
    pub fn means(&self, scope: ScopeId, name: Option<&str>) -> bool {
        match self {
            ScopePattern::Network(network) => network.overlaps(&scope),
            ScopePattern::Named(glob) => {
                glob.matches(&scope.address().to_string())
                    || glob.matches(&scope.net().to_string())
                    || name.is_some_and(|name| glob.matches(name))
            }
        }
    }
}

impl fmt::Display for ScopePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScopePattern::Network(network) => f.pad(&network.net().to_string()),
            ScopePattern::Named(glob) => glob.fmt(f),
        }
    }
}

/// A kind of command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CommandKind {
    /// Adds something.
    Create,
    /// Changes something.
    Edit,
    /// Deletes something: a scope, a reservation, a lease, a relationship.
    Delete,
    /// Configures, edits or removes failover.
    Failover,
    /// Makes the partner's copies those of a server.
    Replicate,
    /// Tells a server that its partner is down.
    PartnerDown,
    /// Orders of Kea's HA: maintenance, reset, scopes.
    Maintenance,
    /// Clears a configuration sync error.
    ClearSyncError,
}

impl CommandKind {
    /// All of them.
    pub const ALL: [CommandKind; 8] = [
        CommandKind::Create,
        CommandKind::Edit,
        CommandKind::Delete,
        CommandKind::Failover,
        CommandKind::Replicate,
        CommandKind::PartnerDown,
        CommandKind::Maintenance,
        CommandKind::ClearSyncError,
    ];

    /// The configuration's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CommandKind::Create => "create",
            CommandKind::Edit => "edit",
            CommandKind::Delete => "delete",
            CommandKind::Failover => "failover",
            CommandKind::Replicate => "replicate",
            CommandKind::PartnerDown => "partner-down",
            CommandKind::Maintenance => "maintenance",
            CommandKind::ClearSyncError => "clear-sync-error",
        }
    }

    /// The kind that a word of the configuration means.
    #[must_use]
    pub fn of(word: &str) -> Option<CommandKind> {
        CommandKind::ALL
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

impl fmt::Display for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a guardrail does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// It asks.
    Confirm,
    /// It has the name of what is touched typed.
    TypeName,
    /// It refuses.
    Deny,
}

impl Effect {
    /// All of them, the mildest first.
    pub const ALL: [Effect; 3] = [Effect::Confirm, Effect::TypeName, Effect::Deny];

    /// The configuration's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Effect::Confirm => "confirm",
            Effect::TypeName => "type-name",
            Effect::Deny => "deny",
        }
    }

    /// The effect that a word of the configuration means.
    #[must_use]
    pub fn of(word: &str) -> Option<Effect> {
        Effect::ALL.into_iter().find(|effect| effect.word() == word)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A rule that protects from mistakes. What it does not name, it is about all of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guardrail {
    /// Which servers.
    pub server: Option<Glob>,
    /// Which scopes; then only what touches a scope.
    pub scope: Option<ScopePattern>,
    /// Which relationships; then only what touches one, or a scope in one.
    pub relationship: Option<Glob>,
    /// Which kind of command; `None`: every kind.
    pub action: Option<CommandKind>,
    /// What it does.
    pub effect: Effect,
    /// Only to what touches more objects than this at once; both copies of one count as one.
    pub max_bulk: Option<usize>,
    /// Why, in the words of whoever wrote it.
    pub reason: String,
}

impl Guardrail {
    /// A rule about everything.
    #[must_use]
    pub fn new(effect: Effect, reason: impl Into<String>) -> Guardrail {
        Guardrail {
            server: None,
            scope: None,
            relationship: None,
            action: None,
            effect,
            max_bulk: None,
            reason: reason.into(),
        }
    }
}

/// In a line: `deny delete on dhcp*, scope 10.0.0.0/8`.
impl fmt::Display for Guardrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = self.action.map_or("everything", CommandKind::word);
        write!(f, "{} {action}", self.effect)?;
        match &self.server {
            Some(server) => write!(f, " on {server}")?,
            None => f.write_str(" on every server")?,
        }
        if let Some(scope) = &self.scope {
            write!(f, ", scope {scope}")?;
        }
        if let Some(relationship) = &self.relationship {
            write!(f, ", relationship {relationship}")?;
        }
        if let Some(most) = self.max_bulk {
            write!(f, ", more than {most} at once")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_glob_means_what_it_looks_like() {
        for (pattern, name, means) in [
            ("*", "", true),
            ("dhcp*", "DHCP1.contoso.com", true),
            ("dhcp?", "dhcp1", true),
            ("dhcp?", "dhcp12", false),
            ("*.contoso.com", "dc1.contoso.com", true),
            ("*.contoso.com", "dc1.fabrikam.com", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
            ("", "a", false),
            ("a", "", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), means, "{pattern} {name}");
        }
        assert!(Glob::new("dc1").means(&ServerName::new("dc1.contoso.com")));
    }

    #[test]
    fn a_scope_pattern_is_a_network_or_a_name() {
        let scope: ScopeId = "10.1.0.0/24".parse().unwrap();
        let means = |text: &str| ScopePattern::new(text).means(scope, Some("Head office"));
        for text in ["10.0.0.0/8", "10.1.0.0", "10.1.*", "head*", "10.1.0.128/25"] {
            assert!(means(text), "{text}");
        }
        for text in ["10.2.0.0/16", "10.1.1.0", "branch*"] {
            assert!(!means(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_star_on_both_sides_means_to_hold(name in "[a-c.]{0,8}", part in "[a-c.]{0,3}") {
            let glob = Glob::new(&format!("*{part}*"));
            prop_assert_eq!(glob.matches(&name), name.contains(&part));
        }
    }
}
