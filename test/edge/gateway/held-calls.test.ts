import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../browser/until.ts";
import { bearer, GatewayLab } from "./gateway-lab.ts";
import { type Answer, callAndCheck, sdkV1, sdkV2, textOf } from "./plain-clients.ts";
import { connectV1, connectV2 } from "./sdk-clients.ts";

const ALICE = bearer("token-of-alice");
const PATIENT_MS = 30_000;

let lab: GatewayLab;

beforeAll(async () => {
  // However slow the machine is, a call is held until it has its answer.
  lab = await GatewayLab.start({ gateway: { budgetMs: 25_000 } });
}, 60_000);

afterAll(() => lab.close());

describe.each([
  ["SDK v1, which says that it gave up", sdkV1],
  ["SDK v2 (2026-07-28), which hangs up", sdkV2("auto")],
])("%s", (_name, connect) => {
  test("a call repeated after the client's own timeout joins its task", async () => {
    const client = await connect(lab.url(), ALICE, 3_000);
    // It ends well before the second attempt gives up: an answer that comes too late for one who hangs up counts as given.
    const args = { ms: 4_000, of: crypto.randomUUID() };
    const before = lab.fixture.calls("slow_report");
    await expect(client.call("slow_report", args)).rejects.toThrow(/tim(ed )?(e)?out/i);
    const answers: Answer[] = [];
    await until(
      "the call is answered",
      async () => {
        const answer = await client.call("slow_report", args).catch(() => undefined);
        if (answer) answers.push(answer);
        return answer;
      },
      20_000,
    );
    expect(answers.map(textOf)).toEqual(["Reported after 4000 ms"]);
    expect(lab.fixture.calls("slow_report")).toBe(before + 1);
    // It has been delivered: the same call is a new one now.
    await client.call("slow_report", args).catch(() => undefined);
    expect(lab.fixture.calls("slow_report")).toBe(before + 2);
    await client.close();
  });

  test("two equal calls at the same time run twice", async () => {
    const client = await connect(lab.url(), ALICE, PATIENT_MS);
    const before = lab.fixture.calls("slow_report");
    const args = { ms: 1_000, of: crypto.randomUUID() };
    await Promise.all([client.call("slow_report", args), client.call("slow_report", args)]);
    expect(lab.fixture.calls("slow_report")).toBe(before + 2);
    await client.close();
  });
});

describe("a question of a server", () => {
  test("comes to a v1 client that can be asked, on its call's own stream", async () => {
    const client = await connectV1(lab.url(), ALICE, { elicitation: {} });
    const asked: string[] = [];
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      asked.push(params.message);
      return { action: "accept", content: { confirm: true } };
    });
    const answer = await client.callTool({ name: "confirm_delete", arguments: { filename: "a.txt" } });
    expect(textOf(answer as Answer)).toBe("accept: a.txt");
    expect(asked).toEqual(["Delete a.txt?"]);
    await client.close();
  });

  test.each(["auto", "legacy"] as const)("comes to a v2 client (%s) that can be asked", async (mode) => {
    const client = await connectV2(lab.url(), ALICE, mode, { elicitation: { form: {} } });
    const asked: string[] = [];
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      asked.push(params.message);
      return { action: "accept", content: { confirm: true } };
    });
    const answer = await client.callTool({ name: "confirm_delete", arguments: { filename: mode } });
    expect(textOf(answer as Answer)).toBe(`accept: ${mode}`);
    expect(asked).toEqual([`Delete ${mode}?`]);
    await client.close();
  });

  test.each([
    ["2025-11-25", sdkV1],
    ["2026-07-28", sdkV2("auto")],
  ])(
    "reaches the model where the client (%s) cannot be asked, and the model answers it",
    async (_era, connect) => {
      const client = await connect(lab.url(), ALICE, PATIENT_MS);
      const running = await client.call("confirm_delete", { filename: "b.txt" });
      const { task, ...rest } = running.structuredContent as {
        task: string;
        inputRequests: { key: string }[];
      };
      expect(rest).toMatchObject({ status: "input_required", inputRequests: [{ key: "confirm" }] });
      expect(textOf(running)).toContain("Delete b.txt?");
      const response = { action: "accept", content: { confirm: true } };
      const answered = await client.call("answer_task", { task, key: "confirm", response } as never);
      const answer = answered.structuredContent?.task
        ? await callAndCheck(client, "check_task", { task })
        : answered;
      expect(textOf(answer)).toBe("accept: b.txt");
      await client.close();
    },
  );
});

test("progress flows down while a call is held, if it was asked for", async () => {
  for (const client of [
    await connectV1(lab.url(), ALICE),
    await connectV2(lab.url(), ALICE, "auto"),
    await connectV2(lab.url(), ALICE, "legacy"),
  ]) {
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
    const call = { name: "slow_report", arguments: { ms: 1_200 } };
    const answer =
      client instanceof ClientV1
        ? await client.callTool(call, undefined, { onprogress })
        : await client.callTool(call, { onprogress });
    expect(textOf(answer as Answer)).toBe("Reported after 1200 ms");
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(seen).toEqual([...seen].sort());
    await client.close();
  }
});
