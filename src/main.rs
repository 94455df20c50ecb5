//! The program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    twinscope::cli::main(&std::env::args_os().collect::<Vec<_>>())
}
