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
  return withBody(response, mapped(body, limit));
}

/** The same response with another body. `Response` sets no `url`, which nobody here asks for. */
export function withBody({ status, statusText, headers }: Response, body: ReadableStream): Response {
  const kept = new Headers(headers);
  kept.delete("content-length");
  kept.delete("content-encoding");
  return new Response(body, { status, statusText, headers: kept });
}

/** What becomes of the chunks of a body. */
export interface ChunkMapper {
  /** What is read in place of a chunk. The body errors with what it throws. */
  readonly chunk: (bytes: Uint8Array) => Uint8Array;
  /** What is read after the last chunk. */
  readonly rest?: () => Uint8Array;
  /** Whether the body ends here, whatever follows. */
  readonly isOver?: () => boolean;
}

/** A body of mapped chunks. Each is read when somebody wants it: a `TransformStream` in a pipe costs some times as much. */
export function mapped(
  body: ReadableStream<Uint8Array>,
  { chunk, rest, isOver }: ChunkMapper,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const cancel = (reason?: unknown): Promise<void> => reader.cancel(reason).catch(() => undefined);
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          let bytes: Uint8Array | undefined;
          try {
            bytes = done ? rest?.() : chunk(value);
          } catch (error) {
            void cancel(error);
            throw error;
          }
          if (bytes && bytes.byteLength > 0) controller.enqueue(bytes);
          if (done) return controller.close();
          if (isOver?.()) {
            void cancel();
            return controller.close();
          }
          if (bytes && bytes.byteLength > 0) return;
        }
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}

function totalLimit(maxBytes: number): ChunkMapper {
  let seen = 0;
  return {
    chunk(bytes) {
      seen += bytes.byteLength;
      if (seen > maxBytes) throw new ReplyTooLongError(maxBytes);
      return bytes;
    },
  };
}

function cutAt(maxBytes: number): ChunkMapper {
  let left = maxBytes;
  return {
    chunk(bytes) {
      const kept = bytes.subarray(0, left);
      left -= kept.byteLength;
      return kept;
    },
    isOver: () => left === 0,
  };
}

/** An event ends with a blank line, whichever of the three line ends the server uses. */
function eventLimit(maxBytes: number): ChunkMapper {
  let seen = 0;
  let blank = false;
  let before = 0;
  return {
    chunk(bytes) {
      for (const byte of bytes) {
        seen++;
        if (byte === CARRIAGE_RETURN || (byte === LINE_FEED && before !== CARRIAGE_RETURN)) {
          if (blank) seen = 0;
          blank = true;
        } else if (byte !== LINE_FEED) blank = false;
        before = byte;
      }
      if (seen > maxBytes) throw new ReplyTooLongError(maxBytes);
      return bytes;
    },
  };
}
