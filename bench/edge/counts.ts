export const METRICS_TOKEN = "metrics-of-the-bench";

export type Counts = Readonly<Record<string, number>>;

/** What a worker has counted so far, by names as `/metrics` has them, without their labels. @param origin The worker's. */
export async function countsOf(origin: string): Promise<Counts> {
  const reply = await fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  const counts: Record<string, number> = {};
  for (const line of (await reply.text()).split("\n")) {
    const [, name, value] = /^holdfast_(\w+?)_total(?:\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + Number(value);
  }
  return counts;
}
