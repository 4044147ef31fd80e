import type { ContentBlock, JsonObject } from "holdfast";
import { isObject } from "../../../front/client-capabilities.ts";
import { UNKNOWN_RESOURCE, wholeResult } from "../../../front/messages.ts";
import { endingOf } from "../../../front/outcome.ts";
import { invalidParams } from "../../../front/rpc-error.ts";
import type { Caller } from "../caller.ts";
import { resultText } from "./result-text.ts";

import { sizeLimitOf } from "./size-limit.ts";

const PREFIX = "holdfast://results/";

/** The link to a whole result, for people and programs that read what the model cannot take. */
export function resourceLink(task: string): ContentBlock {
  const name = `result-${task}`;
  return {
    type: "resource_link",
    uri: PREFIX + task,
    name,
    description: wholeResult(task),
    mimeType: "text/plain",
  };
}

/** Whether the caller's client may be given links to results. */
export function offersResults({ settings, limits }: Caller): boolean {
  return settings.companions && sizeLimitOf(limits) !== undefined;
}

export function isResultUri(uri: unknown): uri is string {
  return typeof uri === "string" && uri.startsWith(PREFIX);
}

/** Answers `resources/read`: the whole text of a result, then its pictures and files. Throws an RpcError. */
export async function readResultResource(caller: Caller, uri: string): Promise<JsonObject> {
  const id = uri.slice(PREFIX.length);
  const outcome = (await caller.groupOfTask(id)?.task(id))?.outcome;
  const ending = outcome && endingOf(outcome);
  if (ending?.kind !== "result") throw invalidParams(UNKNOWN_RESOURCE);
  const files = ending.result.content.flatMap((block, index) => {
    const { data, mimeType }: JsonObject = isObject(block.resource)
      ? { data: block.resource.blob, mimeType: block.resource.mimeType ?? "application/octet-stream" }
      : { ...block };
    return typeof data === "string"
      ? [{ uri: `${uri}#${index}`, mimeType: String(mimeType), blob: data }]
      : [];
  });
  return { contents: [{ uri, mimeType: "text/plain", text: resultText(ending.result) }, ...files] };
}
