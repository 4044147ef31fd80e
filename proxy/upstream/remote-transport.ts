import { type OAuthClientProvider, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { HttpError } from "../../src/channel/http-error.ts";
import type { Transport } from "../../src/channel/transport.ts";
import type { RemoteServer } from "../configuration/server-spec.ts";
import type { SignIn } from "./sign-in.ts";

/** Streamable HTTP by the SDK. When the server wants the user to sign in, a request waits for that and is sent again. */
export function remoteTransport(
  server: RemoteServer,
  signIn: SignIn,
  sessionId: string | undefined,
): Transport {
  // A header of the user's own is all the authorization there is.
  const ownHeader = Object.keys(server.headers).some((name) => name.toLowerCase() === "authorization");
  const authProvider: OAuthClientProvider | undefined = ownHeader ? undefined : signIn;
  const sdk = new StreamableHTTPClientTransport(new URL(server.url), {
    async fetch(input, init) {
      const response = await globalThis.fetch(input, init);
      // The SDK drops this header, and a poll needs it.
      if (response.headers.has("retry-after") && !response.ok) throw await HttpError.of(response);
      return response;
    },
    requestInit: { headers: { ...server.headers } },
    ...(authProvider && { authProvider }),
    ...(sessionId !== undefined && { sessionId }),
  });
  const transport = sdk as unknown as Transport;
  const send = transport.send.bind(transport);
  const signed = async (message: never, options?: never): Promise<void> => {
    try {
      await send(message, options);
    } catch (error) {
      const { coming } = signIn;
      if ((error as Error).name !== "UnauthorizedError" || !coming) throw error;
      await sdk.finishAuth(await coming);
      signIn.completed();
      await send(message, options);
    }
  };
  transport.send = signed;
  return transport;
}
