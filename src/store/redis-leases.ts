import type { LeaseTable } from "./lease-table.ts";

// KEYS[9] is a hash: by name, when a lease expires (ms since 1970) and its tenure. KEYS[10] is the stream of messages.
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function read(name)
  local lease = redis.call('HGET', KEYS[9], name)
  if lease then return tonumber(lease:match('^%d+')), lease:match(' (.*)$') end
  return 0
end`;
/** ARGV: name, tenure, ms, 1 to steal. */
const TAKE = `${NOW}
if ARGV[4] ~= '1' and read(ARGV[1]) > now then return nil end
redis.call('HSET', KEYS[9], ARGV[1], string.format('%.0f %s', now + ARGV[3], ARGV[2]))
return now`;
/** ARGV: ms, then name and tenure of each lease. */
const RENEW = `${NOW}
local renewed = {}
for i = 2, #ARGV, 2 do
  local _, tenure = read(ARGV[i])
  if tenure == ARGV[i + 1] then
    redis.call('HSET', KEYS[9], ARGV[i], string.format('%.0f %s', now + ARGV[1], tenure))
    renewed[#renewed + 1] = tenure
  end
end
return renewed`;
const RELEASE = `${NOW}
local _, tenure = read(ARGV[1])
return tenure == ARGV[2] and redis.call('HDEL', KEYS[9], ARGV[1]) or 0`;
const HELD = `${NOW}
local held = {}
for _, name in ipairs(redis.call('HKEYS', KEYS[9])) do
  if read(name) > now then held[#held + 1] = name end
end
return held`;
const POST = `
redis.call('XADD', KEYS[10], '*', 'body', ARGV[1])
return redis.call('PUBLISH', KEYS[10], '')`;
const POSITION = `
local last = redis.call('XREVRANGE', KEYS[10], '+', '-', 'COUNT', 1)[1]
return last and last[1] or '0-0'`;
const READ = `
local found = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[10], '(' .. ARGV[1], '+')) do
  found[#found + 1] = entry[1]
  found[#found + 1] = entry[2][2]
end
return found`;
const PRUNE = `${NOW}
for _, name in ipairs(redis.call('HKEYS', KEYS[9])) do
  if read(name) < now - ARGV[1] then redis.call('HDEL', KEYS[9], name) end
end
return redis.call('XTRIM', KEYS[10], 'MINID', string.format('%.0f', now - ARGV[1]))`;

/** The leases and messages of a store in Redis. Each post also publishes on the channel `{<name>}:message`. */
export function redisLeases(run: (script: string, ...values: string[]) => Promise<unknown>): LeaseTable {
  const texts = async (script: string, ...values: string[]): Promise<readonly string[]> =>
    ((await run(script, ...values)) as readonly unknown[]).map(String);
  return {
    async take({ name, tenure }, ms, steal) {
      const now = await run(TAKE, name, tenure, `${ms}`, steal ? "1" : "");
      return now === null ? undefined : Number(now);
    },
    renew: (leases, ms) => texts(RENEW, `${ms}`, ...leases.flatMap(({ name, tenure }) => [name, tenure])),
    release: async ({ name, tenure }) => void (await run(RELEASE, name, tenure)),
    held: () => texts(HELD),
    post: async (body) => void (await run(POST, body)),
    async read(position) {
      if (position === undefined) return { position: String(await run(POSITION)), bodies: [] };
      const found = await texts(READ, position);
      return { position: found.at(-2) ?? position, bodies: found.filter((_, index) => index % 2 === 1) };
    },
    prune: async (ms) => void (await run(PRUNE, `${ms}`)),
  };
}
