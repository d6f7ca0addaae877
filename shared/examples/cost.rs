//! Reads inputs of the fuzz target `cost`, whose seeds it is given, at half their size and at their size: the benchmark
//! counts the instructions of [`measured`].

use std::env::args_os;
use std::fs;
use std::io::{self, Write};

use shared::fuzzing::CostInput;

fn main() -> io::Result<()> {
    for path in args_os().skip(1) {
        let seed = fs::read(&path)?;
        for halves in [1, 2] {
            let unknown = || io::Error::other(format!("{} names no place", path.display()));
            let input = CostInput::new(&seed, halves).ok_or_else(unknown)?;
            // What is set up once is no part of the input's cost.
            input.read();
            measured(&input);
        }
        writeln!(io::stdout(), "{}", path.display())?;
    }
    Ok(())
}

#[inline(never)]
fn measured(input: &CostInput) {
    input.read();
}
