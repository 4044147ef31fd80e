/** Waits no longer than until one of the signals is aborted, and rejects with its reason then. What is waited for goes on. */
export function unlessAborted<T>(
  promise: Promise<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  let stop!: () => void;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signals.find((signal) => signal?.aborted)?.reason);
  });
  for (const signal of signals) {
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
  }
  return Promise.race([promise, aborted]).finally(() => {
    for (const signal of signals) signal?.removeEventListener("abort", stop);
  });
}
