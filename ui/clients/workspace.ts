import type { Session, TaskClientApi } from "holdfast";
import type { Followed } from "../app/followed.ts";
import type { Server } from "../servers/server.ts";
import type { WireLog } from "../wire/wire-log.ts";

/** The tasks, wherever they run. */
export interface WorkspaceClient extends TaskClientApi {
  /** What was agreed with a server, as far as it is known here. */
  session(endpoint: string): Promise<Session | undefined>;
}

/** What the whole page works with. */
export interface Workspace {
  readonly client: WorkspaceClient;
  /** The worker's come when it has answered. */
  readonly servers: Followed<readonly Server[]>;
  /** Nothing else is asked of a server before what runs there has been resumed. */
  readonly resumed: Promise<void>;
  /** Resolves when an endpoint can be asked: the worker's once the worker has said that it has it. */
  readonly reachable: (endpoint: string) => Promise<void>;
  /** Reads a resource of a server (`resources/read`), and returns the reply's result. Absent where nothing can be read. */
  readonly readResource?: (endpoint: string, uri: string) => Promise<unknown>;
  /** The page that MCP Apps run in, as an address; absent where none is served. */
  readonly appFrame?: string;
  /** Where a person signs in to see the tasks of the worker, as an address; absent where nobody has to. */
  readonly signInAt?: string;
  /** What this page sends to servers; absent where others call them. */
  readonly wire?: WireLog;
  /** Whether the worker has said which servers it calls. */
  readonly complete: Followed<boolean>;
}
