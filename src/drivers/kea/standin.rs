//! Stands in for what is not there yet.

use serde_json::{Value, json};

use crate::model::edit::Edit;
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
