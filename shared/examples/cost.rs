//! Reads seeds of the fuzz target `cost` at half and at full size. The benchmark counts the instructions of [`measured`].

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
            // The first read includes setup that happens once, so it is not measured.
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
