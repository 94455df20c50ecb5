//! The table `[collect]`: how often servers are read, and for how long what they said is remembered.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, Source};

/// How often servers are read, and for how long what they said is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Periods {
    /// `state`: availability, states and statistics, and the configuration where it has changed.
    /// 1 s to 1 h, by default 5 s.
    pub state: Duration,
    /// `configuration`: all of the configuration, whether it seems to have changed or not. At
    /// least `state`, at most a day, by default 5 min.
    pub configuration: Duration,
    /// `retry`: a server that does not answer is asked again after longer and longer, but at
    /// least this often. At least `state`, at most 1 h, by default 30 s.
    pub retry: Duration,
    /// `cache`: the cache is written at most this often. 1 s to a day, by default 30 s.
    pub cache: Duration,
    /// `history`: how full each scope is, is remembered at most this often. 10 s to a day, by
    /// default 5 min.
    pub history: Duration,
    /// `keep_days`: and for so long. 1 to 366 days, by default 7.
    pub keep: Duration,
}

const DAY: u64 = 86_400;

impl Default for Periods {
    fn default() -> Periods {
        Periods {
            state: Duration::from_secs(5),
            configuration: Duration::from_secs(300),
            retry: Duration::from_secs(30),
            cache: Duration::from_secs(30),
            history: Duration::from_secs(300),
            keep: Duration::from_secs(7 * DAY),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCollect {
    state: Option<Spanned<u64>>,
    configuration: Option<Spanned<u64>>,
    retry: Option<Spanned<u64>>,
    cache: Option<Spanned<u64>>,
    history: Option<Spanned<u64>>,
    keep_days: Option<Spanned<u64>>,
}

impl Source<'_> {
    pub(super) fn periods(&self, raw: RawCollect) -> Result<Periods, ConfigError> {
        let default = Periods::default();
        let seconds = |given: Option<Spanned<u64>>, default: Duration, least, most| {
            self.within(given, default.as_secs(), (least, most), "seconds")
                .map(Duration::from_secs)
        };
        let state = seconds(raw.state, default.state, 1, 3600)?;
        let least = state.as_secs();
        Ok(Periods {
            state,
            configuration: seconds(raw.configuration, default.configuration, least, DAY)?,
            retry: seconds(raw.retry, default.retry, least, 3600)?,
            cache: seconds(raw.cache, default.cache, 1, DAY)?,
            history: seconds(raw.history, default.history, 10, DAY)?,
            keep: self
                .within(
                    raw.keep_days,
                    default.keep.as_secs() / DAY,
                    (1, 366),
                    "days",
                )
                .map(|days| Duration::from_secs(days * DAY))?,
        })
    }

    /// A number that was given, or the default, which gives way to the limits.
    fn within(
        &self,
        given: Option<Spanned<u64>>,
        default: u64,
        (least, most): (u64, u64),
        unit: &str,
    ) -> Result<u64, ConfigError> {
        let Some(given) = given else {
            return Ok(default.clamp(least, most));
        };
        if (least..=most).contains(given.get_ref()) {
            return Ok(*given.get_ref());
        }
        Err(self.at(
            given.span().start,
            format!(
                "{} is out of range: {least} to {most} {unit}",
                given.get_ref()
            ),
        ))
    }
}
