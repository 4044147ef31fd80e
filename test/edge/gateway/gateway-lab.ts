import { createHash } from "node:crypto";
import { type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { FixtureServer } from "./fixture-server.ts";

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** The tester, and two others. */
const TOKENS = [
  TESTER,
  ...["alice", "bob"].map((principal) => ({
    principal,
    sha256: createHash("sha256").update(`token-of-${principal}`).digest("hex"),
  })),
];

export interface GatewayLabOptions {
  readonly gateway?: object;
  readonly persistTo?: string;
  readonly port?: number;
  /** A fixture that outlives the worker. */
  readonly fixture?: FixtureServer;
}

/** The worker in front of a fixture server, and of its own samples. */
export class GatewayLab {
  readonly fixture: FixtureServer;
  readonly worker: ServerProcess;
  readonly headers = BEARER;

  private constructor(fixture: FixtureServer, worker: ServerProcess) {
    this.fixture = fixture;
    this.worker = worker;
  }

  static async start(options: GatewayLabOptions = {}): Promise<GatewayLab> {
    const fixture = options.fixture ?? (await FixtureServer.start());
    const endpoints = { fixture: { url: fixture.url, allowPrivate: true } };
    const vars = {
      DEMO: "true",
      TOKENS: JSON.stringify(TOKENS),
      ENDPOINTS: JSON.stringify(endpoints),
      GATEWAY: JSON.stringify(options.gateway ?? {}),
    };
    const { port, persistTo } = options;
    const worker = await startWorker({
      vars,
      ...(port !== undefined && { port }),
      ...(persistTo !== undefined && { persistTo }),
    });
    return new GatewayLab(fixture, worker);
  }

  url(endpoint = "fixture"): URL {
    return new URL(`${this.worker.url}/mcp/${endpoint}`);
  }

  async close(): Promise<void> {
    await this.worker.kill();
    await this.fixture.close();
  }
}
