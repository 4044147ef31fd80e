// Measures the proxy beside the server it stands in front of, in one run: start-up, memory and an ordinary call.
// Prints a table. Uses what `npm run build` has built.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { type Memory, memoryOf } from "./process-memory.ts";

const STARTS = 5;
const CALLS = 500;
const WARM_UP = 100;

const file = join(import.meta.dirname, "../dist/proxy/holdfast.cjs");
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
const linux = process.platform === "linux";
const early = linux ? memoryOf(two.transport.pid ?? 0, script) : undefined;
const calls = { bare: [] as number[], proxied: [] as number[] };
for (let index = 0; index < WARM_UP + CALLS; index++) {
  const times = [await call(one), await call(two)] as const;
  if (index < WARM_UP) continue;
  calls.bare.push(times[0]);
  calls.proxied.push(times[1]);
}
const late = linux
  ? { server: memoryOf(one.transport.pid ?? 0, script), proxy: memoryOf(two.transport.pid ?? 0, script) }
  : undefined;
await Promise.all([one.client.close(), two.client.close()]);
rmSync(data, { recursive: true, force: true });

const row = (what: string, without: number, through: number, unit: string): void =>
  console.log(
    `${what}: ${without.toFixed(1)} ${unit} bare, ${through.toFixed(1)} ${unit} through the proxy, + ${(through - without).toFixed(1)} ${unit}`,
  );
row("start to the first list of tools, median of 5", median(starts.bare), median(starts.proxied), "ms");
row(`an ordinary call, median of ${CALLS}`, median(calls.bare), median(calls.proxied), "ms");
const megabytes = ({ Rss, Pss, Private }: Memory): string =>
  `${Private.toFixed(0)} MB private, ${Pss.toFixed(0)} MB proportional (PSS), ${Rss.toFixed(0)} MB resident (RSS)`;
if (early && late) {
  console.log(`memory of the proxy and its watcher after the start: ${megabytes(early)}`);
  console.log(`memory of the proxy and its watcher after ${WARM_UP + CALLS} calls: ${megabytes(late.proxy)}`);
  console.log(`memory of the bare server after ${WARM_UP + CALLS} calls: ${megabytes(late.server)}`);
}
const size = statSync(file).size;
console.log(
  `file: ${(size / 1e3).toFixed(0)} kB, ${(gzipSync(readFileSync(file)).length / 1e3).toFixed(0)} kB gzipped`,
);
