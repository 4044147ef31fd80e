import { describe, expect, it } from "vitest";
import { RpcChannel } from "../../../src/channel/rpc-channel.ts";
import type { SendOptions, Transport } from "../../../src/channel/transport.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";

const FRAME = { method: "tasks/get", params: {} };

function lab(clock: FakeClock = new SetClock(0)) {
  const sent: number[] = [];
  const options: (SendOptions | undefined)[] = [];
  const transport: Transport = {
    start: async () => undefined,
    close: async () => undefined,
    async send(message: { readonly id: number }, given?: SendOptions) {
      sent.push(message.id);
      options.push(given && { ...given });
    },
  };
  const channel = new RpcChannel(transport, () => false, clock, 1_000);
  const reply = (index: number, result: unknown): void =>
    void channel.receive({ jsonrpc: "2.0", id: sent[index], result });
  return { channel, clock, reply, options, ids: sent };
}

/** The wall clock was set while a timer ran: `elapsed` goes on as before. */
class SetClock extends FakeClock {
  ahead = 0;
  override now(): number {
    return super.now() + this.ahead;
  }
  elapsed(): number {
    return super.now();
  }
}

/** A clock without `elapsed` that is set; timers run on. */
class WallClock extends FakeClock {
  ahead = 0;
  override now(): number {
    return super.now() + this.ahead;
  }
}

describe("the timeouts of a channel's requests", () => {
  it("share one timer, which goes off for each request at its own time", async () => {
    const { channel, clock } = lab();
    const failures: string[] = [];
    for (const timeoutMs of [1_000, 3_000, 2_000])
      channel
        .request(FRAME, { timeoutMs })
        .catch((error: Error) => failures.push(`${clock.now()}: ${error.message}`));
    expect(clock.pending).toBe(1);
    await clock.advance(10_000);
    expect(failures.map((text) => text.split(":")[0])).toEqual(["1000", "2000", "3000"]);
    channel.close();
  });

  it("leave no timer behind once nothing is in flight", async () => {
    const { channel, clock, reply } = lab();
    const replies = [channel.request(FRAME), channel.request(FRAME)];
    reply(1, "second");
    expect(clock.pending).toBe(1);
    reply(0, "first");
    expect(clock.pending).toBe(0);
    expect(await Promise.all(replies)).toEqual(["first", "second"]);
  });

  it("are counted from each request, also where an earlier one has its reply", async () => {
    const { channel, clock, reply } = lab();
    channel.request(FRAME).catch(() => undefined);
    await clock.advance(900);
    let failedAt = 0;
    channel.request(FRAME).catch(() => {
      failedAt = clock.now();
    });
    reply(0, {});
    await clock.advance(5_000);
    expect(failedAt).toBe(1_900);
  });

  it("do not end with a wall clock that is set", async () => {
    const clock = new SetClock(0);
    const { channel } = lab(clock);
    let failed = 0;
    channel.request(FRAME, { timeoutMs: 500 }).catch(() => failed++);
    channel.request(FRAME, { timeoutMs: 2_000 }).catch(() => failed++);
    clock.ahead = 3_600_000;
    await clock.advance(1_000);
    expect(failed).toBe(1);
    await clock.advance(1_000);
    expect(failed).toBe(2);
  });

  it.each([
    ["back", -3_600_000],
    ["forward", 3_600_000],
  ])("are as long as before where the only clock is set %s", async (_way, ahead) => {
    const clock = new WallClock(0);
    const { channel } = lab(clock);
    const failed: string[] = [];
    channel.request(FRAME, { timeoutMs: 1_000 }).catch(() => failed.push("early"));
    await clock.advance(400);
    channel.request(FRAME, { timeoutMs: 1_100 }).catch(() => failed.push("late"));
    clock.ahead = ahead;
    channel.request(FRAME, { timeoutMs: 1_000 }).catch(() => failed.push("after"));
    channel.request(FRAME, { timeoutMs: Number.POSITIVE_INFINITY }).catch(() => failed.push("stream"));
    await clock.advance(600);
    expect(failed).toEqual(["early"]);
    await clock.advance(1_000);
    expect(failed.sort()).toEqual(["after", "early", "late"]);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["a clock with `elapsed`", () => new SetClock(0)],
    ["a wall clock", () => new WallClock(0)],
  ])("stand still while a person signs in, by %s", async (_name, make) => {
    const clock = make();
    const { channel, reply, ids } = lab(clock);
    const answered = channel.request(FRAME);
    channel.awaited(ids[0] ?? 0)?.renewing(600_000);
    await clock.advance(500_000);
    channel.awaited(ids[0] ?? 0)?.renewing();
    await clock.advance(999);
    reply(0, "late");
    expect(await answered).toBe("late");
    const refused = channel.request(FRAME);
    channel.awaited(ids[1] ?? 0)?.renewing(600_000);
    channel.awaited(ids[1] ?? 0)?.renewing();
    const expired = expect(refused).rejects.toMatchObject({
      failure: { kind: "timeout", message: "No reply within 1000 ms" },
    });
    await clock.advance(1_000);
    await expired;
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["a clock with `elapsed`", () => new SetClock(0)],
    ["a wall clock", () => new WallClock(0)],
  ])("do not end a stream that waited for a sign-in and is to stay open, by %s", async (_name, make) => {
    const clock = make();
    const { channel, reply, ids } = lab(clock);
    const stream = channel.request(FRAME, { timeoutMs: Number.POSITIVE_INFINITY });
    channel.awaited(ids[0] ?? 0)?.renewing(600_000);
    await clock.advance(1_000);
    channel.awaited(ids[0] ?? 0)?.renewing();
    await clock.advance(3_600_000);
    reply(0, "an hour later");
    expect(await stream).toBe("an hour later");
    expect(clock.pending).toBe(0);
  });

  it("end a request for which nobody signs in, which has done nothing", async () => {
    const { channel, clock, ids } = lab();
    const refused = channel.request(FRAME);
    channel.awaited(ids[0] ?? 0)?.renewing(600_000);
    const ended = expect(refused).rejects.toMatchObject({
      failure: { kind: "timeout", message: "No sign-in within 600000 ms", unsent: true },
    });
    await clock.advance(600_000);
    await ended;
  });

  it("reach a transport that copies its options, as their abort signal", async () => {
    const { channel, clock, options } = lab();
    channel.request(FRAME).catch(() => undefined);
    expect(options[0]?.requestSignal?.aborted).toBe(false);
    await clock.advance(1_000);
    await settled();
    expect(options[0]?.requestSignal?.aborted).toBe(true);
  });
});
