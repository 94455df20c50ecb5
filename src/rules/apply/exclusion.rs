//! When a server accepts an exclusion range, and its removal.

use super::super::{Code, Facts};
use super::check::{self, Outcome, refuse};
use crate::model::{Range, ScopeId, ServerConfig};

pub(super) fn add(config: &mut ServerConfig, facts: &Facts, id: ScopeId, range: Range) -> Outcome {
    let scope = check::scope(config, facts, id)?;
    inside(id, &scope.ranges, range)?;
    if let Some(held) = scope.exclusions.iter().find(|held| held.overlaps(&range)) {
        return overlap(id, range, *held);
    }
    let exclusions = &mut check::scope_mut(config, facts, id)?.exclusions;
    let place = exclusions.partition_point(|held| held < &range);
    exclusions.insert(place, range);
    Ok(())
}

pub(super) fn remove(
    config: &mut ServerConfig,
    facts: &Facts,
    id: ScopeId,
    range: Range,
) -> Outcome {
    let scope = check::scope(config, facts, id)?;
    let Some(place) = scope.exclusions.iter().position(|held| *held == range) else {
        let near = scope.exclusions.iter().find(|held| held.overlaps(&range));
        let hint = near.map_or_else(String::new, |held| format!(" ({held} is one)"));
        return refuse(
            Code::InvalidRange,
            format!(
                "there is no exclusion {range} in scope {id}{hint}: give its start and end address \
                 exactly as it was added"
            ),
        );
    };
    check::scope_mut(config, facts, id)?
        .exclusions
        .remove(place);
    Ok(())
}

/// Sorts a scope's exclusions, and refuses what can't be one.
pub(super) fn all(id: ScopeId, ranges: &[Range], exclusions: &mut [Range]) -> Outcome {
    exclusions.sort_unstable();
    for exclusion in &*exclusions {
        inside(id, ranges, *exclusion)?;
    }
    for pair in exclusions.windows(2) {
        if pair[0].overlaps(&pair[1]) {
            return overlap(id, pair[1], pair[0]);
        }
    }
    Ok(())
}

fn inside(id: ScopeId, ranges: &[Range], exclusion: Range) -> Outcome {
    if ranges.iter().any(|range| range.covers(&exclusion)) {
        return Ok(());
    }
    let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    refuse(
        Code::InvalidRange,
        format!(
            "the exclusion {exclusion} does not lie in the range of scope {id} ({}): choose it \
             within that",
            ranges.join(", ")
        ),
    )
}

fn overlap(id: ScopeId, range: Range, held: Range) -> Outcome {
    refuse(
        Code::InvalidRange,
        if range == held {
            format!("{range} is excluded in scope {id} already")
        } else {
            format!(
                "the exclusion {range} overlaps the exclusion {held} of scope {id}: remove that \
                 one first, or choose another range"
            )
        },
    )
}
