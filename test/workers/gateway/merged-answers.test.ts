import { describe, expect, test, vi } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { answersOf } from "../../../worker/gateway/merged/answers.ts";
import { quietFakeTime } from "./quiet-fake-time.ts";

/** How long each server takes, in ms; one that breaks answers with an error at that time. */
type Servers = Readonly<Record<string, number | { readonly breaksAfter: number }>>;

const NEVER = Number.POSITIVE_INFINITY;
let caller: Caller;
let asked = 0;

quietFakeTime();

/**
 * Asks all of them. Resolves with what they answered, and after how many ms.
 * @param last What each answered before.
 */
async function ask(servers: Servers, last: Readonly<Record<string, string>> = {}) {
  const names = Object.keys(servers);
  caller = Caller.ofAll(
    {} as Bindings,
    "alice",
    names.map((name) => ({ name })),
    "https://holdfast.test",
  );
  const began = Date.now();
  let ms = NEVER;
  const answers = answersOf(
    caller,
    ({ name }) =>
      new Promise<string>((resolve, reject) => {
        const takes = servers[name] ?? 0;
        if (typeof takes !== "number") setTimeout(() => reject(new Error("It is down")), takes.breaksAfter);
        else if (takes < NEVER) setTimeout(() => resolve(`${name} now`), takes);
      }),
    async ({ name }) => last[name],
  ).then((found) => {
    ms = Date.now() - began;
    return found.map(({ answer }) => answer);
  });
  await vi.advanceTimersByTimeAsync(30_000);
  return { answers: await answers, ms };
}

/** A name that no other test has used. */
const hanging = () => `hanging-${asked++}`;

describe("answersOf()", () => {
  test("waits for the slowest server that lives, and leaves out one that is down", async () => {
    expect(await ask({ quick: 50, slow: 700, down: { breaksAfter: 10 } })).toEqual({
      answers: ["quick now", "slow now"],
      ms: 700,
    });
  });

  test("takes the last answer of one that hangs, a second after it was asked, or twice as late as the slowest", async () => {
    const [one, other] = [hanging(), hanging()];
    const before = { [one]: "known", [other]: "known" };
    expect(await ask({ quick: 50, [one]: NEVER }, before)).toEqual({
      answers: ["quick now", "known"],
      ms: 1_000,
    });
    expect(await ask({ slow: 900, [other]: NEVER }, before)).toEqual({
      answers: ["slow now", "known"],
      ms: 1_800,
    });
  });

  test("costs nothing beside the others while the one that hung is silent, and leaves it time again a minute later", async () => {
    const one = hanging();
    const before = { [one]: "known" };
    await ask({ quick: 300, [one]: NEVER }, before);
    expect(await ask({ quick: 300, [one]: NEVER }, before)).toEqual({
      answers: ["quick now", "known"],
      ms: 300,
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await ask({ quick: 300, [one]: NEVER }, before)).ms).toBe(1_000);
  });

  test("gives one that never answered before 5 s to start, once", async () => {
    const [starting, never] = [hanging(), hanging()];
    expect(await ask({ quick: 50, [starting]: 4_000 })).toEqual({
      answers: ["quick now", `${starting} now`],
      ms: 4_000,
    });
    expect(await ask({ quick: 50, [never]: NEVER })).toEqual({ answers: ["quick now"], ms: 5_000 });
    expect(await ask({ quick: 50, [never]: NEVER })).toEqual({ answers: ["quick now"], ms: 100 });
  });

  test("gives one that answered late its time again", async () => {
    const late = hanging();
    await ask({ quick: 50, [late]: 2_000 }, { [late]: "known" });
    expect(await ask({ quick: 50, [late]: 900 }, { [late]: "known" })).toEqual({
      answers: ["quick now", `${late} now`],
      ms: 900,
    });
  });

  test("waits 10 s where there is no other server, and where all others are down", async () => {
    const [alone, beside] = [hanging(), hanging()];
    expect(await ask({ [alone]: 8_000 })).toEqual({ answers: [`${alone} now`], ms: 8_000 });
    expect(await ask({ [beside]: 8_000, down: { breaksAfter: 1 } })).toMatchObject({ ms: 8_000 });
  });

  test("takes the last answers where all servers hang", async () => {
    const [one, other] = [hanging(), hanging()];
    const servers = { [one]: NEVER, [other]: NEVER };
    expect(await ask(servers, { [one]: "known" })).toEqual({ answers: ["known"], ms: 10_000 });
    expect(await ask(servers, { [one]: "known" })).toEqual({ answers: ["known"], ms: 1_000 });
  });

  test("leaves the answers it did not wait for with the caller, who has them stored", async () => {
    const one = hanging();
    await ask({ quick: 50, [one]: 3_000 }, { [one]: "known" });
    expect(caller.late.size).toBe(1);
    await ask({ quick: 50, slow: 300 });
    expect(caller.late.size).toBe(0);
  });
});
