// Measures the proxy beside the server it stands in front of, in one run: start-up, memory and an ordinary call.
// Prints a table. Uses what `npm run build` has built.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const STARTS = 5;
const CALLS = 500;
const WARM_UP = 100;

const file = join(import.meta.dirname, "../dist/proxy/holdfast.js");
const script = createRequire(import.meta.url).resolve(
  "@modelcontextprotocol/server-everything/dist/index.js",
);
const bare = [script, "stdio"];
const proxied = [file, "--", process.execPath, ...bare];
const data = mkdtempSync(join(tmpdir(), "holdfast-measure-"));

interface Started {
  readonly client: Client;
  readonly transport: StdioClientTransport;
  readonly ms: number;
}

/** From the start of the process to the answer of the first `tools/list`. */
async function start(args: readonly string[]): Promise<Started> {
  const env = { ...(process.env as Record<string, string>), HOLDFAST_DATA: data };
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    env,
    stderr: "ignore",
  });
  const client = new Client({ name: "measure", version: "1.0.0" });
  const began = performance.now();
  await client.connect(transport);
  await client.listTools();
  return { client, transport, ms: performance.now() - began };
}

async function call({ client }: Started): Promise<number> {
  const began = performance.now();
  await client.callTool({ name: "echo", arguments: { message: "hello" } });
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The resident memory of one process without its children, in MB. Linux only. */
function memory({ transport }: Started): number {
  const status = readFileSync(`/proc/${transport.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

const starts = { bare: [] as number[], proxied: [] as number[] };
// In turn, so that both meet the same machine.
for (let run = 0; run < STARTS; run++) {
  for (const [kind, args] of [
    ["bare", bare],
    ["proxied", proxied],
  ] as const) {
    const started = await start(args);
    starts[kind].push(started.ms);
    await started.client.close();
  }
}
const [one, two] = [await start(bare), await start(proxied)];
const calls = { bare: [] as number[], proxied: [] as number[] };
for (let index = 0; index < WARM_UP + CALLS; index++) {
  const times = [await call(one), await call(two)] as const;
  if (index < WARM_UP) continue;
  calls.bare.push(times[0]);
  calls.proxied.push(times[1]);
}
const memories = process.platform === "linux" ? [memory(one), memory(two)] : [];
await Promise.all([one.client.close(), two.client.close()]);
rmSync(data, { recursive: true, force: true });

const [server = Number.NaN, proxy = Number.NaN] = memories;
const row = (what: string, without: number, through: number, unit: string): void =>
  console.log(
    `${what}: ${without.toFixed(1)} ${unit} bare, ${through.toFixed(1)} ${unit} through the proxy, + ${(through - without).toFixed(1)} ${unit}`,
  );
row("start to the first list of tools, median of 5", median(starts.bare), median(starts.proxied), "ms");
row(`an ordinary call, median of ${CALLS}`, median(calls.bare), median(calls.proxied), "ms");
console.log(
  `memory after ${WARM_UP + CALLS} calls: server ${server.toFixed(0)} MB, proxy ${proxy.toFixed(0)} MB beside it`,
);
const size = statSync(file).size;
console.log(
  `file: ${(size / 1e3).toFixed(0)} kB, ${(gzipSync(readFileSync(file)).length / 1e3).toFixed(0)} kB gzipped`,
);
