//! What notifications say. None holds a secret: names of services and grants, and numbers.

use super::refusals::Sum;
use super::{About, Notice};

/// Grants expire within a day.
pub(super) fn expiring(first: &str, count: usize) -> Notice {
    let title = match count {
        1 => "A grant expires within a day".to_owned(),
        count => format!("{count} grants expire within a day"),
    };
    let text = match count {
        1 => format!("{first} stops working then."),
        count => format!("{first} is the next, of {count}."),
    };
    Notice { about: About::Expiry, title, text }
}

/// Gateways have applied a revocation.
pub(super) fn revoked(grant: &str, gateways: usize, sessions: u64) -> Notice {
    let text = format!("{} refused by {}; {} cut.", grant, counted(gateways, "gateway"), counted(sessions, "session"));
    Notice { about: About::Revocation, title: "A revocation was applied".to_owned(), text }
}

/// A gateway of this window has refused somebody. Of a closed vault only that.
pub(super) fn refused(sum: &Sum, closed: bool) -> Notice {
    let all = sum.values().fold(0_u64, |all, times| all.saturating_add(*times));
    let title = match all {
        1 => "A gateway refused somebody".to_owned(),
        all => format!("Gateways refused {all} times"),
    };
    let text = match closed {
        true => "Unlock keycap to see at which service.".to_owned(),
        false => sum.iter().map(|(service, times)| format!("{service}: {times}")).collect::<Vec<_>>().join("\n"),
    };
    Notice { about: About::Refusals, title, text }
}

fn counted<N: std::fmt::Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_vault_is_not_spoken_of() {
        let sum = Sum::from([("orders".to_owned(), 3), ("billing".to_owned(), 1)]);
        let open = refused(&sum, false);
        assert_eq!((open.title.as_str(), open.text.as_str()), ("Gateways refused 4 times", "billing: 1\norders: 3"));
        let closed = refused(&sum, true);
        assert!(!closed.text.contains("orders") && !closed.text.contains("billing"), "{closed:?}");
    }

    #[test]
    fn one_is_told_from_several() {
        assert_eq!(expiring("orders/alice", 1).title, "A grant expires within a day");
        assert_eq!(expiring("orders/alice", 3).text, "orders/alice is the next, of 3.");
        assert_eq!(revoked("orders/alice", 1, 2).text, "orders/alice refused by 1 gateway; 2 sessions cut.");
    }
}
