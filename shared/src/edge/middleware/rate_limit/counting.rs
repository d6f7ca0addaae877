//! Results of counting a request by one limit or by two.

use crate::domain;
use crate::domain::rate_limit::{Limit, RateLimitStatus, RateLimited};

/// Status of a limit, for the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitStatus {
    pub(crate) limit: Limit,
    pub(crate) status: RateLimitStatus,
}

/// Result of counting a request by one limit.
pub(super) enum Counting {
    Passed(LimitStatus),
    Rejected(Limit, RateLimited),
    Failed(domain::Error),
}

/// Results of all limits.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) passed: Vec<LimitStatus>,
    /// Rejection with the longest wait. Only after it all limits let the request pass.
    pub(super) rejection: Option<(Limit, RateLimited)>,
    pub(super) failure: Option<domain::Error>,
}

impl Findings {
    /// Returns the status of the limit that is nearer to its end. `None` if no limit counted the request.
    pub(super) fn nearest(&self) -> Option<LimitStatus> {
        self.passed.iter().min_by_key(|own| own.status.remaining).copied()
    }
}

impl FromIterator<Counting> for Findings {
    fn from_iter<I: IntoIterator<Item = Counting>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), |mut findings, counting| {
            match counting {
                Counting::Passed(status) => findings.passed.push(status),
                Counting::Rejected(limit, rejection) => {
                    let longest = findings.rejection.into_iter().chain([(limit, rejection)]);
                    findings.rejection = longest.max_by_key(|(_, rejection)| rejection.retry_after);
                }
                Counting::Failed(error) => findings.failure = Some(error),
            }
            findings
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(limit: Limit, remaining: u64) -> Counting {
        Counting::Passed(LimitStatus { limit, status: RateLimitStatus { remaining, reset_after: 5 } })
    }

    fn rejected(limit: Limit, retry_after: u64) -> Counting {
        Counting::Rejected(limit, RateLimited { retry_after })
    }

    #[test]
    fn headers_are_of_the_nearer_limit() {
        for (caller, organization, nearer) in
            [(3, 7, Limit::Caller), (7, 3, Limit::Organization), (4, 4, Limit::Caller)]
        {
            let all = [passed(Limit::Caller, caller), passed(Limit::Organization, organization)];
            let nearest = Findings::from_iter(all).nearest();
            assert_eq!(nearest.map(|own| own.limit), Some(nearer), "{caller} and {organization}");
        }
        assert_eq!(Findings::default().nearest(), None);
    }

    #[test]
    fn longest_wait_is_the_callers() {
        for (caller, organization, longest) in [(3, 7, Limit::Organization), (7, 3, Limit::Caller)] {
            let all = [rejected(Limit::Caller, caller), rejected(Limit::Organization, organization)];
            let (limit, rejection) = Findings::from_iter(all).rejection.unwrap();
            assert_eq!((limit, rejection.retry_after), (longest, 7));
        }
    }
}
