import type { Generation } from "holdfast";
import type { DirectTransport } from "./direct-transport.ts";

/** Where a call goes, and by what `fetch`. */
export interface Address {
  readonly url: string;
  readonly generation: Generation;
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  /** Instead of HTTP (2025-11-25 only). */
  readonly transport?: DirectTransport;
}

/** A call's arguments. */
export type Args = { readonly [name: string]: string };

/** What a page keeps of a task it left: each peer has its own. */
export type Kept = { readonly [field: string]: unknown };

/** A client as an app would use it: with what it needs to call one tool that is a task, and no more. */
export interface Peer {
  readonly name: string;
  /** Whether it knows this generation's tasks at all. */
  speaks(generation: Generation): boolean;
  /** A fresh page: connects, makes clear what the tool is, and gets it ready to be called. */
  open(address: Address): Promise<OpenPeer>;
  /** A page that comes after the one which kept this. Absent where the library gives no means. */
  reopen?(address: Address, kept: Kept): Promise<ReopenedPeer>;
}

export interface OpenPeer {
  /** Calls a tool and waits for its text. */
  call(tool: string): Promise<string>;
  /** Calls a tool and goes on watching its task; resolves with the handle, what becomes of it is nobody's affair. */
  start(tool: string, args: Args): Promise<void>;
  /** Calls a tool and releases the task as soon as it has its handle. Resolves with what a later page needs. */
  leave(tool: string): Promise<Kept>;
  close(): Promise<void>;
}

export interface ReopenedPeer {
  /** Waits for the text of the task that was left. */
  result(): Promise<string>;
  close(): Promise<void>;
}

/** The text of a tool's result, whichever library decoded it. */
export function textOf(result: unknown): string {
  const { content } = result as { readonly content?: readonly { readonly text?: string }[] };
  return content?.[0]?.text ?? "";
}
