// Random keys, also where `crypto.randomUUID` is absent: pages without TLS, and React Native.

/** Returns a UUID of version 4, or as many digits of `Math.random` where there is no `crypto`. */
export function randomKey(): string {
  const { crypto } = globalThis as { crypto?: Partial<Crypto> };
  if (crypto?.randomUUID) {
    return crypto.randomUUID();
  }
  const bytes = new Uint8Array(16);
  if (crypto?.getRandomValues) {
    crypto.getRandomValues(bytes);
  } else {
    bytes.forEach((_, index) => (bytes[index] = Math.random() * 256));
  }
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
