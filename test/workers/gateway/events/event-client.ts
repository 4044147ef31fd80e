import type { JsonObject } from "holdfast";
import { expect } from "vitest";
import { ModernClient } from "../modern-client.ts";
import type { Callback } from "./callback.ts";

export interface Reply {
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: JsonObject };
}

export const DECLARED = { extensions: { "io.modelcontextprotocol/events": {} } };

/** A principal's 2026-07-28 client at one endpoint, which subscribes to events and makes tasks. */
export class EventClient {
  readonly principal: string;
  readonly #client: ModernClient;

  constructor({
    principal = `p-${crypto.randomUUID()}`,
    vars = {},
  }: {
    readonly principal?: string;
    readonly vars?: object;
  } = {}) {
    this.principal = principal;
    this.#client = new ModernClient(principal, "sample-2026", undefined, vars);
  }

  async ask(method: string, params: JsonObject, capabilities?: JsonObject): Promise<Reply> {
    return (await this.#client.send(method, params, capabilities)).json();
  }

  subscribe(callback: Callback, more: JsonObject = {}, capabilities?: JsonObject): Promise<Reply> {
    return this.ask("events/subscribe", subscription(callback, more), capabilities);
  }

  /** Subscribes, and returns what was granted. */
  async subscribed(callback: Callback, more: JsonObject = {}): Promise<JsonObject> {
    const { result, error } = await this.subscribe(callback, more);
    expect(error).toBeUndefined();
    return result ?? {};
  }

  unsubscribe({ url }: Callback, name = "task.completed", args: JsonObject = {}): Promise<Reply> {
    return this.ask("events/unsubscribe", { name, arguments: args, delivery: { url } });
  }

  /** Makes a task, and returns its id. */
  async acquire(args: JsonObject = {}): Promise<string> {
    const call = { name: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 50, ...args } };
    const { result } = await this.ask("tools/call", call);
    expect(result).toMatchObject({ resultType: "task" });
    return String(result?.taskId);
  }
}

export function subscription({ url, secret }: Callback, more: JsonObject = {}): JsonObject {
  return { name: "task.completed", arguments: {}, delivery: { mode: "webhook", url, secret }, ...more };
}
