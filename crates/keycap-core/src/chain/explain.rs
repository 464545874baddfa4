//! Explaining: what a chain would say to a request, worked out offline by whoever can read it.

use super::clear::{Clearing, Reason, Refusal, check_allow, check_caveats};
use super::{Caveat, Chain};
use crate::request::Request;

/// What one caveat of one block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The block's place in the chain, from 0.
    pub block: usize,
    /// The caveat; `None` for what the chain as a whole says.
    pub caveat: Option<Caveat>,
    /// `None` if it holds, otherwise why not.
    pub refused: Option<Reason>,
}

/// What a chain says, caveat by caveat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// One finding a caveat, in the order of the blocks, and one more for each refusal that belongs to no caveat.
    pub findings: Vec<Finding>,
}

impl Explanation {
    /// Whether nothing says no. The service may still refuse: it alone knows what it revoked and can verify tickets.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.findings.iter().all(|finding| finding.refused.is_none())
    }

    /// Everything that says no.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.refused.is_some())
    }
}

/// Evaluates `chain` against `clearing` and, if one is given, `request`. Revocation and hand-off tickets are not looked at: only the service
/// can.
#[must_use]
pub fn explain(chain: &Chain, clearing: &Clearing<'_>, request: Option<&Request>) -> Explanation {
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut collect = |refusal| {
        refusals.push(refusal);
        Ok(())
    };
    // `collect` never returns a refusal, so neither do the checks.
    let _ = check_caveats(chain, clearing, &mut collect);
    let _ = request.map(|request| check_allow(chain, request, &mut collect));

    let mut findings = Vec::new();
    for (place, block) in chain.blocks().iter().enumerate() {
        for caveat in block.caveats().iter() {
            let name = caveat.name();
            let says_no = refusals.iter().position(|refusal| refusal.block == place && refusal.caveat.as_deref() == Some(&name));
            let refused = says_no.map(|at| refusals.swap_remove(at).reason);
            findings.push(Finding { block: place, caveat: Some(caveat.clone()), refused });
        }
    }
    findings.extend(refusals.into_iter().map(|refusal| Finding { block: refusal.block, caveat: None, refused: Some(refusal.reason) }));
    Explanation { findings }
}
