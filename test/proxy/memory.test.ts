import { afterAll, expect, test } from "vitest";
import { memoryOf } from "../../proxy/process-memory.ts";
import { connected, DataFolder, EVERYTHING, holdfast } from "./proxied-client.ts";

const folder = new DataFolder();
afterAll(() => folder.remove());

// The aim is 60 MB beside the server; `npm run measure:proxy` prints all figures. This limit is of private memory, since
// resident pages of Node's program file depend on the kernel.
test.skipIf(process.platform !== "linux")(
  "The proxy of a local server takes at most 25 MB of private memory",
  async () => {
    const { client, transport } = await connected(holdfast("--", ...EVERYTHING), folder);
    await client.listTools();
    for (let call = 0; call < 300; call++)
      await client.callTool({ name: "echo", arguments: { message: "hello" } });
    const memory = memoryOf(transport.pid ?? 0, EVERYTHING[1] ?? "");
    expect(memory.Private).toBeGreaterThan(5);
    expect(memory.Private).toBeLessThan(25);
    await client.close();
  },
);
