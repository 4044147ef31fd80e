import type { Connector } from "../channel/connection.ts";
import { createEndpoint, type Endpoint } from "../channel/endpoint.ts";
import type { Clock } from "../clock.ts";
import type { Session } from "../protocol/session.ts";
import type { Parts } from "../runtime/parts.ts";
import { type Problem, storageProblem } from "../runtime/problem.ts";
import type { TaskHost } from "../runtime/task-host.ts";
import { readSession } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { Tracing } from "./tracing.ts";

interface EndpointSetting {
  /** Remembers the sessions. */
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly report: (problem: Problem) => void;
  readonly tracing: Tracing | undefined;
  readonly explain: Parts["explain"];
  readonly host: () => Pick<TaskHost, "exclusively" | "inbound">;
}

/** Makes the endpoints of a client. A store that fails costs them their sessions, and is reported. Throws a TypeError for what is not a connector. */
export function endpointsOf(
  connectors: Readonly<Record<string, Connector>>,
  setting: EndpointSetting,
): ReadonlyMap<string, Endpoint> {
  return new Map(
    Object.entries(connectors ?? {}).map(([name, connector]) => [name, endpointOf(name, connector, setting)]),
  );
}

function endpointOf(name: string, connector: Connector, setting: EndpointSetting): Endpoint {
  // A call to what cannot connect would wait for a day.
  if (typeof connector?.connect !== "function")
    throw new TypeError(
      `The endpoint ${JSON.stringify(name)} is not a connector: give fromUrl(address) of holdfast/http, or another one`,
    );
  const { store, clock, requestTimeoutMs, tracing, report, explain, host } = setting;
  const forgiving = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const message = `The session of the endpoint ${JSON.stringify(name)} could not be stored or read`;
      report(storageProblem(message, error));
      return undefined;
    }
  };
  return createEndpoint(
    name,
    tracing ? tracing.traced(name, connector) : connector,
    {
      load: async () => readSession(await forgiving(() => store.loadSession(name))),
      save: (session: Session) => forgiving(() => store.saveSession(name, session)),
      exclusively: (work) => host().exclusively(name, work),
    },
    (message, origin = {}) => host().inbound(name, message, origin),
    clock,
    requestTimeoutMs,
    (why) => report({ kind: "incomplete-list", endpoint: name, message: `The server of ${name}: ${why}` }),
    explain,
  );
}
