import type { InputMethod } from "../../src/protocol/input-request.ts";
import type { Random } from "./random.ts";

/** How a task ends if nobody stops it. */
export type Ending =
  | { readonly kind: "result"; readonly isError: boolean }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "cancelled" };

/** One stretch of a task's life at its server. */
export type Step =
  | {
      readonly kind: "work";
      readonly ms: number;
      readonly message?: string;
      /** New values from here on; the specifications let both change. */
      readonly pollMs?: number;
      readonly ttlMs?: number;
    }
  | {
      readonly kind: "ask";
      readonly methods: readonly InputMethod[];
      /** Another question takes the first one's place after so long, in ms. */
      readonly supersedeMs?: number;
      /** The server goes on without an answer after so long, in ms. */
      readonly patienceMs: number;
    };

export interface WorkPlan {
  readonly steps: readonly Step[];
  readonly ending: Ending;
  readonly ttlMs: number | null;
  readonly pollMs: number | undefined;
  /** How long after the TTL the server forgets the task, in ms. */
  readonly lingerMs: number;
  /** After how long the server honours a cancel (2026-07-28), in ms; undefined if it ignores it. */
  readonly heedsCancelAfterMs: number | undefined;
}

const POLLS: readonly [number | undefined, ...(number | undefined)[]] = [
  undefined,
  undefined,
  0,
  100,
  500,
  1_000,
  1_000,
  2_000,
  5_000,
  5_000,
  10_000,
  30_000,
  600_000,
];

export function drawPlan(random: Random): WorkPlan {
  const steps: Step[] = [];
  for (let count = random.pick([0, 1, 1, 2, 2, 3, 5]); count > 0; count--) {
    steps.push(random.chance(0.35) ? drawQuestion(random) : drawWork(random));
  }
  const pollMs = random.pick(POLLS);
  return {
    steps,
    ending: drawEnding(random),
    ttlMs: random.pick([null, null, null, 1_800_000, 3_600_000, 600_000, 90_000, 15_000]),
    pollMs,
    lingerMs: random.pick([0, 1_000, 60_000, 900_000]),
    heedsCancelAfterMs: random.pick([undefined, 0, 0, 2_000, 20_000, 60_000]),
  };
}

function drawWork(random: Random): Step {
  return {
    kind: "work",
    ms: random.spread(50, 90_000),
    ...(random.chance(0.5) && { message: `at ${random.between(1, 99)}%` }),
    ...(random.chance(0.2) && { pollMs: random.pick(POLLS) ?? 700 }),
    ...(random.chance(0.1) && { ttlMs: random.pick([120_000, 3_600_000]) }),
  };
}

function drawQuestion(random: Random): Step {
  const method = (): InputMethod =>
    random.pick(["elicitation/create", "elicitation/create", "sampling/createMessage", "roots/list"]);
  const methods = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, method);
  return {
    kind: "ask",
    methods,
    ...(random.chance(0.15) && { supersedeMs: random.spread(500, 30_000) }),
    patienceMs: random.pick([600_000, 600_000, 60_000, 3_600_000]),
  };
}

function drawEnding(random: Random): Ending {
  const kind = random.next();
  if (kind < 0.75) return { kind: "result", isError: random.chance(0.2) };
  if (kind < 0.93) {
    return { kind: "error", code: random.pick([-32603, -32000, -32602]), message: "The work went wrong" };
  }
  return { kind: "cancelled" };
}

/** A question's parameters, of the shape its method has. */
export function questionParams(method: InputMethod, text: string): Record<string, unknown> {
  switch (method) {
    case "elicitation/create":
      return {
        mode: "form",
        message: text,
        requestedSchema: {
          type: "object",
          properties: { answer: { type: "string" } },
          required: ["answer"],
        },
      };
    case "sampling/createMessage":
      return { messages: [{ role: "user", content: { type: "text", text } }], maxTokens: 10 };
    case "roots/list":
      return {};
  }
}
