import type { Fetch } from "./exchange.ts";
import { HttpExchange } from "./exchange.ts";
import { ServerStream } from "./server-stream.ts";
import type { Transport } from "./transport.ts";
import type { Link, LinkSeed } from "./url-connector.ts";

/** What an SDK transport is made with: the remembered session, and the `fetch` that hands replies to the channel. */
export interface TransportSeed {
  readonly sessionId?: string;
  readonly fetch: Fetch;
  readonly requestInit?: RequestInit;
}

/** The link over an SDK's transport, whose `fetch` hands the replies to the channel. */
export function sdkLink(seed: LinkSeed, makeTransport: (seed: TransportSeed) => Transport): Link {
  const exchange = new HttpExchange(seed);
  const serverStream = new ServerStream(exchange.fetch, seed.clock);
  const { sessionId, requestInit } = seed;
  const transport = makeTransport({
    fetch: serverStream.fetch,
    ...(sessionId !== undefined && { sessionId }),
    ...(requestInit && { requestInit }),
  });
  return {
    transport,
    get sessionId() {
      return exchange.sessionId;
    },
    listen: () => serverStream.open(transport),
    stopListening: () => serverStream.close(),
  };
}
