/** A reply, or one event of a stream, is longer than the worker reads. */
class ReplyTooLongError extends Error {
  override readonly name = "ReplyTooLongError";

  constructor(bytes: number) {
    super(`The reply is longer than the ${bytes} bytes that are read of one`);
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * The response with at most so many bytes in its body; of an event stream, in each event. A longer one errors with a
 * {@link ReplyTooLongError}; of an error response (4xx, 5xx) the beginning is given, since somebody may want to read it.
 */
export function bounded(response: Response, maxBytes: number): Response {
  const { body, headers, ok } = response;
  if (!body) return response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
  // The engine holds a body to its length, unless it unpacks it.
  const length = headers.has("content-encoding") ? null : headers.get("content-length");
  if (!isStream && length !== null && Number(length) <= maxBytes) return response;
  const limit = isStream ? eventLimit(maxBytes) : ok ? totalLimit(maxBytes) : cutAt(maxBytes);
  return withBody(response, body.pipeThrough(limit));
}

/** The same response with another body. `Response` sets no `url`, which nobody here asks for. */
export function withBody({ status, statusText, headers }: Response, body: ReadableStream): Response {
  const kept = new Headers(headers);
  kept.delete("content-length");
  kept.delete("content-encoding");
  return new Response(body, { status, statusText, headers: kept });
}

function totalLimit(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > maxBytes) controller.error(new ReplyTooLongError(maxBytes));
      else controller.enqueue(chunk);
    },
  });
}

function cutAt(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let left = maxBytes;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= Math.min(left, chunk.byteLength);
      if (left === 0) controller.terminate();
    },
  });
}

/** An event ends with a blank line, whichever of the three line ends the server uses. */
function eventLimit(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  let blank = false;
  let before = 0;
  return new TransformStream({
    transform(chunk, controller) {
      for (const byte of chunk) {
        seen++;
        if (byte === CARRIAGE_RETURN || (byte === LINE_FEED && before !== CARRIAGE_RETURN)) {
          if (blank) seen = 0;
          blank = true;
        } else if (byte !== LINE_FEED) blank = false;
        before = byte;
      }
      if (seen > maxBytes) controller.error(new ReplyTooLongError(maxBytes));
      else controller.enqueue(chunk);
    },
  });
}
