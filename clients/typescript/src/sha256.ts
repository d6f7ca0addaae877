// SHA-256 (FIPS 180-4) of bytes that arrive in pieces. WebCrypto needs them all in memory.
import { throwIfAborted } from "./abort.js";

const PRIMES = firstPrimes(64);
// Signed integers, which JavaScript keeps unboxed.
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** State of a hash. */
export class Sha256 {
  readonly #state = START.slice();
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(64);
  readonly #view = new DataView(this.#block.buffer);
  #length = 0;

  /** Adds bytes. */
  update(bytes: Uint8Array): this {
    let offset = 0;
    while (offset < bytes.length) {
      const filled = this.#length % 64;
      const piece = bytes.subarray(offset, offset + 64 - filled);
      this.#block.set(piece, filled);
      this.#length += piece.length;
      offset += piece.length;
      if (this.#length % 64 === 0) {
        this.#compress();
      }
    }
    return this;
  }

  /** Returns the hash in hexadecimal digits. The state can't be used any more. */
  hex(): string {
    const length = this.#length;
    const zeros = (119 - (length % 64)) % 64;
    const padding = new Uint8Array(1 + zeros + 8);
    padding[0] = 0x80;
    const end = new DataView(padding.buffer, 1 + zeros);
    end.setUint32(0, Math.floor(length / 0x2000_0000));
    end.setUint32(4, length * 8);
    this.update(padding);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #compress(): void {
    for (let index = 0; index < 16; index += 1) {
      this.#words[index] = this.#view.getInt32(index * 4);
    }
    compress(this.#state, this.#words);
  }
}

/** Returns the SHA-256 of a blob, which is read in pieces. */
export async function sha256(blob: Blob, read?: (bytes: number) => void, signal?: AbortSignal): Promise<string> {
  const hash = new Sha256();
  for (let offset = 0; offset < blob.size; offset += PIECE) {
    throwIfAborted(signal);
    hash.update(new Uint8Array(await blob.slice(offset, offset + PIECE).arrayBuffer()));
    read?.(Math.min(offset + PIECE, blob.size));
  }
  return hash.hex();
}

const PIECE = 1024 * 1024;

function compress(state: Int32Array, words: Int32Array): void {
  for (let index = 16; index < 64; index += 1) {
    const w15 = words[index - 15]!;
    const w2 = words[index - 2]!;
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    words[index] = words[index - 16]! + s0 + words[index - 7]! + s1;
  }
  let a = state[0]!,
    b = state[1]!,
    c = state[2]!,
    d = state[3]!;
  let e = state[4]!,
    f = state[5]!,
    g = state[6]!,
    h = state[7]!;
  for (let index = 0; index < 64; index += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[index]! + words[index]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function fraction(root: number): number {
  return (root - Math.floor(root)) * 0x1_0000_0000;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) {
      primes.push(candidate);
    }
  }
  return primes;
}
