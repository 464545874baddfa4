//! Clearing what was sealed: from "its writer knew the psk" to "its writer was allowed to" (SPEC.md §12.3).

use std::fmt;
use std::sync::Arc;

use crate::chain::{Clearing, DerivedChain, Purpose, Refusal, RevocationCheck, Rid, VerifiedChain};
use crate::key::PublicKey;
use crate::noise::{Pattern, StatusCode};
use crate::request::Request;
use crate::service::ServiceKeys;
use crate::time::Clock;

/// The method of the request that is made by sealing to a service.
const METHOD: &str = "PUT";

/// What a service knows when it opens what was sealed to it.
pub struct Reading<'a> {
    /// The service's clock, now. When something was sealed cannot be known.
    pub clock: Clock,
    /// The name under which the service takes what is sealed to it: the target that `allow` is compared with; the method is `PUT`.
    pub target: &'a str,
    /// Clears `app` caveats: given name and value, says whether the service's own code knows the name and accepts the value.
    pub app: &'a dyn Fn(&str, &[u8]) -> bool,
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("clock", &self.clock).field("target", &self.target).finish_non_exhaustive()
    }
}

/// Something sealed to a capability, whose message has decrypted: its writer knew the psk at the end of exactly this chain and, if there is a
/// sender, that key's private half. Whether it was allowed to is not known yet, so that the content stays inside until it is cleared.
pub struct Proven<T> {
    pub(super) chain: Arc<DerivedChain>,
    pub(super) pattern: Pattern,
    pub(super) sender: Option<PublicKey>,
    pub(super) purpose: Purpose,
    pub(super) content: T,
}

/// What clearing says.
#[derive(Debug)]
pub enum Verdict<T> {
    /// The writer was allowed to, by every caveat of every block, and nothing is revoked.
    Authorised {
        /// The proof.
        chain: VerifiedChain,
        /// What was sealed.
        content: T,
    },
    /// It would be authorised, had it not expired or been revoked since.
    Lapsed {
        /// The first that says no.
        refusal: Refusal,
        /// What was sealed, for whoever asks for it all the same.
        content: Lapsed<T>,
    },
    /// The writer was not allowed to. What was sealed is gone.
    Refused {
        /// The first that says no.
        refusal: Refusal,
    },
}

/// What was sealed to a capability that has expired or was revoked since.
pub struct Lapsed<T>(T);

impl<T> Lapsed<T> {
    /// What was sealed, on the explicit request of the person who opens it. It must not be shown as authorised.
    #[must_use]
    pub fn open_unauthorised(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Lapsed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lapsed(..)")
    }
}

impl<T> Proven<T> {
    /// The key that the sender has proven; `None` if it is anonymous. Of a file it may be shown as [`super::Attribution`] says.
    #[must_use]
    pub const fn sender(&self) -> Option<&PublicKey> {
        self.sender.as_ref()
    }

    /// The pattern of the message.
    #[must_use]
    pub const fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// The chain, derived and confirmed, not cleared.
    #[must_use]
    pub fn chain(&self) -> &DerivedChain {
        &self.chain
    }

    /// The revocation ids of the chain, one a block, the grant's first.
    #[must_use]
    pub fn rids(&self) -> &[Rid] {
        self.chain.rids()
    }

    /// Clears the chain by the service's clock, now: revocation, all caveats, holder and tickets, and `allow` for { target, method `PUT` }.
    /// `max_session_s` and `max_concurrent` do not apply.
    pub fn clear(self, service: &ServiceKeys, revocations: &impl RevocationCheck, reading: &Reading<'_>) -> Verdict<T> {
        let clearing = Clearing {
            clock: reading.clock,
            purpose: self.purpose,
            pattern: self.pattern,
            remote_static: self.sender.as_ref(),
            realm: service.realm(),
            app: reading.app,
        };
        let request = Request { target: reading.target.to_owned(), method: Some(METHOD.to_owned()), path: None };
        let cleared = self.chain.clear(service.static_key(), revocations, &clearing);
        let refusal = match cleared.and_then(|chain| chain.check_request(&request).map(|()| chain)) {
            Ok(chain) => return Verdict::Authorised { chain, content: self.content },
            Err(refusal) => refusal,
        };
        let of_time = matches!(refusal.reason.status(), StatusCode::Expired | StatusCode::Revoked);
        if of_time && self.chain.refused_by_time_alone(service.static_key(), &clearing, &request) {
            Verdict::Lapsed { refusal, content: Lapsed(self.content) }
        } else {
            Verdict::Refused { refusal }
        }
    }
}

impl<T> fmt::Debug for Proven<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proven").field("rids", &self.rids()).field("pattern", &self.pattern).field("sender", &self.sender).finish_non_exhaustive()
    }
}
