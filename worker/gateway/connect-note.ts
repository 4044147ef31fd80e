import type { ToolResult } from "holdfast";
import { connectServers, consentQuestion } from "../../front/messages.ts";
import { RpcError, type RpcErrorJson, URL_ELICITATION_REQUIRED } from "../../front/rpc-error.ts";
import { unconnected } from "../oauth/first-use.ts";
import { connectAddress } from "./asked-consent.ts";
import type { Caller, CallerEndpoint } from "./caller.ts";

/**
 * Where the person connects the servers that want their consent and do not have it; undefined without such a server.
 * @param names The endpoints that are looked at; by default all that are asked.
 */
export async function connectNote(caller: Caller, names?: readonly string[]): Promise<string | undefined> {
  const asked = caller.endpoints.filter(({ name }) => names?.includes(name) ?? true);
  const open = await unconnected(caller.env, caller.principal, asked);
  if (open.length === 0) return undefined;
  return connectServers(open.map(({ name }) => connectAddress(caller, name)).join(" "));
}

/**
 * What a request is answered with that the endpoint's server did not take: where the person's consent is missing, the client
 * learns so, and is asked to open the page if it can be (2025-11-25; a later client is asked by the tasks of its calls).
 */
export async function refusalOf(
  { caller, name, title }: CallerEndpoint,
  refusal: RpcErrorJson,
): Promise<RpcError> {
  const note = await connectNote(caller, [name]);
  if (note === undefined) return new RpcError(refusal);
  const { abilities, legacy } = caller.traits;
  if (!legacy || !abilities.urls) return new RpcError({ ...refusal, message: note });
  const elicitation = {
    mode: "url",
    elicitationId: crypto.randomUUID(),
    url: connectAddress(caller, name),
    message: consentQuestion(title),
  };
  return new RpcError({
    code: URL_ELICITATION_REQUIRED,
    message: note,
    data: { elicitations: [elicitation] },
  });
}

/** A result with that note at its end. */
export async function withConnectNote(
  caller: Caller,
  result: ToolResult,
  names?: readonly string[],
): Promise<ToolResult> {
  const text = await connectNote(caller, names);
  return text === undefined ? result : { ...result, content: [...result.content, { type: "text", text }] };
}
