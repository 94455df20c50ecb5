//! Stands in for what is not there yet.

use std::sync::Arc;

use serde_json::{Value, json};

use super::peers::Peers;
use crate::drivers::DriverError;
use crate::model::edit::Edit;
use crate::model::server::{ServerConfig, ServerName};
use crate::model::{ClientId, Range, Reservation, Scope, ScopeId};
use crate::rules::{Code, DhcpError};

pub(super) struct Document(Value);

impl Document {
    pub(super) fn parse(text: &str) -> Result<Document, String> {
        serde_json::from_str(text)
            .map(Document)
            .map_err(|e| e.to_string())
    }
    pub(super) fn apply(&mut self, edit: &Edit) -> Result<(), DhcpError> {
        let Edit::AddReservation { scope, reservation } = edit else {
            return Err(DhcpError::new(Code::InvalidParameter, "not yet"));
        };
        let subnets = self.0["Dhcp4"]["subnet4"].as_array_mut();
        for subnet in subnets.into_iter().flatten() {
            if subnet["subnet"] == json!(scope.net().to_string()) {
                if let Some(list) = subnet["reservations"].as_array_mut() {
                    list.push(json!({"hw-address": reservation.client.to_string().replace('-', ":"), "ip-address": reservation.address, "hostname": reservation.name}));
                    return Ok(());
                }
            }
        }
        Err(DhcpError::new(Code::SubnetNotPresent, "no such scope"))
    }
    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }
}

pub(super) fn config(_: &ServerName, _: &Peers, text: &str) -> Result<ServerConfig, DriverError> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let mut config = ServerConfig::default();
    for subnet in value["Dhcp4"]["subnet4"].as_array().into_iter().flatten() {
        let Some(id) = subnet["subnet"]
            .as_str()
            .and_then(|s| s.parse::<ScopeId>().ok())
        else {
            continue;
        };
        let mut scope = Scope::new(id, "x", id.hosts());
        for entry in subnet["reservations"].as_array().into_iter().flatten() {
            let address = entry["ip-address"].as_str().and_then(|s| s.parse().ok());
            let client = entry["hw-address"]
                .as_str()
                .and_then(|s| s.parse::<ClientId>().ok());
            if let (Some(address), Some(client)) = (address, client) {
                let mut reservation = Reservation::new(address, client);
                reservation.name = entry["hostname"].as_str().unwrap_or("").to_owned();
                scope.reservations.insert(address, Arc::new(reservation));
            }
        }
        config.scopes.insert(id, Arc::new(scope));
    }
    let _ = Range::new;
    Ok(config)
}
