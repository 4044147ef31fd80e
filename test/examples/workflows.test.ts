import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { SampleLab } from "../browser/sample-lab.ts";
import { until } from "../browser/until.ts";
import { freePort, type ServerProcess, startWorker } from "../servers/processes.ts";
import { ExampleApp } from "./example-app.ts";
import { examplesIn } from "./guide.ts";

const TOKEN = "token-of-a-workflow";
const lab = new SampleLab();
let holdfast: ServerProcess;
let secret: string;

/** The worker that the recipes call, with a server that takes its time. */
beforeAll(async () => {
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  const url = `${inject("workerUrl")}/samples/${lab.name}/2026-07-28/mcp`;
  holdfast = await startWorker({
    vars: {
      ENDPOINTS: JSON.stringify({ papers: { url, allowPrivate: true } }),
      TOKENS: JSON.stringify([{ principal: "workflow", sha256 }]),
      WEBHOOK_SECRET: "whsec_aG9sZGZhc3Q=",
      WEBHOOK_PRIVATE: "true",
    },
  });
  const reply = await fetch(`${holdfast.url}/v1/webhook-secret`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  secret = ((await reply.json()) as { secret: string }).secret;
});

afterAll(() => holdfast.kill());

test("a Cloudflare Workflow waits for a task by step.waitForEvent(), and calls the tool once", async () => {
  const example = examplesIn("docs/workflows.md").get("cloudflare");
  if (!example) throw new Error("The example is not in docs/workflows.md");
  const app = await ExampleApp.of(example);
  try {
    expect(await app.typeErrors()).toBe("");
    const port = await freePort();
    const workflow = await startWorker({
      config: join(app.folder, "wrangler.toml"),
      port,
      vars: {
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        HOLDFAST_URL: holdfast.url,
        HOLDFAST_TOKEN: TOKEN,
        HOLDFAST_WEBHOOK_SECRET: secret,
      },
    });
    try {
      const forged = await fetch(`${workflow.url}/task-settled?instance=x&type=acquired`, {
        method: "POST",
        body: "{}",
      });
      expect(forged.status).toBe(401);
      const started = await fetch(`${workflow.url}/read`, {
        method: "POST",
        body: JSON.stringify({ doi: "10.1038/s41586-020-2649-2" }),
      });
      const { id } = (await started.json()) as { id: string };
      const ended = await until(
        "the workflow ends",
        async () => {
          const reply = await fetch(`${workflow.url}/status?id=${id}`);
          const status = (await reply.json()) as { status: string; output: unknown };
          return status.status === "complete" || status.status === "errored" ? status : undefined;
        },
        60_000,
      );
      expect(ended).toMatchObject({ status: "complete", output: { kind: "completed" } });
      expect(JSON.stringify(ended.output)).toContain("10.1038/s41586-020-2649-2");
      expect(await lab.count("tools/call")).toBe(1);
    } finally {
      await workflow.kill();
    }
  } finally {
    await app.remove();
  }
});
