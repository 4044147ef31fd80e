/**
 * A store in Redis or Valkey, through the client that the app has.
 * @module
 */
import { changeNote } from "./change-note.ts";
import type { LeasedStore } from "./lease-table.ts";
import { joinLongResult, partLongResult } from "./long-result.ts";
import { redisLeases } from "./redis-leases.ts";
import { parsed } from "./stored-text.ts";

export type { LeasedStore } from "./lease-table.ts";
export type { TaskStore } from "./task-store.ts";

/**
 * What the store uses of a client. `redis`: `(script, keys, values) => client.eval(script, { keys, arguments: values })`.
 * `ioredis`: `(script, keys, values) => client.eval(script, keys.length, ...keys, ...values)`.
 */
export type RedisEval = (script: string, keys: string[], values: string[]) => Promise<unknown>;

// A hash for each kind of thing, and by task id in it. A script runs whole: no other client comes between its commands.
/**
 * ARGV: id, rev, after or "", settledAt or "", record, result or "", then the name and the tenure of each lease that fences the
 * write. A fraction of a millisecond orders records of the same one.
 */
const SAVE = `
local fenced = #ARGV > 6
for i = 7, #ARGV, 2 do
  local lease = redis.call('HGET', KEYS[9], ARGV[i])
  if lease and lease:match(' (.*)$') == ARGV[i + 1] then fenced = false end
end
if fenced then return 0 end
local rev = redis.call('HGET', KEYS[3], ARGV[1])
local order = redis.call('INCR', KEYS[7])
if not rev and ARGV[3] ~= '' then return 0 end
if rev and (redis.call('ZSCORE', KEYS[2], ARGV[1]) or tonumber(rev) >= tonumber(ARGV[2])
  or (ARGV[3] ~= '' and rev ~= ARGV[3])) then return 0 end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[5])
if ARGV[4] == '' then
  redis.call('ZADD', KEYS[4], 'NX', order, ARGV[1])
else
  redis.call('ZREM', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[2], string.format('%.6f', tonumber(ARGV[4]) + order % 4096 / 4096), ARGV[1])
end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[5], ARGV[1], ARGV[6]) end
return 1`;
const LOAD = `return { redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[5], ARGV[1]) }`;
const REMOVE = `
for _, key in ipairs({ KEYS[1], KEYS[3], KEYS[5], KEYS[6] }) do redis.call('HDEL', key, ARGV[1]) end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[4], ARGV[1])`;
/** ARGV: which of the two sets. */
const LIST = `
local records = {}
for index, id in ipairs(redis.call('ZRANGE', KEYS[tonumber(ARGV[1])], 0, -1)) do
  records[index] = redis.call('HGET', KEYS[1], id)
end
return records`;
/** ARGV: before, and the number of records that may stay. */
const OUTDATED = `
local ids = redis.call('ZRANGE', KEYS[2], 0, -1 - tonumber(ARGV[2]))
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1])) do ids[#ids + 1] = id end
return ids`;
const SAVE_SESSION = `return redis.call('HSET', KEYS[8], ARGV[1], ARGV[2])`;
const LOAD_SESSION = `return redis.call('HGET', KEYS[8], ARGV[1])`;
const NOTES = `return redis.call('HVALS', KEYS[6])`;
const NOTE = `return { redis.call('HEXISTS', KEYS[3], ARGV[1]), redis.call('HGET', KEYS[6], ARGV[1]) }`;
/** ARGV: id, the note that was read or "", the next one. */
const SAVE_NOTE = `
if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 0 then return 0 end
if (redis.call('HGET', KEYS[6], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[6], ARGV[1], ARGV[3])
return 1`;

/**
 * A TaskStore under keys that begin with `{<name>}:`, in one slot of a cluster. Turn on persistence (`appendonly yes`): a task
 * lasts as long as Redis remembers it. Several processes share a name by `leases()` of `holdfast/leases`; without it, two processes
 * would both poll.
 * @param options.name Keeps the tasks of several clients in one database apart. `"holdfast"` by default.
 * @example
 * const store = redisStore((script, keys, values) => client.eval(script, { keys, arguments: values }));
 */
export function redisStore(evaluate: RedisEval, options: { readonly name?: string } = {}): LeasedStore {
  const { name = "holdfast" } = options;
  const keys = [
    "record",
    "settled",
    "rev",
    "active",
    "result",
    "note",
    "count",
    "session",
    "lease",
    "message",
  ].map((kind) => `{${name}}:${kind}`);
  const run = (script: string, ...values: string[]): Promise<unknown> => evaluate(script, keys, values);
  const list = async (script: string, ...values: string[]): Promise<readonly unknown[]> =>
    (await run(script, ...values)) as readonly unknown[];

  return {
    async save(record, after, fence = []) {
      const { id, rev, outcome, settledAt } = record;
      const parted = partLongResult(record);
      const texts = [JSON.stringify(parted.record), parted.result ? JSON.stringify(parted.result) : ""];
      const at = outcome ? `${settledAt ?? 0}` : "";
      const leases = fence.flatMap((lease) => [lease.name, lease.tenure]);
      const follows = after === undefined ? "" : `${after}`;
      return Number(await run(SAVE, id, `${rev}`, follows, at, ...texts, ...leases)) === 1;
    },
    async load(id) {
      const [record, result] = await list(LOAD, id);
      return record === null ? undefined : joinLongResult(parsed(record), parsed(result));
    },
    remove: async (id) => void (await run(REMOVE, id)),
    loadActive: async () => (await list(LIST, "4")).map(parsed),
    loadSettled: async () => (await list(LIST, "2")).map(parsed),
    outdated: async (before, count) => [
      ...new Set((await list(OUTDATED, `${before}`, `${count}`)).map(String)),
    ],
    saveSession: async (endpoint, session) =>
      void (await run(SAVE_SESSION, endpoint, JSON.stringify(session))),
    loadSession: async (endpoint) => parsed(await run(LOAD_SESSION, endpoint)),
    deliveries: {
      load: async () => (await list(NOTES)).map(parsed),
      change: (id, change) =>
        changeNote(id, change, async () => {
          const [held, text] = await list(NOTE, id);
          if (Number(held) === 0) return undefined;
          return {
            note: parsed(text),
            write: async (next) =>
              Number(await run(SAVE_NOTE, id, text === null ? "" : String(text), next)) === 1,
          };
        }),
    },
    leases: redisLeases(run),
  };
}
