//! Free ports for programs that can't listen on port 0.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// First port. The range is below the ephemeral ports, so the system does not assign one of these meanwhile.
const FIRST: u16 = 20_000;
const PAIRS: u16 = 5_000;

/// Finds two adjacent free ports, different ones at each call.
///
/// # Errors
/// When no two adjacent ports are free.
pub fn neighboring_ports() -> Result<[u16; 2]> {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    // Tests in other processes should start at different ports.
    let start = u16::try_from(u32::from(PAIRS) * (std::process::id() % 97) / 97)?;
    let pairs = (0..PAIRS).map(|_| start + CALLS.fetch_add(1, Ordering::Relaxed) % PAIRS);
    let mut pairs = pairs.map(|pair| FIRST + 2 * (pair % PAIRS)).map(|port| [port, port + 1]);
    pairs.find(|ports| ports.iter().all(|port| is_free(*port))).context("no two adjacent ports are free")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
