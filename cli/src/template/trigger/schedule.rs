//! `Schedule` and `ScheduleV2`: a function that the clock calls.

use std::time::Duration;

use super::{Node, TemplateError};

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The name of the event in its function.
    pub name: String,
    /// Which service keeps the time.
    pub kind: ScheduleKind,
    /// The time from one call to the next.
    pub every: Duration,
    /// What the function is given; `None` for the service's own event.
    pub input: Option<String>,
}

/// A service that calls by the clock. They differ in the events that they send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleKind {
    /// A rule of `EventBridge`: SAM's `Schedule`.
    Rule,
    /// `EventBridge` Scheduler: SAM's `ScheduleV2`.
    Scheduler,
}

impl Schedule {
    pub(super) fn read(
        name: &str,
        kind: ScheduleKind,
        properties: &Node<'_>,
    ) -> Result<Self, TemplateError> {
        let expression = properties.get(match kind {
            ScheduleKind::Rule => "Schedule",
            ScheduleKind::Scheduler => "ScheduleExpression",
        });
        let every = rate(expression.text()?).ok_or_else(|| {
            expression.unexpected("a rate, as in rate(1 minute) or rate(5 hours)")
        })?;
        let input = properties.get("Input").present();
        let input = input.map(|input| input.text().map(str::to_owned)).transpose()?;
        Ok(Self { name: name.to_owned(), kind, every, input })
    }
}

/// `rate(1 minute)`, `rate(5 minutes)`: the unit is singular for one and plural for more, as AWS insists.
fn rate(text: &str) -> Option<Duration> {
    let (count, unit) = text.trim().strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let unit = if count == 1 { unit } else { unit.strip_suffix('s')? };
    let seconds = match unit {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit_that_agree() {
        for (text, seconds) in [
            ("rate(1 minute)", Some(60)),
            ("rate(5 minutes)", Some(300)),
            ("rate(1 hour)", Some(3_600)),
            ("rate(2 days)", Some(172_800)),
            ("rate(1 minutes)", None),
            ("rate(2 minute)", None),
            ("rate(0 minutes)", None),
            ("rate(1 second)", None),
            ("rate(1minute)", None),
            ("cron(0 12 * * ? *)", None),
        ] {
            assert_eq!(rate(text).map(|every| every.as_secs()), seconds, "{text}");
        }
    }
}
