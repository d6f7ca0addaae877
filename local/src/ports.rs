//! Free ports for programs that can't listen on port 0.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// First port. The range is below the ephemeral ports, so the system does not assign one of these meanwhile.
const FIRST: u16 = 20_000;
const PAIRS: u16 = 5_000;

<<<<<<< HEAD
/// Two neighboring ports that nobody listens on, others at every call.
///
/// # Errors
/// When there are none.
pub fn neighboring_ports() -> Result<[u16; 2]> {
=======
/// Finds two adjacent free ports, different ones at each call.
///
/// # Errors
/// When no two adjacent ports are free.
pub fn neighbouring_ports() -> Result<[u16; 2]> {
>>>>>>> 031201b (The rest of the local stack names things by their terms, and its errors say what to do)
    static CALLS: AtomicU16 = AtomicU16::new(0);
    // Tests in other processes should start at different ports.
    let start = u16::try_from(u32::from(PAIRS) * (std::process::id() % 97) / 97)?;
    let pairs = (0..PAIRS).map(|_| start + CALLS.fetch_add(1, Ordering::Relaxed) % PAIRS);
    let mut pairs = pairs.map(|pair| FIRST + 2 * (pair % PAIRS)).map(|port| [port, port + 1]);
<<<<<<< HEAD
    pairs.find(|ports| ports.iter().all(|port| is_free(*port))).context("no two neighboring ports are free")
=======
    pairs.find(|ports| ports.iter().all(|port| is_free(*port))).context("no two adjacent ports are free")
>>>>>>> 031201b (The rest of the local stack names things by their terms, and its errors say what to do)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
