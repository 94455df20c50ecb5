//! Trying servers out: each is asked what it is and what can be done there, side by side.

use std::time::Duration;

use futures_util::future::join_all;

use super::Ipam;
use crate::drivers::CheckLine;
use crate::model::server::ServerName;

/// No server is waited for longer: whatever a driver does within, it has limits of its own.
const LIMIT: Duration = Duration::from_secs(40);

impl Ipam {
    /// Tries servers out, side by side; each one's lines, in the order asked for. Changes nothing.
    pub async fn check(&self, servers: &[ServerName]) -> Vec<(ServerName, Vec<CheckLine>)> {
        let each = servers.iter().map(|server| async move {
            let lines = match self.driver(server) {
                Err(error) => vec![CheckLine::failure(error.to_string())],
                Ok(driver) => match tokio::time::timeout(LIMIT, driver.check()).await {
                    Ok(lines) => lines,
                    Err(_) => vec![CheckLine::failure(format!(
                        "it was not done within {} s",
                        LIMIT.as_secs()
                    ))],
                },
            };
            (server.clone(), lines)
        });
        join_all(each).await
    }
}
