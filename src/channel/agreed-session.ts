import type { Clock } from "../clock.ts";
import type { Session } from "../protocol/session.ts";

/** Where an endpoint keeps what it agreed on. */
export interface SessionMemory {
  load(): Promise<Session | undefined>;
  save(session: Session): Promise<void>;
  /** Runs the work while no other tab connects to this endpoint, so that all come to share a session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** How long a server that refused to push is not asked again, in ms. */
const PUSH_REFUSAL_MS = 3_600_000;

/** What was agreed with a server, and what is known of its tools, as far as memory and process know. */
export class AgreedSession {
  readonly #memory: SessionMemory;
  readonly #address: string | undefined;
  readonly #clock: Clock;
  #current: Session | undefined;
  #pushRefusedAt: number = Number.NEGATIVE_INFINITY;

  /** @param address Where the server is, if that is known: a session agreed with another address does not count. */
  constructor(memory: SessionMemory, address: string | undefined, clock: Clock) {
    this.#memory = memory;
    this.#address = address;
    this.#clock = clock;
  }

  /** As last agreed or remembered in this process. */
  get current(): Session | undefined {
    return this.#current;
  }

  /** As any process last agreed it. */
  async remembered(): Promise<Session | undefined> {
    // A store that fails must not cost the session as long as the page lives.
    const session = (await this.#memory.load()) ?? this.#current;
    return session?.address === this.#address ? session : undefined;
  }

  /** Goes on with a session that is remembered. */
  resume(session: Session): void {
    this.#current = session;
  }

  async remember(session: Session): Promise<void> {
    const refused = this.#pushRefusedAt > Number.NEGATIVE_INFINITY && { pushRefusedAt: this.#pushRefusedAt };
    this.#current = { ...session, ...refused };
    await this.#memory.save(this.#current);
  }

  /** Whether the server has lately said, to this page or an earlier one, that it does not push. */
  get refusesPush(): boolean {
    const at = Math.max(this.#pushRefusedAt, this.#current?.pushRefusedAt ?? Number.NEGATIVE_INFINITY);
    return this.#clock.now() - at < PUSH_REFUSAL_MS;
  }

  /** The server does not push: it is asked again only after a while. */
  async pushRefused(): Promise<void> {
    this.#pushRefusedAt = this.#clock.now();
    // Before the session is agreed there is nothing to keep it with.
    if (this.#current) await this.remember(this.#current);
  }
}
