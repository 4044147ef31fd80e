interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/**
 * What a service's isolate holds in memory once all garbage is collected, in bytes.
 * @param inspector The address of workerd's inspector.
 * @param origin Of the service. It answers `/healthz`.
 */
export async function heapOf(inspector: string, service: string, origin: string): Promise<number> {
  const targets = (await (await fetch(`${inspector}/json`)).json()) as readonly Target[];
  const target = targets.find(({ id }) => id === service);
  if (!target) throw new Error(`workerd has no service ${service} to inspect`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let asked = 0;
  const ask = (method: string): Promise<unknown> => {
    const own = ++asked;
    const answered = new Promise<unknown>((resolve) => {
      socket.addEventListener("message", ({ data }) => {
        const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (id === own) resolve(result);
      });
    });
    socket.send(JSON.stringify({ id: own, method }));
    return answered;
  };
  await ask("HeapProfiler.enable");
  // What the first leaves to finalizers the second collects.
  for (let time = 0; time < 2; time++) {
    let isDone = false;
    const collected = ask("HeapProfiler.collectGarbage").then(() => {
      isDone = true;
    });
    // workerd collects when the isolate runs next.
    while (!isDone) await (await fetch(`${origin}/healthz`)).arrayBuffer();
    await collected;
  }
  const {
    usedSize,
    embedderHeapUsedSize = 0,
    backingStorageSize = 0,
  } = (await ask("Runtime.getHeapUsage")) as HeapUsage;
  socket.close();
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}
