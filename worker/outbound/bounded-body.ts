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
export async function bounded(response: Response, maxBytes: number): Promise<Response> {
  const { headers, ok } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
  // The engine holds a body to its length, unless it unpacks it.
  const length = headers.has("content-encoding") ? null : headers.get("content-length");
  if (!isStream && length !== null && Number(length) <= maxBytes) return response;
  const { body } = response;
  if (!body) return response;
  const limit = isStream ? eventLimit(maxBytes) : ok ? totalLimit(maxBytes) : cutAt(maxBytes);
  return withMapped(response, body, limit);
}

/**
 * The same response with a mapped body. `Response` sets no `url`, which nobody here asks for. JSON is read at once, since its
 * reader needs all of it: a stream of ours costs more than the rest of such a request. What fails then fails where the body is read.
 */
export async function withMapped(
  { status, statusText, headers }: Response,
  body: ReadableStream<Uint8Array>,
  mapper: ChunkMapper,
): Promise<Response> {
  const kept = new Headers(headers);
  kept.delete("content-length");
  kept.delete("content-encoding");
  const isWhole = status === 200 && headers.get("content-type")?.startsWith("application/json") === true;
  const mappedTo = isWhole ? await whole(body, mapper) : mapped(body, mapper);
  return new Response(mappedTo, { status, statusText, headers: kept });
}

async function whole(
  body: ReadableStream<Uint8Array>,
  { chunk, rest }: ChunkMapper,
): Promise<Blob | ReadableStream> {
  const reader = body.getReader();
  const read: Uint8Array[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const bytes = done ? rest?.() : chunk(value);
      if (bytes) read.push(bytes);
      if (done) return new Blob(read);
    }
  } catch (error) {
    void reader.cancel(error).catch(() => undefined);
    return new ReadableStream({ start: (controller) => controller.error(error) });
  }
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
function mapped(
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
