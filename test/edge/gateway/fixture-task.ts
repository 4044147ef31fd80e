import type { JsonObject } from "../../../src/index.ts";

type Ending =
  | { readonly status: "completed"; readonly result: JsonObject }
  | { readonly status: "failed"; readonly error: JsonObject }
  | { readonly status: "cancelled" };

/** A task of the fixture server, in the shape of 2026-07-28. */
export class FixtureTask {
  readonly id = crypto.randomUUID();
  /** What it says of itself. */
  statusMessage: string | undefined;
  readonly #createdAt = new Date().toISOString();
  readonly #open: Map<string, JsonObject> = new Map();
  readonly #answers: JsonObject[] = [];
  #ending: Ending | undefined;
  #answered: (() => void) | undefined;

  get brief(): JsonObject {
    const status = this.#ending?.status ?? (this.#open.size > 0 ? "input_required" : "working");
    return {
      taskId: this.id,
      status,
      ...(this.statusMessage !== undefined && { statusMessage: this.statusMessage }),
      createdAt: this.#createdAt,
      lastUpdatedAt: new Date().toISOString(),
      ttlMs: 600_000,
      pollIntervalMs: 150,
    };
  }

  get detailed(): JsonObject {
    const asked = this.#open.size > 0 && !this.#ending;
    return {
      ...this.brief,
      ...this.#ending,
      ...(asked && { inputRequests: Object.fromEntries(this.#open) }),
    };
  }

  end(ending: Ending): void {
    this.#ending ??= ending;
  }

  /** Asks all of these at once, and gives the answers when the last has come. */
  async ask(questions: Readonly<Record<string, string>>): Promise<readonly JsonObject[]> {
    for (const [key, message] of Object.entries(questions)) {
      const requestedSchema = { type: "object", properties: { confirm: { type: "boolean" } } };
      this.#open.set(key, {
        method: "elicitation/create",
        params: { mode: "form", message, requestedSchema },
      });
    }
    await new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    return this.#answers;
  }

  answer(responses: Readonly<Record<string, unknown>>): void {
    for (const key of [...this.#open.keys()]) {
      if (!Object.hasOwn(responses, key)) continue;
      this.#open.delete(key);
      this.#answers.push(responses[key] as JsonObject);
    }
    if (this.#open.size === 0) this.#answered?.();
  }
}
