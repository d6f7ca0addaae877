// Aborted calls, also where `AbortSignal` has no `reason`: React Native.

/** Returns the reason of an abort. */
export function reasonOf(signal: AbortSignal | undefined): unknown {
  return (
    (signal as { reason?: unknown } | undefined)?.reason ??
    Object.assign(new Error("The call was aborted"), { name: "AbortError" })
  );
}

/** Throws the reason if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw reasonOf(signal);
  }
}

/** Resolves at a time. If the signal is aborted before, rejects with its reason. */
export function sleepUntil(time: Date, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, time.getTime() - Date.now());
    if (signal?.aborted) {
      abort();
    }
    signal?.addEventListener("abort", abort, { once: true });
  });
}
