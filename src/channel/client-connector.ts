import { systemClock } from "../clock.ts";
import { RequestFailedError } from "../engine/request-failed.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ClientIdentity, Session } from "../protocol/session.ts";
import { DEFAULT_CAPABILITIES, DEFAULT_IDENTITY, withTasks } from "./client-identity.ts";
import {
  type Connection,
  type ConnectionEvents,
  type ConnectLimits,
  type Connector,
  connectionOver,
} from "./connection.ts";
import { RpcChannel } from "./rpc-channel.ts";
import { type Transport, tapClose, tapMessages } from "./transport.ts";

export interface ClientOptions {
  /** Who our own 2026-07-28 requests come from: give what the Client was made with. */
  readonly clientInfo?: ClientIdentity;
  /** What our own 2026-07-28 requests say the app can answer; by default elicitation in form and URL mode. */
  readonly capabilities?: JsonObject;
}

/**
 * Connects through a Client the app already has, by a tap on its transport: our frames have our
 * ids, and their replies never reach the Client. All else goes to it as before. When the app
 * connects the Client anew, the next request taps the new transport.
 */
export function clientConnector(
  transportOf: () => Transport | undefined,
  sessionOf: (transport: Transport, remembered: Session | undefined) => Session,
  options: ClientOptions,
): Connector {
  const identity = options.clientInfo ?? DEFAULT_IDENTITY;
  const capabilities = withTasks(options.capabilities ?? DEFAULT_CAPABILITIES);
  return {
    // The session belongs to the Client; only the app can make it anew.
    renewable: false,
    async connect(
      events: ConnectionEvents,
      remembered?: Session,
      { timeoutMs }: ConnectLimits = {},
    ): Promise<Connection> {
      const transport = transportOf();
      if (!transport) {
        const message = "The Client is not connected: call its connect() first";
        throw new RequestFailedError("connect", { kind: "network", message });
      }
      const session = sessionOf(transport, remembered);
      const channel = new RpcChannel(transport, events.inbound, systemClock, timeoutMs);
      const untap = tapMessages(transport, (message) => channel.receive(message));
      tapClose(transport, () => {
        channel.close();
        events.closed();
      });
      return connectionOver(
        events.protocolOf,
        channel,
        () => session,
        identity,
        capabilities,
        // A reply that comes after the close would be an error to the Client, which never asked.
        async () => channel.whenQuiet(untap),
      );
    },
  };
}
