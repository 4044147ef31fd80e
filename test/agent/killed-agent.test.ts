import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { inboxOf } from "../../src/inbox/index.ts";
import { TaskClient } from "../../src/index.ts";
import { sqliteStore } from "../../src/store/sqlite.ts";
import { PaperServer } from "../demo/paper-server.ts";
import { listen } from "../edge/gateway/node-http.ts";

const AGENT = fileURLToPath(new URL("killed-agent.ts", import.meta.url));

/** Kills an agent at a moment (SIGKILL), or lets it end. Returns the moments that it reached. */
async function agentKilled(args: readonly string[], moment: string): Promise<readonly string[]> {
  const agent = spawn(process.execPath, ["--no-warnings", AGENT, ...args, moment], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(agent, "exit");
  const reached: string[] = [];
  for await (const line of createInterface(agent.stdout)) {
    reached.push(line);
    if (line === moment) agent.kill("SIGKILL");
  }
  await exited;
  return reached;
}

it("an agent that is killed (SIGKILL) before and after it stores a returned result has the result once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-agent-"));
  const papers = new PaperServer(systemClock, 300);
  const listening = await listen((request) => papers.serve(request));
  const database = join(folder, "tasks.db");
  const file = join(folder, "messages.json");
  const args = [database, file, listening.url];
  try {
    expect(await agentKilled(args, "returned")).toEqual(["returned"]);
    expect(existsSync(file), "its turn is lost").toBe(false);

    expect(await agentKilled(args, "stored")).toEqual(["returned", "stored"]);
    const stored = readFileSync(file, "utf8");
    expect(stored.split("Acquired")).toHaveLength(2);
    expect(stored).toContain("I have it.");

    expect(await agentKilled(args, "never"), "the model has nothing to do").toEqual([
      "stored",
      "acknowledged",
    ]);
    expect(readFileSync(file, "utf8")).toBe(stored);
    expect(papers.acquisitions).toBe(1);
    const client = new TaskClient({ store: sqliteStore(new DatabaseSync(database)), endpoints: {} });
    expect(await inboxOf(client).undelivered({ addressee: "chat-1" })).toEqual([]);
    await client.close();
  } finally {
    await papers.close();
    await listening.close();
    rmSync(folder, { recursive: true });
  }
}, 120_000);
