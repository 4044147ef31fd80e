import * as z from "zod";

const nextFault = z.object({
  /** The JSON-RPC method to hit; any request at all if absent. */
  method: z.string().optional(),
  count: z.int().min(1).default(1),
  status: z.int().min(200).max(599).optional(),
  retryAfter: z.string().optional(),
  body: z.string().optional(),
  /** Do the work, then break the connection instead of answering. */
  dropReply: z.literal(true).optional(),
  /** Do the work, and answer as ever, but so much later, in ms. */
  delayMs: z.int().min(0).max(60_000).optional(),
});

export const faultOrder = z.object({
  forgetSessions: z.literal(true).optional(),
  forgetTasks: z.literal(true).optional(),
  next: nextFault.optional(),
});

export type Fault = z.output<typeof nextFault>;

const KEY = "armed-faults";

/** Faults that wait for the request they are to hit. */
export class ArmedFaults {
  readonly #storage: SyncKvStorage;

  constructor(storage: SyncKvStorage) {
    this.#storage = storage;
  }

  arm(fault: Fault): void {
    this.#storage.put(KEY, [...this.#armed(), fault]);
  }

  /** The fault for a request, used up by asking. */
  take(method: string | undefined): Fault | undefined {
    const armed = this.#armed();
    const hit = armed.find((fault) => fault.method === undefined || fault.method === method);
    if (!hit) return undefined;
    hit.count -= 1;
    this.#storage.put(
      KEY,
      armed.filter((fault) => fault.count > 0),
    );
    return hit;
  }

  #armed(): Fault[] {
    return this.#storage.get<Fault[]>(KEY) ?? [];
  }
}

/** The endpoint's reply, or what the fault makes of it. */
export async function replyUnder(
  fault: Fault | undefined,
  reply: () => Promise<Response>,
  method: string | undefined,
): Promise<Response> {
  if (!fault) return reply();
  if (fault.dropReply) return withoutReply(await reply(), method);
  if (fault.delayMs === undefined) return faultReply(fault);
  const late = await reply();
  await scheduler.wait(fault.delayMs);
  return late;
}

function faultReply(fault: Fault): Response {
  const body = fault.body ?? null;
  return new Response(body, {
    status: fault.status ?? 200,
    headers: {
      ...(body !== null && { "content-type": "application/json" }),
      ...(fault.retryAfter !== undefined && { "retry-after": fault.retryAfter }),
    },
  });
}

/** The same answer with a body that breaks off after a line break, which means nothing in JSON or in an event stream. */
async function withoutReply(response: Response, method: string | undefined): Promise<Response> {
  const reader = response.body?.getReader();
  // The first bytes of an answer mean that the work is done. A GET stream may never have any.
  if (reader && method !== undefined) await reader.read();
  void reader?.cancel().catch(() => {});
  let begun = false;
  const broken = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (begun) {
        // Without a first byte on its way the client would receive a 500, which is a reply after all.
        await scheduler.wait(10);
        controller.error(new Error("The reply was dropped on purpose"));
      } else {
        controller.enqueue(new TextEncoder().encode("\n"));
        begun = true;
      }
    },
  });
  return new Response(broken, { status: response.status, headers: response.headers });
}
