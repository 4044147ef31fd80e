import type { Clock } from "../clock.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { isObject, parsedJson } from "../protocol/json.ts";
import { unreadable } from "./request-failed.ts";
import { textOf } from "./response-text.ts";
import type { AwaitedReply } from "./rpc-channel.ts";
import { STREAM_END_MS } from "./transport.ts";

/** Ends the event that is read, and a line of it: some servers end a stream without the blank line that ends the event. */
export const BLANK_LINE: Uint8Array = new TextEncoder().encode("\n\n");

/**
 * Takes one text of JSON from the response to a request. Returns "reply" when it had the reply, or is the reply and unreadable;
 * "other" when it had messages of other requests or of the server; `undefined` for anything else.
 * @param receive Takes the messages that are not the reply.
 * @param resumed Whether the stream was resumed.
 */
export function takeMessages(
  text: string,
  awaited: AwaitedReply,
  receive: (message: unknown, about: string) => void,
  resumed = false,
): "reply" | "other" | undefined {
  let messages: readonly unknown[];
  try {
    const parsed: unknown = JSON.parse(text);
    messages = Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    messages = messagesIn(text);
  }
  let [replied, others] = [false, 0];
  for (const message of messages) {
    const taker =
      isObject(message) && message.method !== undefined ? undefined : awaited.takeResponse(message, resumed);
    if (taker === awaited) replied = true;
    else if (taker) others++;
    else receive(message, awaited.about);
  }
  if (replied) return "reply";
  if (others > 0 || /"method"/.test(text)) return "other";
  if (!/"(?:id|result|error)"/.test(text)) return undefined;
  awaited.fail(unreadable(text));
  return "reply";
}

/**
 * The messages among the lines of a text that is not JSON: an event stream whose type says JSON, or one message on each line. The id of
 * a task may be in one.
 */
function messagesIn(text: string): readonly unknown[] {
  return text.split(/[\r\n]+/).flatMap((line) => {
    const message = parsedJson(line.replace(/^data: ?/, ""));
    return isObject(message) && message.jsonrpc === "2.0" ? message : [];
  });
}

/** Takes a response in one piece: the reply, or the reason why it holds no reply. */
export async function takeWhole(
  response: Response,
  awaited: AwaitedReply,
  receive: (message: unknown, about: string) => void,
  mayComeElsewhere: boolean,
): Promise<void> {
  const { status, headers } = response;
  const text = await textOf(response).catch((error: unknown) => awaited.fail(tooLongOf(error)));
  if (text === undefined) return;
  if ((status !== 202 && status !== 204) || isJson(text)) {
    if (takeMessages(text, awaited, receive) !== "reply")
      awaited.fail(unreadable(text, headers.get("content-type")));
  } else if (!mayComeElsewhere) awaited.fail({ kind: "network", message: `HTTP ${status} without a reply` });
}

/** The failure for a reply or an event that is too long to be read. Throws any other error. */
export function tooLongOf(error: unknown): RequestFailure {
  if (!(error instanceof RangeError)) throw error;
  return { kind: "malformed", message: error.message };
}

/** Gives the server a moment to end the stream, so that its connection can be used again; then cuts it. */
export async function freeConnection(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  clock: Clock,
  request: Abortable,
): Promise<void> {
  const stop = clock.after(STREAM_END_MS, () => cut(reader, request));
  try {
    while (!(await reader.read()).done);
  } catch {
    // It is over in any case.
  }
  stop();
}

/** A request whose `fetch` can be aborted after the response began. */
export type Abortable = Pick<AwaitedReply, "signal" | "abort">;

/** @param other Aborts the request, too. */
export function abortable(other: AbortSignal | null | undefined): Abortable {
  const own = new AbortController();
  return { signal: AbortSignal.any([own.signal, other ?? own.signal]), abort: () => own.abort() };
}

/**
 * Ends a response stream and closes its connection. The reader sees the end of the stream. Firefox closes the connection of a
 * cancelled body only when its next byte arrives: without the abort, silent streams hold all six connections of a page to the host.
 */
export function cut(reader: ReadableStreamDefaultReader<Uint8Array>, request: Abortable): void {
  reader.cancel().catch(() => undefined);
  request.abort();
}

export function isEventStream({ body, headers, status }: Response): boolean {
  return (
    body !== null &&
    // Chromium gives it an empty body.
    status !== 204 &&
    headers.get("content-type")?.trim().toLowerCase().startsWith("text/event-stream") === true
  );
}

export function isJson(text: string): boolean {
  return parsedJson(text) !== undefined;
}
