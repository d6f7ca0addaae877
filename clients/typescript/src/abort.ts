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

/** Returns the result. If the signal is aborted before, throws its reason. */
export function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(reasonOf(signal));
    if (signal?.aborted) {
      abort();
    }
    signal?.addEventListener("abort", abort, { once: true });
    void result.then(resolve, reject).then(() => signal?.removeEventListener("abort", abort));
  });
}

/** Resolves at a time. If the signal is aborted before, throws its reason. */
export async function sleepUntil(time: Date, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, time.getTime() - Date.now());
  });
  await unlessAborted(over, signal).finally(() => clearTimeout(timer));
}
