import { expect, test } from "vitest";
import { unlessAborted } from "../../src/unless-aborted.ts";

const never = (): Promise<never> => new Promise(() => undefined);

test("unlessAborted() resolves with what the promise resolves with, and listens to the signals no longer", async () => {
  const { signal } = new AbortController();
  const listening = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listening.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listening.delete(args[1]);
    remove(...args);
  };
  const waited = unlessAborted(Promise.resolve(1), undefined, signal);
  expect(listening.size).toBe(1);
  expect(await waited).toBe(1);
  expect(listening.size).toBe(0);
});

test("unlessAborted() rejects with the reason of whichever signal is aborted", async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const waited = unlessAborted(never(), first.signal, second.signal);
  second.abort("enough");
  await expect(waited).rejects.toBe("enough");
});

test("unlessAborted() rejects at once for a signal that is aborted already", async () => {
  await expect(unlessAborted(never(), AbortSignal.abort("before"))).rejects.toBe("before");
});

test("unlessAborted() rejects with the error of the promise", async () => {
  await expect(unlessAborted(Promise.reject(new Error("mine")))).rejects.toThrow("mine");
});
