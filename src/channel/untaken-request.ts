import { isInputMethod } from "../protocol/input-request.ts";
import { INVALID_PARAMS, METHOD_NOT_FOUND, type RequestId } from "../protocol/json-rpc.ts";
import { RELATED_TASK } from "../protocol/meta-keys.ts";
import type { RpcChannel } from "./rpc-channel.ts";

const TAG_IT = `name the task in _meta["${RELATED_TASK}"], or ask on the response stream of its call`;

/** Answers a server's request that no task took. Nobody else listens on a bare transport, and the request must not hang. */
export function answerUntaken(channel: RpcChannel, id: RequestId, method: string): void {
  const answer =
    method === "ping"
      ? channel.respond(id, {})
      : isInputMethod(method)
        ? channel.refuse(id, INVALID_PARAMS, `${method} belongs to no call or task of this client: ${TAG_IT}`)
        : channel.refuse(id, METHOD_NOT_FOUND, `${method} is not supported by this client`);
  // If the answer does not arrive, the server's own timeout ends its request.
  answer.catch(() => undefined);
}
