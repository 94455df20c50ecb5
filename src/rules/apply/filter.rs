//! When a server accepts a MAC address filter, and its removal.

use super::super::{Code, Facts};
use super::check::{self, Outcome, refuse};
use crate::model::ServerConfig;
use crate::model::policy::{Filter, MacPattern};

/// Characters of a filter's description.
const MAX_DESCRIPTION: usize = 255;

pub(super) fn add(
    config: &mut ServerConfig,
    facts: &Facts,
    pattern: &MacPattern,
    filter: &Filter,
    force: bool,
) -> Outcome {
    check::text(
        format_args!("the description of filter {pattern}"),
        &filter.description,
        MAX_DESCRIPTION,
    )?;
    if let Some(held) = config.filters.get(pattern)
        && !force
    {
        return refuse(
            Code::LinklayerAddressExists,
            format!(
                "{pattern} is in the {} list of {} already: remove it there first, or add it by \
                 force",
                held.list,
                check::server(facts)
            ),
        );
    }
    config.filters.insert(pattern.clone(), filter.clone());
    Ok(())
}

pub(super) fn remove(config: &mut ServerConfig, facts: &Facts, pattern: &MacPattern) -> Outcome {
    if config.filters.remove(pattern).is_none() {
        return refuse(
            Code::LinklayerAddressDoesNotExist,
            format!(
                "{pattern} is in neither the allow nor the deny list of {}: name a filter that the \
                 server has",
                check::server(facts)
            ),
        );
    }
    Ok(())
}
