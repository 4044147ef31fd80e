import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { listen } from "../edge/gateway/node-http.ts";
import { JobHost } from "../fixtures/job-host.ts";
import { ALL_PAIRS, SHAPES } from "../fixtures/job-servers.ts";
import { connected, DataFolder, holdfast, type ProxiedClient } from "./proxied-client.ts";

const JOB_SERVER = fileURLToPath(new URL("job-server.ts", import.meta.url));

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const work of clean.splice(0).reverse()) await work();
});

interface Answer {
  readonly content: { readonly text: string }[];
  readonly structuredContent?: { readonly task?: string; readonly status?: string };
  readonly isError?: boolean;
}

const call = ({ client }: ProxiedClient, name: string, args: object) =>
  client.callTool({ name, arguments: { ...args } }) as Promise<Answer>;

/** Jobs that do not end before `end()`, behind an address or a command. */
interface JobService {
  readonly target: readonly string[];
  end(): void;
  started(): number;
}

async function remoteJobs(): Promise<JobService> {
  const host = new JobHost("2025-11-25", ...SHAPES);
  host.jobs.looks = 1_000_000;
  const { url, close } = await listen(host.fetch);
  clean.push(close);
  return {
    target: [url],
    end: () => {
      for (const job of host.jobs.all) job.looks = 0;
    },
    started: () => host.jobs.all.length,
  };
}

async function localJobs(folder: DataFolder): Promise<JobService> {
  const file = join(folder.path, "jobs.json");
  const read = (): { all: { looks: number }[] } => JSON.parse(readFileSync(file, "utf8"));
  return {
    target: ["--", process.execPath, JOB_SERVER, file],
    // The server writes the file at each look: what it wrote over is written again.
    end() {
      const ended = (): boolean => read().all.every(({ looks }) => looks <= 1);
      do {
        const { all } = read();
        writeFileSync(
          file,
          JSON.stringify({ all: all.map((job) => ({ ...job, looks: 0 })), looks: 1_000_000 }),
        );
      } while (!ended());
    },
    started: () => read().all.length,
  };
}

describe.each(["a remote server", "a local server"])("Pairs of %s behind the proxy", (kind) => {
  test("one tool each; the proxy is killed while five jobs run, and the next one brings five results", {
    timeout: 120_000,
  }, async () => {
    const folder = new DataFolder();
    clean.push(() => folder.remove());
    const pairs = join(folder.path, "pairs.json");
    writeFileSync(pairs, JSON.stringify(ALL_PAIRS));
    const jobs = kind === "a remote server" ? await remoteJobs() : await localJobs(folder);
    const command = holdfast("--budget", "0.5", "--pairs", pairs, "--name", "jobs", ...jobs.target);

    const first = await connected(command, folder);
    const { tools } = await first.client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["export", "crawl", "batch", "query", "deploy", "count_rows"]),
    );
    expect(names).not.toContain("start_export");
    expect(names).not.toContain("query_status");
    const running = await Promise.all(SHAPES.map(({ pairName, args }) => call(first, pairName, args)));
    const ids = running.map(({ structuredContent }) => structuredContent?.task);
    expect(running.map(({ structuredContent }) => structuredContent?.status)).toEqual(
      Array(5).fill("working"),
    );
    process.kill(Number(first.transport.pid), "SIGKILL");
    await first.client.close();
    jobs.end();

    const second = await connected(command, folder);
    clean.push(() => second.client.close());
    for (const [index, { outcome }] of SHAPES.entries()) {
      let answer = await call(second, "check_task", { task: ids[index] });
      while (answer.structuredContent?.status === "working") {
        answer = await call(second, "check_task", { task: ids[index] });
      }
      expect(answer.isError, JSON.stringify(answer)).not.toBe(true);
      expect(JSON.stringify(answer)).toContain(outcome);
    }
    expect(jobs.started()).toBe(5);
  });
});
