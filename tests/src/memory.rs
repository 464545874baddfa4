//! A look into this process's own memory, as an attacker with a core dump has it: freed memory, stacks and all.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// What is looked for is kept masked, so that a search never finds itself.
const MASK: u8 = 0xa5;
const CHUNK: usize = 1 << 20;

/// Bytes to look for, and what they are.
#[derive(Debug, Clone)]
pub struct Trace {
    name: String,
    masked: Vec<u8>,
}

impl Trace {
    /// Remembers `bytes`, at least 16 so that they do not turn up by chance, without keeping them in the clear.
    ///
    /// # Panics
    /// If there are fewer.
    #[must_use]
    pub fn of(name: impl Into<String>, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 16, "too short to be told from chance");
        Self { name: name.into(), masked: bytes.iter().map(|byte| byte ^ MASK).collect() }
    }
}

/// Where in the writable memory of this process the traces are found: `NAME in REGION`, once for each region.
///
/// # Panics
/// If `/proc` cannot be read.
#[must_use]
pub fn search(traces: &[Trace]) -> Vec<String> {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut buffer = vec![0; CHUNK];
    let own = u64::try_from(buffer.as_ptr().addr()).unwrap();
    let own = own..own + u64::try_from(CHUNK).unwrap();
    let longest = traces.iter().map(|trace| trace.masked.len()).max().unwrap_or_default();
    let mut found = Vec::new();
    for region in regions() {
        let mut hits = vec![false; traces.len()];
        // The buffer holds what was just read elsewhere, and is passed over.
        for part in [region.start..region.end.min(own.start), region.start.max(own.end)..region.end] {
            let mut at = part.start;
            while at < part.end {
                let wanted = CHUNK.min(usize::try_from(part.end - at).unwrap());
                // Guard pages cannot be read, and hold nothing.
                let Ok(read) = memory.read_at(&mut buffer[..wanted], at) else { break };
                buffer[..read].iter_mut().for_each(|byte| *byte ^= MASK);
                mark(&buffer[..read], traces, &mut hits);
                // The next piece begins before this one's end, so that nothing is missed on the border.
                let step = if wanted == CHUNK { read.saturating_sub(longest).max(1) } else { read.max(1) };
                at += u64::try_from(step).unwrap();
            }
        }
        found.extend(traces.iter().zip(hits).filter(|(_, hit)| *hit).map(|(trace, _)| format!("{} in {}", trace.name, region.name)));
    }
    found
}

fn mark(haystack: &[u8], traces: &[Trace], hits: &mut [bool]) {
    let mut begins = [false; 256];
    traces.iter().for_each(|trace| begins[usize::from(trace.masked[0])] = true);
    for (place, byte) in haystack.iter().enumerate() {
        if begins[usize::from(*byte)] {
            for (trace, hit) in traces.iter().zip(&mut *hits) {
                *hit |= haystack[place..].starts_with(&trace.masked);
            }
        }
    }
}

struct Region {
    start: u64,
    end: u64,
    name: String,
}

/// The readable and writable mappings.
fn regions() -> Vec<Region> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let region = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let writable = fields.next()?.starts_with("rw");
        let name = fields.nth(3).unwrap_or("anonymous memory").to_owned();
        let address = |hex| u64::from_str_radix(hex, 16).ok();
        writable.then_some(Region { start: address(start)?, end: address(end)?, name })
    };
    maps.lines().filter_map(region).collect()
}
