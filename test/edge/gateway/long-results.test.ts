import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { longText } from "./fixture-tools.ts";
import { bearer, GatewayLab } from "./gateway-lab.ts";
import type { Answer } from "./plain-clients.ts";

const LIMIT = 150_000;
const LENGTH = 8_000_000;

let lab: GatewayLab;
let client: Client;

beforeAll(async () => {
  lab = await GatewayLab.start();
  lab.fixture.addTool("long_text");
  client = new Client({ name: "Anthropic/ClaudeAI", version: "1.0.0" });
  const requestInit = { headers: bearer("token-of-alice") };
  await client.connect(new StreamableHTTPClientTransport(lab.url(), { requestInit }) as never);
}, 60_000);

afterAll(() => lab.close());

interface Part extends Answer {
  readonly structuredContent: { readonly task: string; readonly end: number; readonly length: number };
}

async function call(name: string, args: object): Promise<Part> {
  const answer = (await client.callTool({ name, arguments: { ...args } })) as unknown as Part;
  expect(JSON.stringify(answer).length).toBeLessThanOrEqual(LIMIT);
  return answer;
}

test("a result of 8 MB reaches a client that takes 150,000 characters in parts, found by search, and whole as a resource", {
  timeout: 180_000,
}, async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain("read_result");
  const whole = longText(LENGTH);
  let part = await call("long_text", { length: LENGTH });
  const { task } = part.structuredContent;
  expect(part.structuredContent.length).toBe(LENGTH);
  expect(part.content[1]?.text).toContain(`"offset":${part.structuredContent.end}`);
  let read = part.content[0]?.text ?? "";
  while (read.length < LENGTH) {
    part = await call("read_result", { task, offset: part.structuredContent.end });
    read += part.content[0]?.text ?? "";
  }
  expect(read === whole).toBe(true);
  expect(part.content[1]?.text).toContain("the last characters");
  const found = await call("read_result", { task, search: "LINE 77777 of" });
  expect(found.structuredContent).toMatchObject({ found: [whole.indexOf("line 77777 of")] });
  const { contents } = await client.readResource({ uri: `holdfast://results/${task}` });
  expect(contents[0] && "text" in contents[0] && contents[0].text === whole).toBe(true);
  expect(lab.fixture.calls("long_text")).toBe(1);
});
