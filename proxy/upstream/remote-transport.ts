import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { authorizedFetch } from "../../src/channel/authorization.ts";
import type { Fetch } from "../../src/channel/exchange.ts";
import { HttpError } from "../../src/channel/http-error.ts";
import type { Transport } from "../../src/channel/transport.ts";
import type { RemoteServer } from "../configuration/server-spec.ts";
import type { SignIn } from "./sign-in.ts";

/** Streamable HTTP by the SDK. A request that the server refuses for its token waits for a new one and is sent again. */
export function remoteTransport(
  { url, headers }: RemoteServer,
  signIn: SignIn,
  sessionId: string | undefined,
): Transport {
  const plain: Fetch = (input, init) => globalThis.fetch(input, init);
  // A header of the user's own is all the authorization there is.
  const hasOwnHeader = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  const send = hasOwnHeader ? plain : authorizedFetch(plain, new URL(url), signIn, plain, Date.now);
  return new StreamableHTTPClientTransport(new URL(url), {
    async fetch(input, init) {
      const response = await send(input, init);
      // The SDK drops this header, and a poll needs it.
      if (response.headers.has("retry-after") && !response.ok) throw await HttpError.of(response, Date.now());
      return response;
    },
    requestInit: { headers: { ...headers } },
    ...(sessionId !== undefined && { sessionId }),
  }) as unknown as Transport;
}
