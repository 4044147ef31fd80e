/**
 * How often an open stream is written to. workerd learns that a client has gone only when it next writes to it, and until then
 * the stream keeps its object in memory.
 */
export const KEEP_ALIVE_MS = 1000;
