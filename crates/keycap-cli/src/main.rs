//! The `keycap` command.

mod args;
mod command;
mod context;
mod error;
mod exit;
mod file;
mod output;
mod paste;
mod prompt;
mod secret_input;
mod unlock;

use std::process::ExitCode;

/// What is freed is wiped first: secrets pass through libraries that do not wipe them, snow among them.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(args::command).complete();
    let arguments: Vec<_> = std::env::args_os().collect();
    match args::parse(&arguments) {
        Ok(args) => {
            let mut context = context::Context::new(args.globals);
            let ended = command::run(args.command, args.interface, &mut context);
            exit::end(ended, context.output)
        }
        Err(refusal) => exit::end_unparsed(refusal, &arguments),
    }
}
