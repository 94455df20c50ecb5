//! Configure DHCP Failover: scopes come under a relationship, one that is there or a new one.

use std::collections::BTreeSet;

use super::{interval, kea, mclt, mode, others, parameter_shown, parameters};
use crate::console::command::unwritable;
use crate::console::layers::form::{Field, FieldId, Fields, FormKind, Wrong};
use crate::console::world::World;
use crate::model::failover::{MAX_NAME, Relationship, SharedSecret};
use crate::model::plan::{FailoverChoice, Intent};
use crate::model::scope::Seconds;
use crate::model::server::Product;
use crate::model::text::printable;
use crate::model::{HaEnd, HaSetup, ScopeId, ServerName};
use crate::rules::error::Code;

/// The dialog.
#[derive(Debug)]
pub struct Configure {
    server: ServerName,
    scopes: BTreeSet<ScopeId>,
    /// The relationships that the server has: name, partner.
    held: Vec<(String, ServerName)>,
    partners: Vec<ServerName>,
    /// Whether the server is a Kea server: then its partner is one too, and other terms are asked
    /// for.
    kea: bool,
}

impl Configure {
    /// The dialog for scopes of a server.
    #[must_use]
    pub fn new(world: &World, server: &ServerName, scopes: BTreeSet<ScopeId>) -> Configure {
        let view = world.estate.servers.get(server);
        let reading = view.and_then(|view| view.reading.as_ref());
        let held = reading.map(|reading| {
            let held = reading.config.relationships.values();
            held.map(|held| (held.name.clone(), held.partner.clone()))
                .collect()
        });
        let product = kea::product(world, server);
        let mut partners = others(world, server);
        // Of its own kind first: only with them it can be paired.
        partners.sort_by_key(|partner| kea::product(world, partner) != product);
        Configure {
            server: server.clone(),
            scopes,
            held: held.unwrap_or_default(),
            partners,
            kea: product == Some(Product::Kea),
        }
    }

    /// Windows' default name, which no other relationship of the server has.
    fn name(&self, partner: usize) -> String {
        let Some(partner) = self.partners.get(partner) else {
            return String::new();
        };
        let plain = format!("{}-{partner}", self.server);
        let taken = |name: &str| {
            let mut held = self.held.iter();
            held.any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut numbered = (1..).map(|number| format!("{plain}-{number}"));
        let free = match taken(&plain) {
            true => numbered.find(|name| !taken(name)).unwrap_or_default(),
            false => plain,
        };
        free.chars().take(MAX_NAME).collect()
    }

    /// Why a server of another kind can't be the partner.
    fn not_alike(&self, world: &World, partner: &ServerName) -> Option<String> {
        let (here, there) = (
            kea::product(world, &self.server)?,
            kea::product(world, partner)?,
        );
        (here != there).then(|| {
            format!(
                "{partner} is {there} and {} is {here}: only servers of one kind can be failover \
                 partners",
                self.server
            )
        })
    }

    /// The relationship that is there and was chosen; `None`: a new one.
    fn existing(&self, fields: &Fields) -> Option<&(String, ServerName)> {
        let place = fields.chosen("which").checked_sub(1)?;
        self.held.get(place)
    }
}

impl Configure {
    /// A new pair of Kea servers.
    fn on_kea(&self, fields: &Fields, partner: &ServerName) -> Result<Vec<Intent>, Wrong> {
        let setup = kea::setup(fields)?;
        let relationship = Relationship {
            mode: kea::mode(fields),
            mclt: Seconds(0),
            switch_interval: setup.switch_interval(),
            scopes: self.scopes.clone(),
            ..Relationship::new(fields.text("name"), partner.clone())
        };
        Ok(vec![Intent::ConfigureFailover {
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            with: FailoverChoice::New {
                relationship,
                secret: None,
                ha: Some(Box::new(setup)),
            },
        }])
    }
}

impl FormKind for Configure {
    fn title(&self) -> String {
        "Configure DHCP Failover".to_owned()
    }

    fn about(&self, _world: &World) -> String {
        let scopes: Vec<String> = self.scopes.iter().map(ToString::to_string).collect();
        match scopes.as_slice() {
            [one] => format!("{one} on {}", self.server),
            [first, ..] => format!(
                "{} scopes on {}, from {first} on",
                scopes.len(),
                self.server
            ),
            [] => self.server.to_string(),
        }
    }

    fn fields(&self, world: &World) -> Vec<Field> {
        let mut which = vec!["New".to_owned()];
        for (name, partner) in &self.held {
            which.push(format!("{} with {}", printable(name, 126), partner.short()));
        }
        let partners: Vec<String> = self.partners.iter().map(ToString::to_string).collect();
        let mut fields = vec![
            Field::choice("which", "Failover relationship", which, 0),
            Field::text("name", "Relationship name", self.name(0)).required(),
            Field::choice("partner", "Partner server", partners, 0)
                .hint("gets copies of the scopes; it must not have them yet"),
        ];
        let mut new = Relationship::new("", self.server.clone());
        // The console ticks it; the cmdlets do not.
        new.authenticated = true;
        fields.extend(parameters(&new));
        if self.kea {
            if let Some(mode) = fields.iter_mut().find(|field| field.id == "mode") {
                mode.hint = format!("in hot standby {} answers, its partner waits", self.server);
            }
            let setup = match self.partners.first() {
                Some(partner) => kea::proposed(world, &self.server, partner),
                None => HaSetup::between(HaEnd::default(), HaEnd::default()),
            };
            fields.extend(kea::terms(&setup));
        }
        fields
    }

    fn shown(&self, id: FieldId, fields: &Fields) -> bool {
        match id {
            "which" => !self.held.is_empty(),
            _ => {
                self.existing(fields).is_none()
                    && kea::is_for(id, self.kea)
                    && parameter_shown(id, fields)
            }
        }
    }

    fn wrong(&self, id: FieldId, fields: &Fields, world: &World) -> Option<String> {
        match id {
            "which" => {
                let (_, partner) = self.existing(fields)?;
                let known = world.estate.partner(partner);
                unwritable(world, known.map_or(partner, |view| &view.name))
            }
            "name" => {
                let name = fields.text("name");
                let mut held = self.held.iter();
                let taken = held.any(|(known, _)| known.eq_ignore_ascii_case(name));
                taken.then(|| format!("{} has a relationship of that name", self.server))
            }
            "partner" => match self.partners.get(fields.chosen("partner")) {
                Some(partner) => {
                    unwritable(world, partner).or_else(|| self.not_alike(world, partner))
                }
                None => Some("there is no other DHCP server".to_owned()),
            },
            "secret" if !self.kea => {
                let empty = fields.text("secret").is_empty();
                empty.then(|| "a shared secret is needed, or no authentication".to_owned())
            }
            _ if self.kea => kea::wrong(id, fields),
            _ => None,
        }
    }

    fn changed(&mut self, id: FieldId, fields: &mut Fields, world: &World) {
        if id == "partner" {
            let name = self.name(fields.chosen("partner"));
            fields.propose("name", name);
            if let Some(partner) = self.partners.get(fields.chosen("partner"))
                && self.kea
            {
                kea::propose(fields, &kea::proposed(world, &self.server, partner));
            }
        }
    }

    fn submit(&self, fields: &Fields, world: &World) -> Result<Vec<Intent>, Wrong> {
        let with = match self.existing(fields) {
            Some((name, _)) => FailoverChoice::Existing { name: name.clone() },
            None => {
                let partner = self.partners.get(fields.chosen("partner"));
                let Some(partner) = partner else {
                    return Err(vec![(
                        "partner",
                        "there is no other DHCP server".to_owned(),
                    )]);
                };
                if let Some(why) = self.not_alike(world, partner) {
                    return Err(vec![("partner", why)]);
                }
                if self.kea {
                    return self.on_kea(fields, partner);
                }
                let typed = fields.text("secret");
                if fields.on("auth") && typed.is_empty() {
                    let why = "a shared secret is needed, or no authentication";
                    return Err(vec![("secret", why.to_owned())]);
                }
                let secret = fields.on("auth").then(|| SharedSecret::Text(typed.into()));
                FailoverChoice::New {
                    relationship: Relationship {
                        mode: mode(fields)?,
                        mclt: mclt(fields)?,
                        switch_interval: interval(fields, None)?,
                        authenticated: secret.is_some(),
                        scopes: self.scopes.clone(),
                        ..Relationship::new(fields.text("name"), partner.clone())
                    },
                    secret,
                    ha: None,
                }
            }
        };
        Ok(vec![Intent::ConfigureFailover {
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            with,
        }])
    }

    fn field_of(&self, code: Code, _sentence: &str) -> Option<FieldId> {
        match code {
            Code::FoRelationshipExists | Code::FoRelationshipNameTooLong => Some("name"),
            Code::FoMaxRelationships | Code::FoNotSupported | Code::FoTimeOutOfSync => {
                Some("partner")
            }
            Code::FoStateNotNormal | Code::FoScopeSyncInProgress => Some("which"),
            _ => None,
        }
    }
}
