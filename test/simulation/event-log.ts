import type { Agenda } from "./agenda.ts";
import type { Message } from "./exchange.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** Noted of a call once its server answered that it no longer has the response stream. */
export const STREAM_FORGOTTEN = "stream forgotten";

/** One event: the message, or nothing where it only names the place. */
export interface LoggedEvent {
  readonly id: string;
  readonly message: Message | undefined;
}

/** A connection on which the events of a response stream go out. */
export interface EventSink {
  readonly open: boolean;
  /** @param last The response: the stream ends with it. */
  emit(event: LoggedEvent, stream: LoggedStream, last: boolean): void;
  close(): void;
}

/** A response stream whose events the server keeps: it goes on without a connection. */
export class LoggedStream {
  readonly request: Message;
  readonly sessionId: string | undefined;
  readonly events: LoggedEvent[] = [];
  /** When its last event was kept, in ms of the world. */
  keptAt = 0;
  sink: EventSink | undefined;
  /** A tab has read the response. */
  wasRead = false;
  #ended = false;
  readonly #log: EventLog;

  constructor(log: EventLog, request: Message, sessionId: string | undefined) {
    this.#log = log;
    this.request = request;
    this.sessionId = sessionId;
  }

  add(message: Message | undefined, last = false): void {
    if (this.#ended) return;
    this.#ended = last;
    const event = this.#log.keep(this, message);
    if (this.sink?.open) this.sink.emit(event, this, last);
  }

  isLast({ message }: LoggedEvent): boolean {
    return message !== undefined && message.method === undefined;
  }
}

/** What a server answers to a GET with `Last-Event-ID`. */
export type Resumption =
  | { readonly kind: "stream"; readonly stream: LoggedStream; readonly after: number; readonly live: boolean }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "empty" };

/** The event store of a 2025-11-25 server (transports, "Resumability and Redelivery"). */
export class EventLog {
  readonly #agenda: Agenda;
  readonly #ledger: Ledger;
  readonly #happened: (what: string) => void;
  readonly #streams: Set<LoggedStream> = new Set();
  /** By event, also of those that are forgotten: the tag of the call. */
  readonly #tags: Map<string, string> = new Map();
  /** What comes after a resumption is only kept, and goes out with the next one. */
  readonly #keepsOnly: boolean;
  /** It takes a connection that broke for open until it has noticed. */
  readonly #conflicts: boolean;
  readonly #keepMs: number;
  readonly #refusal: number | "empty";
  #made = 0;

  constructor(agenda: Agenda, random: Random, ledger: Ledger, happened: (what: string) => void) {
    this.#agenda = agenda;
    this.#ledger = ledger;
    this.#happened = happened;
    this.#keepsOnly = random.chance(0.3);
    this.#conflicts = random.chance(0.3);
    this.#keepMs = random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 120_000, 5_000]);
    this.#refusal = random.pick([404, 400, "empty"]);
  }

  open(request: Message, sessionId: string | undefined): LoggedStream {
    const stream = new LoggedStream(this, request, sessionId);
    this.#streams.add(stream);
    return stream;
  }

  keep(stream: LoggedStream, message: Message | undefined): LoggedEvent {
    const event = { id: `event-${++this.#made}`, message };
    stream.events.push(event);
    stream.keptAt = this.#agenda.now;
    const { arguments: args } = stream.request.params ?? {};
    this.#tags.set(event.id, String((args as { tag?: unknown } | undefined)?.tag));
    return event;
  }

  resume(sessionId: string | undefined, lastEventId: string): Resumption {
    const isOf = ({ events }: LoggedStream): boolean => events.some(({ id }) => id === lastEventId);
    const stream = [...this.#streams].find((known) => known.sessionId === sessionId && isOf(known));
    if (!stream || this.#agenda.now - stream.keptAt > this.#keepMs) {
      this.#happened("resumption of a forgotten stream");
      this.#ledger.note(this.#tags.get(lastEventId) ?? "", STREAM_FORGOTTEN);
      return this.#refusal === "empty" ? { kind: "empty" } : { kind: "refused", status: this.#refusal };
    }
    if (stream.sink?.open && this.#conflicts) {
      this.#happened("resumption refused: HTTP 409");
      stream.sink.close();
      return { kind: "refused", status: 409 };
    }
    this.#happened("resumption");
    stream.sink?.close();
    const after = stream.events.findIndex(({ id }) => id === lastEventId) + 1;
    return { kind: "stream", stream, after, live: !this.#keepsOnly };
  }

  /** The server restarts, and what is in memory is gone. Calls under way go on, and their responses reach nobody else. */
  clear(): void {
    this.#streams.clear();
  }
}
