import type { JsonObject } from "holdfast";
import { allInstructions } from "../../front/instructions.ts";
import { METHOD_NOT_FOUND, RpcError } from "../../front/rpc-error.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import type { Caller } from "./caller.ts";
import { askEndpoint, factsOf } from "./endpoint-requests.ts";
import { RESOURCES, TEMPLATES } from "./lists.ts";
import { answersOf } from "./merged/answers.ts";
import { askMerged } from "./merged/requests.ts";
import { isResultUri, offersResults, readResultResource } from "./results/result-resource.ts";

/**
 * What the servers of the caller's endpoints can do together, and what a model should know of them. A server that hangs is
 * not waited for until the client gives up: without it only tools are offered, with which existing tasks can be followed.
 */
export async function serverFacts(caller: Caller): Promise<ServerFacts> {
  const answers = await answersOf(caller, factsOf);
  const capabilities: JsonObject = { tools: {} };
  for (const { answer } of answers) Object.assign(capabilities, answer.capabilities);
  const instructions = allInstructions(
    answers.map(({ endpoint: { name }, answer: said }) => ({ name, instructions: said.instructions })),
    !caller.only,
  );
  return { capabilities, ...(instructions && { instructions }) };
}

/** Answers a request that only reads, with what the endpoints' servers say. Throws an RpcError. */
export async function ask(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  if (method === "resources/read" && isResultUri(params.uri)) return readResultResource(caller, params.uri);
  try {
    return await askServers(caller, method, params);
  } catch (error) {
    // Long results are resources, whatever the server has.
    const list = [RESOURCES, TEMPLATES].find((known) => known.method === method);
    const isMissing = error instanceof RpcError && error.code === METHOD_NOT_FOUND;
    if (!list || !isMissing || !offersResults(caller)) throw error;
    return { [list.field]: [] };
  }
}

function askServers(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  return caller.only ? askEndpoint(caller.only, method, params) : askMerged(caller, method, params);
}
