import type { Page } from "playwright-core";

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** When it began, in µs. */
  readonly ts: number;
  readonly dur?: number;
  /** The time of the processor that it used, in µs. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly url?: string } };
}

/**
 * Records what the event loop of a page does. The function returned ends that, and resolves with what each of its tasks used of the
 * processor, in ms, the longest first: other programs of the machine do not count, nor does the code that the test evaluates in the page.
 */
export async function recordEventLoop(page: Page): Promise<() => Promise<readonly number[]>> {
  const browser = page.context().browser();
  if (!browser) throw new Error("The page has no browser");
  await browser.startTracing(page, {
    categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"],
  });
  return async () => {
    // The trace has a task once it has ended.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    return eventLoopTasks(await browser.stopTracing());
  };
}

/** The tasks of the busiest page's event loop. */
function eventLoopTasks(trace: Buffer): readonly number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const pages = traceEvents.filter(
    ({ ph, name, args }) => ph === "M" && name === "thread_name" && args?.name === "CrRendererMain",
  );
  const loops = pages.map((page) => {
    const events = traceEvents.filter(({ pid, tid }) => pid === page.pid && tid === page.tid);
    // Code of the page has an address.
    const evaluated = events.filter(({ name, args }) => name === "EvaluateScript" && !args?.data?.url);
    return events
      .filter(({ name }) => name === "RunTask")
      .filter(({ ts, dur = 0 }) => !evaluated.some((script) => script.ts >= ts && script.ts < ts + dur))
      .map(({ tdur = 0 }) => tdur / 1_000)
      .sort((a, b) => b - a);
  });
  const total = (tasks: readonly number[]): number => tasks.reduce((sum, task) => sum + task, 0);
  return loops.sort((a, b) => total(b) - total(a))[0] ?? [];
}
