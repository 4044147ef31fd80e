import { MAX_REPLY, tooLong } from "../protocol/bounds.ts";

/** Reads a response as text. Rejects with a RangeError, and reads no more, once it is longer than a reply may be. */
export async function textOf(response: Response): Promise<string> {
  const { body, headers } = response;
  const length = headers.get("content-length");
  // Most replies say how long they are: these are read in one piece.
  if (length !== null && Number(length) <= MAX_REPLY && !headers.has("content-encoding"))
    return response.text();
  let text = "";
  if (!body) return text;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (done) return text;
    if (text.length <= MAX_REPLY) continue;
    reader.cancel().catch(() => undefined);
    throw tooLong();
  }
}
