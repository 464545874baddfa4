//! Clearing: whether all caveats of all blocks hold, here and now. The only way from a derived chain to a verified one.

use std::sync::Arc;

use super::caveat::{Caveat, PatternSet, Purpose, Rule};
use super::{BlockKind, Chain, DerivedChain, Rid};
use crate::key::{PublicKey, StaticKey};
use crate::noise::{self, Pattern, StatusCode};
use crate::request::Request;
use crate::time::{Clock, UnixSeconds};

/// Seconds by which a holder's clock may run ahead of the service's at `nbf`.
const NOT_BEFORE_TOLERANCE_S: u64 = 60;

/// Which blocks are revoked, as the service knows it now.
pub trait RevocationCheck {
    /// Whether this block, and with it everything below it, is revoked.
    fn is_revoked(&self, rid: &Rid) -> bool;

    /// Grants of an earlier epoch than this are revoked.
    fn min_epoch(&self) -> u32;
}

/// What the service knows when it clears a chain.
pub struct Clearing<'a> {
    /// The service's clock.
    pub clock: Clock,
    /// What the capability is being used for.
    pub purpose: Purpose,
    /// The Noise pattern in use.
    pub pattern: Pattern,
    /// The peer's static key, proven by the handshake; `None` for anonymous patterns.
    pub remote_static: Option<&'a PublicKey>,
    /// The service's realm, if it has one.
    pub realm: Option<&'a str>,
    /// Clears `app` caveats: given name and value, says whether the service's own code knows the name and accepts the value.
    pub app: &'a dyn Fn(&str, &[u8]) -> bool,
}

impl std::fmt::Debug for Clearing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clearing")
            .field("clock", &self.clock)
            .field("purpose", &self.purpose)
            .field("pattern", &self.pattern)
            .field("remote_static", &self.remote_static)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// Why a chain is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// `nbf` lies ahead.
    #[error("not valid yet")]
    NotYetValid,
    /// `exp` has come.
    #[error("expired")]
    Expired,
    /// The block, or everything of its epoch, was revoked.
    #[error("revoked")]
    Revoked,
    /// No rule of an `allow` matches the request.
    #[error("no rule allows this")]
    NotAllowed,
    /// The peer has not proven the key that the chain is bound to.
    #[error("bound to another holder")]
    WrongHolder,
    /// A link names a holder after one was named, without a hand-off.
    #[error("names a new holder without a hand-off")]
    Rebound,
    /// A hand-off follows where no holder was named.
    #[error("hands off what no holder held")]
    NothingToHandOff,
    /// A hand-off's ticket was not made by the holder before.
    #[error("the hand-off was not made by the holder before")]
    BadTicket,
    /// The Noise pattern is not among those allowed, or needs a holder that the chain does not name.
    #[error("not usable with this Noise pattern")]
    Pattern,
    /// More blocks follow than a `max_links` allows.
    #[error("more links follow than allowed")]
    TooManyLinks,
    /// The service is of another realm, or of none.
    #[error("meant for another realm")]
    Realm,
    /// The use is not among the purposes.
    #[error("not meant for this purpose")]
    Purpose,
    /// The service's code does not know the `app` caveat or does not accept its value.
    #[error("the service does not clear this application caveat")]
    App,
    /// A caveat of a later version.
    #[error("a caveat that this version does not know")]
    UnknownCaveat,
    /// The service does not know the time.
    #[error("the service's clock is unsure")]
    ClockUnsure,
}

impl Reason {
    /// The status code in which the peer is told.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotYetValid | Self::Expired => StatusCode::Expired,
            Self::Revoked => StatusCode::Revoked,
            Self::UnknownCaveat => StatusCode::UnknownCaveat,
            Self::ClockUnsure => StatusCode::ClockUnsure,
            Self::NotAllowed
            | Self::WrongHolder
            | Self::Rebound
            | Self::NothingToHandOff
            | Self::BadTicket
            | Self::Pattern
            | Self::TooManyLinks
            | Self::Realm
            | Self::Purpose
            | Self::App => StatusCode::NotAllowed,
        }
    }
}

/// A refusal: which block says no, which of its caveats, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("block {block}{}: {reason}", .caveat.as_deref().map(|name| format!(", caveat `{name}`")).unwrap_or_default())]
pub struct Refusal {
    /// The block's place in the chain, from 0.
    pub block: usize,
    /// The caveat's name, if it is a caveat that says no.
    pub caveat: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// The proof that a chain was derived from the service's root, confirmed by the peer, and cleared. Holds what the session is bound by.
#[derive(Debug, Clone)]
pub struct VerifiedChain {
    chain: Arc<Chain>,
    rids: Arc<[Rid]>,
    holder: Option<PublicKey>,
    expires: Option<UnixSeconds>,
    max_session_s: Option<u64>,
    max_concurrent: Vec<(Rid, u64)>,
}

impl DerivedChain {
    /// Clears the chain for a peer that has confirmed its key: revocation, all caveats but `allow`, holders and hand-off tickets. `allow` is
    /// cleared for each request by [`VerifiedChain::check_request`]; `max_concurrent` and the deadlines are for the caller to keep.
    ///
    /// # Errors
    /// The first [`Refusal`]: revocations first, then block by block.
    pub fn clear(&self, service: &StaticKey, revocations: &impl RevocationCheck, clearing: &Clearing<'_>) -> Result<VerifiedChain, Refusal> {
        self.check_revocations(revocations)?;
        check_caveats(self.chain(), clearing, &mut Err)?;
        self.check_tickets(service)?;
        let blocks = self.chain().blocks();
        let max_session = |caveat: &Caveat| if let Caveat::MaxSession(seconds) = caveat { Some(*seconds) } else { None };
        let max_concurrent = |caveat: &Caveat| if let Caveat::MaxConcurrent(sessions) = caveat { Some(*sessions) } else { None };
        let (chain, rids) = self.share();
        Ok(VerifiedChain {
            chain,
            rids,
            holder: self.chain().holder().copied(),
            expires: self.chain().expires(),
            max_session_s: blocks.iter().flat_map(|block| block.caveats().iter()).filter_map(max_session).min(),
            max_concurrent: blocks
                .iter()
                .zip(self.rids())
                .filter_map(|(block, rid)| block.caveats().iter().find_map(max_concurrent).map(|sessions| (*rid, sessions)))
                .collect(),
        })
    }

    /// Whether `exp` alone, or a revocation, is what refuses this chain for `request`: every other caveat holds, the holder fits, and the tickets
    /// verify. For what was sealed, which may be opened on request long after.
    pub(crate) fn refused_by_time_alone(&self, service: &StaticKey, clearing: &Clearing<'_>, request: &Request) -> bool {
        let mut otherwise = false;
        let mut collect = |refusal: Refusal| {
            otherwise |= refusal.reason != Reason::Expired;
            Ok(())
        };
        // `collect` never returns a refusal, so neither do the checks.
        let _ = check_caveats(self.chain(), clearing, &mut collect);
        let _ = check_allow(self.chain(), request, &mut collect);
        !otherwise && self.check_tickets(service).is_ok()
    }

    fn check_revocations(&self, revocations: &impl RevocationCheck) -> Result<(), Refusal> {
        let revoked = |block| Refusal { block, caveat: None, reason: Reason::Revoked };
        if self.chain().epoch() < revocations.min_epoch() {
            return Err(revoked(0));
        }
        match self.rids().iter().position(|rid| revocations.is_revoked(rid)) {
            Some(block) => Err(revoked(block)),
            None => Ok(()),
        }
    }

    fn check_tickets(&self, service: &StaticKey) -> Result<(), Refusal> {
        let blocks = self.chain().blocks();
        let mut psks = self.handoff_psks().iter();
        for (place, block) in blocks.iter().enumerate() {
            let Some(ticket) = block.ticket() else { continue };
            let (before, _) = blocks.split_at(place);
            let holder = before.iter().rev().find_map(|block| block.caveats().holder());
            let refusal = |reason| Refusal { block: place, caveat: None, reason };
            let holder = holder.ok_or_else(|| refusal(Reason::NothingToHandOff))?;
            let psk = psks.next().ok_or_else(|| refusal(Reason::BadTicket))?;
            noise::verify_ticket(service, holder, psk, &block.ticket_prologue(before), ticket).map_err(|_| refusal(Reason::BadTicket))?;
        }
        Ok(())
    }
}

impl VerifiedChain {
    /// The chain itself.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The revocation ids, one a block: a revocation of any of them ends the session.
    #[must_use]
    pub fn rids(&self) -> &[Rid] {
        &self.rids
    }

    /// The holder that has proven itself; `None` for a bearer capability.
    #[must_use]
    pub const fn holder(&self) -> Option<&PublicKey> {
        self.holder.as_ref()
    }

    /// The least expiry of all blocks: the session ends at this second.
    #[must_use]
    pub const fn expires(&self) -> Option<UnixSeconds> {
        self.expires
    }

    /// The least `max_session_s`, in seconds from key confirmation.
    #[must_use]
    pub const fn max_session_s(&self) -> Option<u64> {
        self.max_session_s
    }

    /// For each block with a `max_concurrent`: its rid, under which sessions are counted, and the most there may be.
    #[must_use]
    pub fn max_concurrent(&self) -> &[(Rid, u64)] {
        &self.max_concurrent
    }

    /// Whether every `allow` of the chain has a rule that matches `request`.
    ///
    /// # Errors
    /// The [`Refusal`] of the first block that has none.
    pub fn check_request(&self, request: &Request) -> Result<(), Refusal> {
        check_allow(&self.chain, request, &mut Err)
    }
}

/// Runs every check of `allow` against `request` and hands each refusal to `refused`, which stops by returning it.
pub(super) fn check_allow(chain: &Chain, request: &Request, refused: &mut dyn FnMut(Refusal) -> Result<(), Refusal>) -> Result<(), Refusal> {
    for (place, block) in chain.blocks().iter().enumerate() {
        for caveat in block.caveats().iter() {
            if let Caveat::Allow(rules) = caveat
                && !rules.iter().any(|rule: &Rule| request.matches(rule))
            {
                refused(Refusal { block: place, caveat: Some(caveat.name()), reason: Reason::NotAllowed })?;
            }
        }
    }
    Ok(())
}

/// Runs every check of caveats and holders but `allow`, tickets and revocation, and hands each refusal to `refused`.
pub(super) fn check_caveats(chain: &Chain, clearing: &Clearing<'_>, refused: &mut dyn FnMut(Refusal) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let blocks = chain.blocks();
    let mut holder: Option<&PublicKey> = None;
    for (place, block) in blocks.iter().enumerate() {
        match (block.kind(), holder, block.caveats().holder()) {
            (BlockKind::Link, Some(_), Some(_)) => refused(Refusal { block: place, caveat: Some("holder".into()), reason: Reason::Rebound })?,
            (BlockKind::Handoff, None, _) => refused(Refusal { block: place, caveat: None, reason: Reason::NothingToHandOff })?,
            _ => {}
        }
        holder = block.caveats().holder().or(holder);
        for caveat in block.caveats().iter() {
            if let Err(reason) = check_caveat(caveat, blocks.len() - place - 1, clearing) {
                refused(Refusal { block: place, caveat: Some(caveat.name()), reason })?;
            }
        }
    }
    let last = blocks.len().saturating_sub(1);
    if clearing.purpose == Purpose::Control && !chain.grant_has_purpose() {
        refused(Refusal { block: 0, caveat: Some("purpose".into()), reason: Reason::Purpose })?;
    }
    if let Err(reason) = check_holder(holder, clearing) {
        let named = blocks.iter().rposition(|block| block.caveats().holder().is_some());
        refused(Refusal { block: named.unwrap_or(last), caveat: named.map(|_| "holder".into()), reason })?;
    }
    Ok(())
}

fn check_caveat(caveat: &Caveat, blocks_after: usize, clearing: &Clearing<'_>) -> Result<(), Reason> {
    let holds = |condition, reason| if condition { Ok(()) } else { Err(reason) };
    let now = || match clearing.clock {
        Clock::Sure(now) => Ok(now),
        Clock::Unsure => Err(Reason::ClockUnsure),
    };
    match caveat {
        Caveat::NotBefore(at) => holds(now()?.plus(NOT_BEFORE_TOLERANCE_S) >= *at, Reason::NotYetValid),
        Caveat::Expires(at) => holds(now()? < *at, Reason::Expired),
        Caveat::Patterns(set) => holds(PatternSet::contains(*set, clearing.pattern), Reason::Pattern),
        Caveat::MaxLinks(links) => holds(blocks_after <= usize::from(*links), Reason::TooManyLinks),
        Caveat::Realm(realm) => holds(clearing.realm == Some(realm), Reason::Realm),
        Caveat::Purpose(purposes) => holds(purposes.contains(&clearing.purpose), Reason::Purpose),
        Caveat::App { name, value } => holds((clearing.app)(name, value), Reason::App),
        Caveat::Unknown { .. } => Err(Reason::UnknownCaveat),
        // Cleared for each request, for the chain as a whole, and by the caller, in this order.
        Caveat::Allow(_) | Caveat::Holder(_) | Caveat::MaxSession(_) | Caveat::MaxConcurrent(_) => Ok(()),
    }
}

/// A chain that names a holder needs a pattern that proves a key, and that key; one that names none refuses the patterns that are for
/// holders only. `Xpsk1` without a holder is accepted: it shows a sender, and binds nothing.
fn check_holder(holder: Option<&PublicKey>, clearing: &Clearing<'_>) -> Result<(), Reason> {
    match (holder, clearing.pattern) {
        (None, Pattern::NKpsk2 | Pattern::Npsk0 | Pattern::Xpsk1) => Ok(()),
        (None, _) | (Some(_), Pattern::NKpsk2 | Pattern::Npsk0) => Err(Reason::Pattern),
        (Some(holder), _) if clearing.remote_static == Some(holder) => Ok(()),
        (Some(_), _) => Err(Reason::WrongHolder),
    }
}
