import { eventStream } from "../http/event-stream.ts";
import type { GroupName } from "./principal-directory-rpc.ts";

/** How much a reader may leave unread, in characters: some hundreds of groups. */
const MOST_UNREAD = 64 * 1024;

type Send = (text: string) => void;

/** Streams of the groups (SSE): `group` for those there are, `ready`, and `group` again for each new one. */
export class GroupFeed {
  readonly #readers: Set<Send> = new Set();

  /** How many streams are open. */
  get size(): number {
    return this.#readers.size;
  }

  /** @param limit How many may be open at the same time: beyond it the status is 429. */
  open(groups: readonly GroupName[], limit: number): Response {
    if (this.#readers.size >= limit) return new Response(null, { status: 429 });
    return eventStream(
      ({ writeText, ended }) => {
        const send: Send = (text) => void writeText(text).catch(() => undefined);
        this.#readers.add(send);
        send(`${groups.map(groupEvent).join("")}event: ready\ndata: {}\n\n`);
        return new Promise((resolve) => {
          ended.addEventListener("abort", () => {
            this.#readers.delete(send);
            resolve();
          });
        });
      },
      { mostUnread: MOST_UNREAD },
    );
  }

  announce(group: GroupName): void {
    for (const send of [...this.#readers]) send(groupEvent(group));
  }
}

function groupEvent({ endpoint, shard }: GroupName): string {
  return `event: group\ndata: ${JSON.stringify({ endpoint, shard })}\n\n`;
}
