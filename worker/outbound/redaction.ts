import { type ChunkMapper, withMapped } from "./bounded-body.ts";

/** What stands where a secret stood. */
export const REDACTED = "[redacted]";

/** A shorter value stands in too many texts by chance, and would be guessed anyway. */
const MIN_LENGTH = 8;

/** Gives the secrets that may stand in a reply now: some are renewed while the worker runs. */
export type Redactor = () => readonly string[];

/**
 * The response without these secrets. A server may repeat what it was sent: in an error page, in a tool's result. Here,
 * before anything else reads the reply, is the one place where that is undone: log, records, API and gateway get it from here.
 */
export async function redacted(response: Response, redactor: Redactor | undefined): Promise<Response> {
  const secrets = spellings(redactor?.() ?? []);
  const body = secrets.length === 0 ? null : response.body;
  return body ? withMapped(response, body, replacing(secrets)) : response;
}

/** As it is, in JSON, in an address. The longest first: one may be the beginning of another. */
function spellings(secrets: readonly string[]): readonly string[] {
  if (secrets.length === 0) return secrets;
  const all = secrets
    .filter(({ length }) => length >= MIN_LENGTH)
    .flatMap((secret) => {
      const json = JSON.stringify(secret).slice(1, -1);
      return [secret, json, json.replaceAll("/", "\\/"), encodeURIComponent(secret)];
    });
  return [...new Set(all)].sort((a, b) => b.length - a.length);
}

/** Secrets are ASCII, so bytes are looked at as Latin-1 and come out as they went in. */
function replacing(secrets: readonly string[]): ChunkMapper {
  let held = "";
  return {
    chunk(chunk) {
      const text = secrets.reduce((left, secret) => left.replaceAll(secret, REDACTED), held + latin1(chunk));
      const keep = beginning(text, secrets);
      held = text.slice(text.length - keep);
      return bytes(text.slice(0, text.length - keep));
    },
    rest: () => bytes(held),
  };
}

/** How much of the end may be the beginning of a secret, of which the next chunk has the rest. */
function beginning(text: string, secrets: readonly string[]): number {
  let keep = 0;
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > keep; length--) {
      if (!text.endsWith(secret.slice(0, length))) continue;
      keep = length;
      break;
    }
  }
  return keep;
}

const PIECE = 8_192;

function latin1(chunk: Uint8Array): string {
  let text = "";
  for (let at = 0; at < chunk.length; at += PIECE)
    text += String.fromCharCode(...chunk.subarray(at, at + PIECE));
  return text;
}

function bytes(text: string): Uint8Array {
  const chunk = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) chunk[at] = text.charCodeAt(at);
  return chunk;
}
