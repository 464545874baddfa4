//! The `keycap-desktop` program.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

/// What is freed is wiped first: secrets pass through libraries that do not wipe them, snow among them.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    keycap_desktop::run(std::env::args_os())
}
