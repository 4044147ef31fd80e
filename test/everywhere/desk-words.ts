import type { ServedRequest } from "../sdk/loopback.ts";

/** What a place asks the {@link Desk} of Node to do. The number of a call is that of its {@link DeskEvent} `done`. */
export type DeskCommand =
  | { readonly do: "call"; readonly call: number; readonly name: string; readonly args: readonly unknown[] }
  /** Calls a method of a response to a request of a listener. */
  | {
      readonly do: "respond";
      readonly response: number;
      readonly method: "setHeader" | "writeHead" | "flushHeaders" | "write" | "end" | "destroy";
      readonly args: readonly unknown[];
    };

/** What the desk sends to a place. */
export type DeskEvent =
  | { readonly is: "done"; readonly call: number; readonly value?: unknown; readonly error?: string }
  | {
      readonly is: "request";
      readonly listener: number;
      readonly response: number;
      readonly request: ServedRequest;
    }
  | { readonly is: "closed"; readonly response: number };
