//! Ports for programs that have to be told theirs. What must stay out: those that can ask for any free one.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// Below what systems give to those who ask for any port, so that none of these is taken in between.
const FIRST: u16 = 20_000;
const PAIRS: u16 = 5_000;

/// Two neighboring ports that nobody listens on, others at every call.
///
/// # Errors
/// When there are none.
pub fn neighboring_ports() -> Result<[u16; 2]> {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    // Tests in other processes look for ports too, and should begin elsewhere.
    let start = u16::try_from(u32::from(PAIRS) * (std::process::id() % 97) / 97)?;
    let pairs = (0..PAIRS).map(|_| start + CALLS.fetch_add(1, Ordering::Relaxed) % PAIRS);
    let mut pairs = pairs.map(|pair| FIRST + 2 * (pair % PAIRS)).map(|port| [port, port + 1]);
    pairs.find(|ports| ports.iter().all(|port| is_free(*port))).context("no two neighboring ports are free")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
