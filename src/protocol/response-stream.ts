/** Where the response stream of a request resumes (2025-11-25 transports, "Resumability and Redelivery"): plain data. */
export interface ResponseStream {
  /** The JSON-RPC id of the request. The reply carries it. */
  readonly requestId: number;
  /** The id of the last event read. An older one is safe: the server replays more. */
  readonly lastEventId: string;
  /** The session of the stream, if the server has sessions. */
  readonly sessionId?: string;
}
