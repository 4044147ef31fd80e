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
export interface AgreedSession {
  /** As last agreed or remembered in this process. */
  current(): Session | undefined;
  /** As any process last agreed it. */
  remembered(): Promise<Session | undefined>;
  /** Goes on with a session that is remembered. */
  resume(session: Session): void;
  remember(session: Session): Promise<void>;
  /** Whether the server has lately said, to this page or an earlier one, that it does not push. */
  refusesPush(): boolean;
  /** The server does not push: it is asked again only after a while. */
  pushRefused(): Promise<void>;
}

/** @param address Where the server is, if that is known: a session agreed with another address does not count. */
export function createAgreedSession(
  memory: SessionMemory,
  address: string | undefined,
  clock: Clock,
): AgreedSession {
  let current: Session | undefined;
  let refusedAt: number | undefined;

  const remember = (session: Session): Promise<void> => {
    current = { ...session, ...(refusedAt !== undefined && { pushRefusedAt: refusedAt }) };
    return memory.save(current);
  };

  return {
    current: () => current,
    async remembered() {
      // A store that fails must not cost the session as long as the page lives.
      const session = (await memory.load()) ?? current;
      return session?.address === address ? session : undefined;
    },
    resume(session) {
      current = session;
    },
    remember,
    refusesPush() {
      const never = Number.NEGATIVE_INFINITY;
      return clock.now() - Math.max(refusedAt ?? never, current?.pushRefusedAt ?? never) < PUSH_REFUSAL_MS;
    },
    async pushRefused() {
      refusedAt = clock.now();
      // Before the session is agreed there is nothing to keep it with.
      if (current) await remember(current);
    },
  };
}
