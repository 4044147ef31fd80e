import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { Webhook } from "standardwebhooks";
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
const paths: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, reply) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    request.on("end", () => {
      deliveries.push({ headers: request.headers, body });
      // The first one finds us moved, which is no delivery: what is signed for here goes nowhere else.
      if (deliveries.length === 1) reply.writeHead(307, { location: "/elsewhere" }).end();
      else reply.writeHead(204).end();
      paths.push(request.url ?? "");
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

test("a signed webhook reports an outcome, and is sent again to a receiver that redirects or failed", async () => {
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
  const own = await fetch(`${worker.url}/v1/webhook-secret`, { headers: { authorization: "Bearer demo" } });
  const { secret } = (await own.json()) as { secret: string };
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  expect(key.equals(KEY), "the worker's own secret is nobody's").toBe(false);
  await until("two deliveries", async () => deliveries.length >= 2 || undefined, 30_000);

  expect(new Set(paths)).toEqual(new Set(["/told"]));
  for (const { headers, body } of deliveries) {
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const mac = createHmac("sha256", key).update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
    expect(headers["webhook-id"]).toBe(id);
    expect(JSON.parse(body)).toMatchObject({
      type: "task.settled",
      principal: "demo",
      data: { id, status: "completed", outcome: { kind: "completed" } },
    });
  }
});
