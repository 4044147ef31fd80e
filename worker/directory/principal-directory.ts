import { DurableObject } from "cloudflare:workers";
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import type { Bindings } from "../bindings.ts";
import { endpointsOf } from "../config/endpoints.ts";
import {
  type BegunConsent,
  type Consent,
  type ConsentAnswer,
  type DroppedConsent,
  type FinishedConsent,
  UpstreamGrants,
  type UpstreamToken,
} from "../consent/upstream-grants.ts";
import { inTime } from "../http/in-time.ts";
import { Counters } from "../operations/counters.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { type PasskeyListing, type PasskeySite, Passkeys } from "../passkey/passkeys.ts";
import { PushOutbox } from "../push/push-outbox.ts";
import {
  type NewPushSubscription,
  type PushDemand,
  type PushListing,
  PushSubscriptions,
} from "../push/push-subscriptions.ts";
import type { TaskNotice } from "../push/task-notice.ts";
import { type EventAsk, type EventSubscription, EventSubscriptions } from "./event-subscriptions.ts";
import { GroupCounts, RESERVED_BYTES } from "./group-counts.ts";
import { GroupFeed } from "./group-feed.ts";
import { GroupTable } from "./group-table.ts";
import { IdempotencyKeys, KEY_LIFE_MS, type KeyedCall } from "./idempotency-keys.ts";
import { KnownTools } from "./known-tools.ts";
import { Pace, storedPace } from "./pace.ts";
import type {
  Admission,
  AdmissionAsk,
  AdmittedSubscription,
  DirectoryGroup,
  EventBacklog,
  EventReplay,
  GrantedSubscription,
  GroupName,
  Lease,
  LoanAsk,
  PrincipalDirectoryRpc,
  PrincipalUsage,
  ReadAdmission,
  ReadAsk,
} from "./principal-directory-rpc.ts";
import { type AlarmPurpose, SharedAlarm } from "./shared-alarm.ts";
import { UuidV7Source } from "./uuid-v7.ts";

/** When to try again while too many calls are in flight, in ms. Nobody knows when one of them settles. */
const IN_FLIGHT_RETRY_MS = 5000;

/** Which share of what is left of a limit is leased at a time, and how many calls at most. */
const LEASED_SHARE = 1 / 32;
const MOST_LEASED = 128;

/** How often keys are purged at most, in ms: each time the whole table is read. */
const PURGE_PAUSE_MS = KEY_LIFE_MS / 2;

/** How many callbacks a principal may have challenged within a minute: each is a request to an address that it names. */
const CHALLENGES_PER_MINUTE = 20;

/** How long a group may take to be notified of a push subscription, in ms, and when it is notified again. */
const NOTIFY_MS = 5_000;
const NOTIFY_AGAIN_MS = 60_000;

export interface DirectoryBindings extends Pick<Bindings, "METRICS" | "WEBHOOK_PRIVATE"> {
  readonly TASK_GROUP: { getByName(name: string): DirectoryGroup };
}

/** One principal's way in: which of its calls may start, in which TaskGroup object, and what objects of those there are. */
export class PrincipalDirectory extends DurableObject<DirectoryBindings> implements PrincipalDirectoryRpc {
  readonly #groups: GroupTable;
  readonly #keys: IdempotencyKeys;
  readonly #tools: KnownTools;
  readonly #grants: UpstreamGrants;
  readonly #passkeys: Passkeys;
  readonly #subscriptions: PushSubscriptions;
  readonly #pushes: PushOutbox;
  readonly #counters: Counters = new Counters();
  readonly #alarm: SharedAlarm;
  readonly #events: EventSubscriptions;
  readonly #pace: Pace;
  /** In memory: a read must not write. An object that is asked so often is not evicted. */
  readonly #reads = new Pace({ paidUntil: 0 });
  readonly #challenges = new Pace({ paidUntil: 0 });
  readonly #counts: GroupCounts;
  readonly #feed = new GroupFeed();
  readonly #uuids = new UuidV7Source();
  readonly #groupAt: (group: GroupName) => DirectoryGroup;

  constructor(state: DurableObjectState, env: DirectoryBindings) {
    super(state, env);
    const { storage } = state;
    this.#groups = new GroupTable(storage.sql);
    this.#keys = new IdempotencyKeys(storage.sql);
    this.#tools = new KnownTools(storage.kv);
    this.#events = new EventSubscriptions(storage.kv);
    this.#pace = new Pace(storedPace(storage.kv));
    const principal = state.id.name;
    this.#grants = new UpstreamGrants(storage.kv, env, principal ?? "");
    this.#groupAt = ({ endpoint, shard }) =>
      env.TASK_GROUP.getByName(JSON.stringify([principal, endpoint, shard]));
    this.#counts = new GroupCounts(this.#groupAt);
    this.#passkeys = new Passkeys(storage.kv, principal ?? "");
    this.#alarm = new SharedAlarm(storage);
    this.#subscriptions = new PushSubscriptions(storage.kv);
    this.#pushes = new PushOutbox(storage, {
      subscriptions: this.#subscriptions,
      fetch: guardedFetch({ allowPrivate: env.WEBHOOK_PRIVATE === "true" }),
      labelOf: (endpoint) =>
        endpointsOf(env, principal ?? "").find(({ name }) => name === endpoint)?.title ?? endpoint,
      counted: (result) => this.#counters.add(`pushes:${result}`),
    });
  }

  async admit(ask: AdmissionAsk): Promise<Admission> {
    const before = this.#earlier(ask);
    if (before) return before;
    const wait = this.#pace.take(ask.limits.callsPerMinute, Date.now());
    if (wait !== undefined) return { ok: false, code: "calls-a-minute", retryAfterMs: wait };

    if (!this.#counts.known || this.#isFull(ask) || this.#roomyShard(ask) === undefined)
      await this.#counts.ask(this.#groups.all(), Date.now());
    // Nothing is awaited while it is decided: of two calls with one key, the second sees what became of the first.
    const admission = this.#decide(ask);
    if (ask.idempotency && !this.#alarm.isSet("purge"))
      await this.#alarm.set("purge", Date.now() + KEY_LIFE_MS);
    return admission;
  }

  async lease(ask: AdmissionAsk): Promise<Lease> {
    const admission = await this.admit(ask);
    return { admission, spare: admission.ok && admission.shard === 0 ? this.#leased(ask) : 0 };
  }

  async lend({ endpoint, limits, most, lent }: LoanAsk): Promise<number> {
    if (!this.#counts.known) await this.#counts.ask(this.#groups.all(), Date.now());
    const first = { endpoint, shard: 0 };
    this.#counts.lentAt(first, lent);
    const calls = this.#shareOf(endpoint, limits, most);
    this.#counts.lend(first, calls);
    return calls;
  }

  async deleted(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#keys.delete(id);
      this.#counts.deleted(id);
    }
  }

  async read({ readsPerMinute, of, lease = 0 }: ReadAsk): Promise<ReadAdmission> {
    const all = this.#groups.all();
    const groups = of
      ? all.filter(({ endpoint, shard }) => endpoint === of.endpoint && shard === of.shard)
      : all;
    const now = Date.now();
    const wait = this.#reads.take(readsPerMinute, now, Math.max(1, groups.length));
    if (wait !== undefined) return { ok: false, retryAfterMs: wait };
    const isLeased =
      lease > 0 &&
      this.#reads.left(now) >= 1 / 2 &&
      this.#reads.take(readsPerMinute, now, lease) === undefined;
    return { ok: true, groups, leased: isLeased ? lease : 0 };
  }

  async usage({
    callsPerMinute,
    readsPerMinute,
  }: Parameters<PrincipalDirectoryRpc["usage"]>[0]): Promise<PrincipalUsage> {
    const groups = this.#groups.all();
    await this.#counts.ask(groups, Date.now());
    const now = Date.now();
    const endpoints = [...new Set(groups.map(({ endpoint }) => endpoint))];
    return {
      inFlight: Object.fromEntries(endpoints.map((name) => [name, this.#counts.activeAt(name)])),
      callsThisMinute: this.#pace.taken(callsPerMinute, now),
      readsThisMinute: this.#reads.taken(readsPerMinute, now),
      streams: this.#feed.size,
    };
  }

  async groups(): Promise<readonly GroupName[]> {
    return this.#groups.all();
  }

  upstreamToken(endpoint: string, refused?: string): Promise<UpstreamToken> {
    return this.#grants.token(endpoint, refused);
  }

  beginConsent(endpoint: string, redirectUri: string): Promise<BegunConsent> {
    return this.#grants.begin(endpoint, redirectUri);
  }

  async finishConsent(answer: ConsentAnswer): Promise<FinishedConsent> {
    const finished = await this.#grants.finish(answer);
    if (finished.ok) await this.#consentChanged(finished.endpoint);
    return finished;
  }

  consents(): Promise<Record<string, Consent>> {
    return this.#grants.consents();
  }

  async consentAnswered(endpoint: string, round: number, declined: boolean): Promise<void> {
    this.#grants.answered(endpoint, round, declined);
  }

  async dropConsent(endpoint: string): Promise<DroppedConsent> {
    const dropped = await this.#grants.drop(endpoint);
    await this.#consentChanged(endpoint);
    return dropped;
  }

  async passkeys(): Promise<readonly PasskeyListing[]> {
    return this.#passkeys.list();
  }

  offerPasskey(site: PasskeySite): Promise<PublicKeyCredentialCreationOptionsJSON | undefined> {
    return this.#passkeys.offer(site);
  }

  addPasskey(site: PasskeySite, response: RegistrationResponseJSON): Promise<PasskeyListing | undefined> {
    return this.#passkeys.add(site, response);
  }

  usePasskey(site: PasskeySite, challenge: string, response: AuthenticationResponseJSON): Promise<boolean> {
    return this.#passkeys.use(site, challenge, response);
  }

  async removePasskey(id: string): Promise<void> {
    this.#passkeys.remove(id);
  }

  async knownTools(
    listed: Readonly<Record<string, readonly string[]>>,
  ): Promise<Record<string, readonly string[]>> {
    this.#tools.note(listed);
    return this.#tools.all();
  }

  async admitSubscription(id: string, url: string): Promise<AdmittedSubscription> {
    const now = Date.now();
    const admission = this.#events.admit(id, url, now);
    if (admission.isVerified || !admission.hasRoom) return admission;
    const retryAfterMs = this.#challenges.take(CHALLENGES_PER_MINUTE, now);
    return { ...admission, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }

  async subscribeEvents(ask: EventAsk): Promise<GrantedSubscription | undefined> {
    const now = Date.now();
    const renewed = this.#events.renew(ask, now);
    if (!renewed) return undefined;
    const { subscription, isNew, replayFrom, truncated } = renewed;
    const replay = replayFrom === undefined ? undefined : { subscription, from: replayFrom };
    const backlogs = await this.#eventsChanged(ask.id, ask.filter.endpoint, replay);
    const waits = backlogs.some((backlog) => backlog.waits);
    return {
      until: subscription.until,
      cursor: waits ? subscription.cursor : this.#events.caughtUp(subscription, now),
      isNew,
      truncated: truncated || backlogs.some((backlog) => backlog.truncated),
    };
  }

  async unsubscribeEvents(id: string): Promise<boolean> {
    const wasActive = this.#events.remove(id, Date.now());
    // A group that is not notified finds out before long.
    if (wasActive) await this.#eventsChanged(id).catch(() => undefined);
    return wasActive;
  }

  async allSubscriptions(): Promise<readonly EventSubscription[]> {
    return this.#events.all(Date.now());
  }

  async eventSubscriptions(endpoint: string): Promise<readonly EventSubscription[]> {
    return this.#events.of(endpoint, Date.now());
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/groups/events") return new Response(null, { status: 404 });
    return this.#feed.open(
      this.#groups.all(),
      Number(searchParams.get("streams") ?? Number.POSITIVE_INFINITY),
    );
  }

  pushKey(): Promise<string> {
    return this.#pushes.publicKey();
  }

  async pushSubscriptions(): Promise<readonly PushListing[]> {
    return this.#subscriptions.list();
  }

  async subscribePush(subscription: NewPushSubscription): Promise<PushListing> {
    const listing = await this.#subscriptions.put(subscription, Date.now());
    await this.#notifyGroups();
    return listing;
  }

  async unsubscribePush(id: string): Promise<void> {
    this.#subscriptions.remove(id);
  }

  async push(notices: readonly TaskNotice[]): Promise<PushDemand> {
    const now = Date.now();
    this.#pushes.add(notices, now);
    await this.#alarm.set("push", this.#pushes.nextDue());
    return this.#subscriptions.demand();
  }

  override async alarm(): Promise<void> {
    const due = this.#alarm.due(Date.now());
    await Promise.all([...due].map((purpose) => this.#work(purpose)));
    this.#counters.report(this.env, this.ctx.id);
  }

  async #work(purpose: AlarmPurpose): Promise<void> {
    const now = Date.now();
    switch (purpose) {
      case "purge": {
        const isLeft = this.#keys.purge(now);
        return this.#alarm.set("purge", isLeft ? now + PURGE_PAUSE_MS : Number.POSITIVE_INFINITY);
      }
      case "push":
        await this.#pushes.deliver(now);
        return this.#alarm.set("push", this.#pushes.nextDue());
      case "notify-groups":
        return this.#notifyGroups();
    }
  }

  /** Notifies each group of what to hand over, and one that fails again later. */
  async #notifyGroups(): Promise<void> {
    const demand = this.#subscriptions.demand();
    const notified = await Promise.allSettled(
      this.#groups.all().map((group) => inTime(this.#groupAt(group).pushDemanded(demand), NOTIFY_MS)),
    );
    const isLeft = notified.some(({ status }) => status === "rejected");
    await this.#alarm.set("notify-groups", isLeft ? Date.now() + NOTIFY_AGAIN_MS : Number.POSITIVE_INFINITY);
  }

  /** A group that cannot be notified finds out by its next request. The first one may have listed tools without a task. */
  async #consentChanged(endpoint: string): Promise<void> {
    const shards = new Set([0, ...this.#shardsOf(endpoint)]);
    await Promise.allSettled([...shards].map((shard) => this.#groupAt({ endpoint, shard }).consentChanged()));
  }

  /** Rejects if a group cannot be notified: its events would be missed. */
  #eventsChanged(id: string, endpoint?: string, replay?: EventReplay): Promise<readonly EventBacklog[]> {
    const groups = this.#groups.all().filter((group) => (endpoint ?? group.endpoint) === group.endpoint);
    return Promise.all(groups.map((group) => this.#groupAt(group).subscriptionsChanged(id, replay)));
  }

  #decide(ask: AdmissionAsk): Admission {
    const before = this.#earlier(ask);
    if (before) return before;
    if (this.#isFull(ask)) {
      const code = this.#isTotalFull(ask) ? "calls-in-flight" : "endpoint-calls-in-flight";
      return { ok: false, code, retryAfterMs: IN_FLIGHT_RETRY_MS };
    }

    const now = Date.now();
    const { endpoint, idempotency } = ask;
    const shard = this.#roomyShard(ask) ?? this.#openShard(endpoint);
    const id = `${endpoint}.${shard}.${this.#uuids.next(now)}`;
    if (idempotency) {
      const call: KeyedCall = { endpoint, shard, id, fingerprint: idempotency.fingerprint };
      this.#keys.put(idempotency.key, call, now);
    }
    this.#counts.admit({ endpoint, shard }, id, ask.weight, now);
    return { ok: true, shard, id, repeated: false };
  }

  #leased({ endpoint, limits, shardCeiling, shardBytes }: AdmissionAsk): number {
    const first = { endpoint, shard: 0 };
    const { tasks, bytes } = this.#counts.loadOf(first);
    const room = Math.min(shardCeiling - tasks, Math.floor((shardBytes - bytes) / RESERVED_BYTES));
    const spare = this.#shareOf(endpoint, limits, Math.min(room, MOST_LEASED));
    this.#counts.lease(first, spare);
    return spare;
  }

  /** Takes a share of what is left of the limits, and nothing where less than half of a minute's calls is left. */
  #shareOf(endpoint: string, limits: AdmissionAsk["limits"], most: number): number {
    const now = Date.now();
    const { callsPerMinute, callsInFlight, callsInFlightPerEndpoint } = limits;
    if (this.#pace.left(now) < 1 / 2) return 0;
    const least = Math.min(
      callsPerMinute,
      callsInFlight - this.#counts.total(),
      callsInFlightPerEndpoint - this.#counts.activeAt(endpoint),
    );
    const calls = Math.min(Math.floor(least * LEASED_SHARE), most);
    return calls > 0 && this.#pace.take(callsPerMinute, now, calls) === undefined ? calls : 0;
  }

  #earlier({ endpoint, idempotency }: AdmissionAsk): Admission | undefined {
    const call = idempotency && this.#keys.find(idempotency.key, Date.now());
    if (!call) return undefined;
    if (call.endpoint !== endpoint || call.fingerprint !== idempotency.fingerprint)
      return { ok: false, code: "idempotency-conflict", retryAfterMs: 0 };
    if (call.deleted) return { ok: false, code: "task-deleted", retryAfterMs: 0 };
    return { ok: true, shard: call.shard, id: call.id, repeated: true };
  }

  #isFull(ask: AdmissionAsk): boolean {
    const { endpoint, limits } = ask;
    return this.#isTotalFull(ask) || this.#counts.activeAt(endpoint) >= limits.callsInFlightPerEndpoint;
  }

  #isTotalFull({ limits }: AdmissionAsk): boolean {
    return this.#counts.total() >= limits.callsInFlight;
  }

  /** The first shard with room: so they empty from the last, and there are never more than the busiest hour needed. */
  #roomyShard({ endpoint, shardCeiling, shardBytes, weight }: AdmissionAsk): number | undefined {
    return this.#shardsOf(endpoint).find((shard) => {
      const { tasks, bytes } = this.#counts.loadOf({ endpoint, shard });
      // The heaviest call has a place in a group without tasks.
      return tasks === 0 || (tasks < shardCeiling && bytes + weight + RESERVED_BYTES <= shardBytes);
    });
  }

  #openShard(endpoint: string): number {
    const shard = this.#shardsOf(endpoint).length;
    this.#groups.add({ endpoint, shard });
    this.#feed.announce({ endpoint, shard });
    return shard;
  }

  #shardsOf(endpoint: string): number[] {
    return this.#groups
      .all()
      .filter((group) => group.endpoint === endpoint)
      .map(({ shard }) => shard);
  }
}
