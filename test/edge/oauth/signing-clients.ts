import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { auth as aiAuth, createMCPClient } from "@ai-sdk/mcp";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { freePort } from "../../servers/processes.ts";
import type { Person } from "./person.ts";

export interface SignedIn {
  /** The names of the tools. */
  tools(): Promise<readonly string[]>;
  /** Makes the access token one that has expired: the client has to refresh. Undefined for one that cannot be reached into. */
  readonly expire?: () => void;
  close(): Promise<void>;
}

/** A real client that has nothing but an address. */
export type SignIn = (url: URL, person: Person) => Promise<SignedIn>;

interface StoredTokens {
  access_token: string;
  token_type: string;
  refresh_token?: string;
}

/** What the SDKs ask of an app that has a person: everything is kept in memory. */
export class MemoryProvider {
  readonly redirectUrl = "http://127.0.0.1:4711/callback";
  readonly #documentUrl: string | undefined;
  #client: object | undefined;
  #tokens: StoredTokens | undefined;
  #verifier = "";
  #address: URL | undefined;
  #discovered: unknown;

  /** @param documentUrl Where the client's metadata document is, for a client that does not register. */
  constructor(documentUrl?: string) {
    this.#documentUrl = documentUrl;
  }

  get clientMetadataUrl(): string | undefined {
    return this.#documentUrl;
  }

  get clientMetadata(): { client_name: string; redirect_uris: string[]; token_endpoint_auth_method: string } {
    return {
      client_name: "Signing client",
      redirect_uris: [this.redirectUrl],
      token_endpoint_auth_method: "none",
    };
  }

  clientInformation(): never {
    return this.#client as never;
  }

  saveClientInformation(client: object): void {
    this.#client = client;
  }

  tokens(): never {
    return this.#tokens as never;
  }

  saveTokens(tokens: StoredTokens): void {
    this.#tokens = tokens;
  }

  redirectToAuthorization(address: URL): void {
    this.#address = address;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  saveDiscoveryState(discovered: unknown): void {
    this.#discovered = discovered;
  }

  discoveryState(): never {
    return this.#discovered as never;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  expire(): void {
    if (this.#tokens)
      this.#tokens = { ...this.#tokens, access_token: `${this.#tokens.access_token.slice(0, -8)}expired-` };
  }

  /** The answer that the person's browser brings to `redirectUrl`. */
  async answered(person: Person): Promise<URLSearchParams> {
    if (!this.#address) throw new Error("The client did not ask the person");
    return (await person.allow(this.#address)).searchParams;
  }
}

export const sdkV1: SignIn = async (url, person) => {
  const provider = new MemoryProvider();
  const client = (): ClientV1 => new ClientV1({ name: "signing-v1", version: "1.0.0" });
  const transport = (): TransportV1 => new TransportV1(url, { authProvider: provider as never });
  const first = transport();
  await client()
    .connect(first as never)
    .catch(() => undefined);
  await first.finishAuth((await provider.answered(person)).get("code") ?? "");
  const connected = client();
  await connected.connect(transport() as never);
  return {
    tools: async () => (await connected.listTools()).tools.map(({ name }) => name),
    expire: () => provider.expire(),
    close: () => connected.close(),
  };
};

export function sdkV2(mode: "auto" | "legacy", documentUrl?: string): SignIn {
  return async (url, person) => {
    const provider = new MemoryProvider(documentUrl);
    const client = (): ClientV2 =>
      new ClientV2({ name: "signing-v2", version: "1.0.0" }, { versionNegotiation: { mode } });
    const transport = (): TransportV2 => new TransportV2(url, { authProvider: provider as never });
    const first = transport();
    await client()
      .connect(first)
      .catch(() => undefined);
    await first.finishAuth((await provider.answered(person)) as never);
    const connected = client();
    await connected.connect(transport());
    return {
      tools: async () => (await connected.listTools()).tools.map(({ name }) => name),
      expire: () => provider.expire(),
      close: () => connected.close(),
    };
  };
}

export const aiSdk: SignIn = async (url, person) => {
  const provider = new MemoryProvider();
  const authProvider = provider as never;
  await aiAuth(authProvider, { serverUrl: url });
  const answer = await provider.answered(person);
  await aiAuth(authProvider, {
    serverUrl: url,
    authorizationCode: answer.get("code") ?? "",
    callbackIssuer: answer.get("iss") ?? "",
  });
  const client = await createMCPClient({ transport: { type: "http", url: url.href, authProvider } });
  return {
    tools: async () => Object.keys(await client.tools()),
    expire: () => provider.expire(),
    close: () => client.close(),
  };
};

const require = createRequire(import.meta.url);

/** `mcp-remote <url>` with no header: it registers, listens on a port of its own, and prints the address for the person. */
export function mcpRemote(folder: string): SignIn {
  return async (url, person) => {
    const script = require.resolve("mcp-remote/dist/proxy.js");
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [script, url.href, String(await freePort()), "--transport", "http-only", "--host", "127.0.0.1"],
      // Its browser opens nothing: the person reads the address.
      env: { PATH: process.env.PATH ?? "", HOME: folder, MCP_REMOTE_CONFIG_DIR: folder, BROWSER: "true" },
      stderr: "pipe",
    });
    let said = "";
    const addressed = new Promise<string>((resolve) => {
      transport.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        const address = /https?:\/\/\S+\/authorize\?\S+(?=\s)/.exec(said)?.[0];
        if (address !== undefined) resolve(address);
      });
    });
    const client = new ClientV1({ name: "behind-mcp-remote", version: "1.0.0" });
    const connected = client.connect(transport as never);
    const callback = await person.allow(await Promise.race([addressed, connected.then(() => "about:blank")]));
    await fetch(callback);
    await connected.catch((error: unknown) => {
      throw new Error(`mcp-remote did not connect: ${said}`, { cause: error });
    });
    return {
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      close: () => client.close(),
    };
  };
}

/** The conformance suite against an authorization server. Resolves with its report. */
export async function conformance(
  issuer: string,
  client: string,
  port: number,
  resource: string,
  person: Person,
  folder: string,
): Promise<string> {
  const suite = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
  const options = ["--url", issuer, "--client-id", client, "--port", `${port}`, "--resource", resource];
  const child = spawn(process.execPath, [suite, "authorization", ...options, "-o", folder], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let opened = false;
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const read = (chunk: Buffer): void => {
    said += chunk.toString();
    const address = /https?:\/\/\S+\/authorize\?\S+(?=\s)/.exec(said)?.[0];
    if (address === undefined || opened) return;
    opened = true;
    void person.allow(address).then((callback) => fetch(callback));
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  await ended;
  return said;
}
