import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { type ServerProcess, startWorker } from "../servers/processes.ts";

const KEY = Buffer.from("a webhook key of the test");

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let worker: ServerProcess;
let receiver: Server;
const deliveries: Delivery[] = [];

beforeAll(async () => {
  receiver = createServer((request, reply) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    request.on("end", () => {
      deliveries.push({ headers: request.headers, body });
      // The first one finds us at a bad time.
      reply.writeHead(deliveries.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  worker = await startWorker({
    vars: { DEMO: "true", WEBHOOK_PRIVATE: "true", WEBHOOK_SECRET: `whsec_${KEY.toString("base64")}` },
  });
});

afterAll(async () => {
  await worker.kill();
  receiver.close();
});

test("an outcome is told by a signed webhook, and told again to a receiver that failed", async () => {
  const address = receiver.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const reply = await fetch(`${worker.url}/v1/endpoints/sample-2026/calls`, {
    method: "POST",
    headers: { authorization: "Bearer demo", "content-type": "application/json" },
    body: JSON.stringify({
      tool: "acquire_paper",
      arguments: { doi: "10.1/kelp", stage_ms: 100 },
      webhook: `http://127.0.0.1:${port}/told`,
    }),
  });
  const { id } = (await reply.json()) as { id: string };
  await until("two deliveries", async () => deliveries.length >= 2 || undefined, 30_000);

  for (const { headers, body } of deliveries) {
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const mac = createHmac("sha256", KEY).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    expect(headers["webhook-id"]).toBe(id);
    expect(JSON.parse(body)).toMatchObject({
      type: "task.settled",
      data: { id, status: "completed", outcome: { kind: "completed" } },
    });
  }
});
