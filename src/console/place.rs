//! Where the operator is: navigation, selectors, and what the rows are narrowed to.

use std::fmt;

use super::subject::Subject;

/// A node of the navigation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Node {
    /// DNS and DHCP Servers.
    Servers,
    /// DHCP Scopes.
    Scopes,
    /// Server Groups.
    Groups,
    /// EVENT CATALOG.
    Events,
    /// ACCESS CONTROL.
    Access,
}

impl Node {
    /// All of them, from top to bottom.
    pub const ALL: [Node; 5] = [
        Node::Servers,
        Node::Scopes,
        Node::Groups,
        Node::Events,
        Node::Access,
    ];

    /// IPAM's label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Node::Servers => "DNS and DHCP Servers",
            Node::Scopes => "DHCP Scopes",
            Node::Groups => "Server Groups",
            Node::Events => "EVENT CATALOG",
            Node::Access => "ACCESS CONTROL",
        }
    }

    /// The views that it offers, the first one first shown.
    #[must_use]
    pub fn views(self, server_type: ServerType) -> &'static [View] {
        match (self, server_type) {
            (Node::Servers, ServerType::Both | ServerType::Dns) => &[View::ServerProperties],
            (Node::Servers, ServerType::Dhcp) => &[
                View::ServerProperties,
                View::ScopeProperties,
                View::SuperscopeProperties,
                View::Policies,
                View::Filters,
                View::FailoverRelationships,
            ],
            (Node::Scopes, _) => &[
                View::ScopeProperties,
                View::Reservations,
                View::Leases,
                View::SuperscopeProperties,
                View::Policies,
            ],
            (Node::Groups, _) => &[View::ServerGroups],
            (Node::Events, _) => &[View::EventCatalog],
            (Node::Access, _) => &[View::AccessControl],
        }
    }
}

/// The selector Server Type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ServerType {
    /// DNS and DHCP.
    Both,
    /// DNS.
    Dns,
    /// DHCP.
    Dhcp,
}

impl ServerType {
    /// All of them, in the selector's order.
    pub const ALL: [ServerType; 3] = [ServerType::Both, ServerType::Dns, ServerType::Dhcp];

    /// IPAM's label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            ServerType::Both => "DNS and DHCP",
            ServerType::Dns => "DNS",
            ServerType::Dhcp => "DHCP",
        }
    }
}

/// A view: one kind of rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "each is IPAM's view of that name")]
pub enum View {
    ServerProperties,
    ScopeProperties,
    SuperscopeProperties,
    Policies,
    Filters,
    FailoverRelationships,
    Reservations,
    Leases,
    EventCatalog,
    ServerGroups,
    AccessControl,
}

impl View {
    /// All of them.
    pub const ALL: [View; 11] = [
        View::ServerProperties,
        View::ScopeProperties,
        View::SuperscopeProperties,
        View::Policies,
        View::Filters,
        View::FailoverRelationships,
        View::Reservations,
        View::Leases,
        View::EventCatalog,
        View::ServerGroups,
        View::AccessControl,
    ];

    /// IPAM's label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            View::ServerProperties => "Server Properties",
            View::ScopeProperties => "Scope Properties",
            View::SuperscopeProperties => "Superscope Properties",
            View::Policies => "Policies",
            View::Filters => "Filters",
            View::FailoverRelationships => "Failover Relationships",
            View::Reservations => "Reservations",
            View::Leases => "Leases",
            View::EventCatalog => "Event Catalog",
            View::ServerGroups => "Server Groups",
            View::AccessControl => "Access Control",
        }
    }
}

/// Where the operator is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// In the navigation.
    pub node: Node,
    /// The selector Server Type; it only matters in DNS and DHCP Servers.
    pub server_type: ServerType,
    /// The view.
    pub view: View,
    /// What the rows are narrowed to: the reservations of one scope, the scopes of one
    /// relationship.
    pub within: Option<Subject>,
}

impl Place {
    /// Where the program begins.
    pub const START: Place = Place {
        node: Node::Servers,
        server_type: ServerType::Dhcp,
        view: View::ScopeProperties,
        within: None,
    };

    /// The first view of a node.
    #[must_use]
    pub fn of(node: Node) -> Place {
        let server_type = ServerType::Dhcp;
        let view = match node {
            Node::Servers | Node::Scopes => View::ScopeProperties,
            Node::Groups => View::ServerGroups,
            Node::Events => View::EventCatalog,
            Node::Access => View::AccessControl,
        };
        Place {
            node,
            server_type,
            view,
            within: None,
        }
    }

    /// The place for a view, wherever the navigation has it first.
    #[must_use]
    pub fn showing(view: View) -> Place {
        let node = match view {
            View::ServerProperties
            | View::ScopeProperties
            | View::SuperscopeProperties
            | View::Policies
            | View::Filters
            | View::FailoverRelationships => Node::Servers,
            View::Reservations | View::Leases => Node::Scopes,
            View::EventCatalog => Node::Events,
            View::ServerGroups => Node::Groups,
            View::AccessControl => Node::Access,
        };
        Place {
            view,
            ..Place::of(node)
        }
    }

    /// The same place with another server type; the view stays where there is one.
    #[must_use]
    pub fn with_server_type(&self, server_type: ServerType) -> Place {
        let views = self.node.views(server_type);
        let view = match views.contains(&self.view) {
            true => self.view,
            false => views.first().copied().unwrap_or(self.view),
        };
        Place {
            node: self.node,
            server_type,
            view,
            within: None,
        }
    }

    /// The same place with another view.
    #[must_use]
    pub fn with_view(&self, view: View) -> Place {
        Place {
            view,
            within: None,
            ..self.clone()
        }
    }

    /// The same view narrowed.
    #[must_use]
    pub fn narrowed(&self, within: Subject) -> Place {
        Place {
            within: Some(within),
            ..self.clone()
        }
    }
}

/// As a breadcrumb: `DNS and DHCP Servers › DHCP › Scope Properties`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.node.label())?;
        if self.node == Node::Servers {
            write!(f, " › {}", self.server_type.label())?;
        }
        if matches!(self.node, Node::Servers | Node::Scopes) {
            write!(f, " › {}", self.view.label())?;
        }
        if let Some(within) = &self.within {
            write!(f, " › {within}")?;
        }
        Ok(())
    }
}
