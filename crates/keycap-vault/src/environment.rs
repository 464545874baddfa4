//! Where time and randomness enter: nothing below the vault reads a clock or draws a random byte of its own accord.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use keycap_core::time::{Clock, UnixSeconds};
use rand::rngs::{OsRng, StdRng};
use rand::{CryptoRng, RngCore, SeedableRng};

/// A clock and a source of randomness.
pub struct Environment {
    clock: Box<dyn Fn() -> Clock + Send + Sync>,
    rng: Box<dyn Randomness>,
}

/// What can be drawn from, as one object.
trait Randomness: RngCore + CryptoRng + Send {}
impl<R: RngCore + CryptoRng + Send> Randomness for R {}

/// Seconds before which the system's clock is taken for unset: 2024-01-01. A machine without a clock of its own starts in 1970.
const EARLIEST: u64 = 1_704_067_200;

impl Environment {
    /// The system's clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Box::new(system_clock), rng: Box::new(OsRng) }
    }

    /// A clock that stands still and randomness that repeats: for tests and demonstrations.
    #[must_use]
    pub fn fixed(now: UnixSeconds, seed: u64) -> Self {
        Self { clock: Box::new(move || Clock::Sure(now)), rng: Box::new(StdRng::seed_from_u64(seed)) }
    }

    /// The system's randomness, and time as `clock` tells it.
    #[must_use]
    pub fn with_clock(clock: impl Fn() -> Clock + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), rng: Box::new(OsRng) }
    }

    /// What the clock says.
    #[must_use]
    pub fn clock(&self) -> Clock {
        (self.clock)()
    }

    /// What the clock says, unsure or not: for what is written down, never for what is allowed.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        match self.clock() {
            Clock::Sure(now) => now,
            Clock::Unsure => UnixSeconds::new(0),
        }
    }

    pub(crate) fn rng(&mut self) -> Rng<'_> {
        Rng(self.rng.as_mut())
    }

    pub(crate) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}

/// What the system's clock says; unsure before 2024.
#[must_use]
pub fn system_clock() -> Clock {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) if since.as_secs() >= EARLIEST => Clock::Sure(UnixSeconds::new(since.as_secs())),
        Ok(_) | Err(_) => Clock::Unsure,
    }
}

/// The environment's randomness, borrowed.
pub(crate) struct Rng<'a>(&'a mut dyn Randomness);

impl RngCore for Rng<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill_bytes(dest);
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand::Error> {
        self.0.try_fill_bytes(dest)
    }
}

impl CryptoRng for Rng<'_> {}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("clock", &self.clock()).finish_non_exhaustive()
    }
}
