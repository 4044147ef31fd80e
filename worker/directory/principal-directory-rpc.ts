import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import type { Limits } from "../config/limits.ts";
import type {
  BegunConsent,
  Consent,
  ConsentAnswer,
  DroppedConsent,
  FinishedConsent,
  UpstreamToken,
} from "../consent/upstream-grants.ts";
import type { PasskeyListing, PasskeySite } from "../passkey/passkeys.ts";
import type { NewPushSubscription, PushDemand, PushListing } from "../push/push-subscriptions.ts";
import type { TaskNotice } from "../push/task-notice.ts";
import type { EventAsk, EventSubscription, SubscriptionAdmission } from "./event-subscriptions.ts";

export type { Consent, NewPushSubscription, PushDemand, PushListing, TaskNotice };

/** Names one TaskGroup object of a principal. */
export interface GroupName {
  readonly endpoint: string;
  readonly shard: number;
}

/** A call that wants to be started. */
export interface AdmissionAsk {
  readonly endpoint: string;
  readonly limits: Pick<Limits, "callsInFlight" | "callsInFlightPerEndpoint" | "callsPerMinute">;
  /** About what the call takes in the memory of its group, in bytes. */
  readonly weight: number;
  /** Active tasks a group takes before the next one is opened. */
  readonly shardCeiling: number;
  /** What the active tasks of a group may take in its memory together, in bytes, before the next one is opened. */
  readonly shardBytes: number;
  /** The caller's key, and what distinguishes its request from another one (such as a hash of the body). */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
}

export interface Admitted {
  readonly ok: true;
  readonly shard: number;
  /** The task id to use. It names its endpoint and shard. */
  readonly id: string;
  /** The key was seen before, and this is the task it was given then. It may not have been started. */
  readonly repeated: boolean;
}

export interface NotAdmitted {
  readonly ok: false;
  readonly code:
    | "calls-in-flight"
    | "endpoint-calls-in-flight"
    | "calls-a-minute"
    | "idempotency-conflict"
    | "task-deleted";
  /** When to try again, in ms; 0 for what stays as it is. */
  readonly retryAfterMs: number;
}

export type Admission = Admitted | NotAdmitted;

/** An admission, and how many further calls of the endpoint its group may start without asking: they are counted already. */
export interface Lease {
  readonly admission: Admission;
  readonly spare: number;
}

/** Asks for calls that isolates make in place of the endpoint's first group. */
export interface LoanAsk extends Pick<AdmissionAsk, "endpoint" | "limits"> {
  readonly most: number;
  /** How many that were lent before may still be made or in flight. */
  readonly lent: number;
}

/** A request that wants to read or change tasks that there are. */
export interface ReadAsk {
  readonly readsPerMinute: number;
  /** The group it needs; without one, all of them. */
  readonly of?: GroupName;
  /** How many further reads of that group to lease, if at least half of a minute's are left. */
  readonly lease?: number;
}

/** The groups it needs, as far as they exist: no others are to be asked. */
export type ReadAdmission =
  | { readonly ok: true; readonly groups: readonly GroupName[]; readonly leased: number }
  | { readonly ok: false; readonly retryAfterMs: number };

/** What the tasks of a group that have not settled amount to. */
export interface GroupLoad {
  readonly tasks: number;
  /** About what they take in the object's memory, in bytes. */
  readonly bytes: number;
  /** How many calls isolates may make or have in flight. They take no memory of the object. */
  readonly lent: number;
  /** Of the ids that were asked about, those that the group does not know: they are on their way to it. */
  readonly absent: readonly string[];
}

/** What a principal uses of its limits. */
export interface PrincipalUsage {
  /** Active tasks by endpoint. A few calls that groups may start by themselves count, too. */
  readonly inFlight: Readonly<Record<string, number>>;
  readonly callsThisMinute: number;
  readonly readsThisMinute: number;
  readonly streams: number;
}

/** What the directory asks of a TaskGroup. */
export interface ActiveTasks {
  /** Also ends the lease of the group. @param admitted Ids that were given out a moment ago. */
  active(admitted: readonly string[]): Promise<GroupLoad>;
}

/** A TaskGroup, as far as the directory notifies it. */
export interface ConsentSubscriber {
  /** The person has connected the endpoint's server, or disconnected it: its tasks try again with what there is now. */
  consentChanged(): Promise<void>;
}

/** A TaskGroup, as far as push subscriptions concern it. */
export interface NoticeSource {
  /** What the group hands over of its tasks from now on. */
  pushDemanded(demand: PushDemand): Promise<void>;
}

/** The events that a subscription starts with. */
export interface EventReplay {
  readonly subscription: EventSubscription;
  /** Later than this, in ms since 1970. */
  readonly from: number;
}

/** What a group has for a subscription. */
export interface EventBacklog {
  /** Events wait to be delivered. */
  readonly waits: boolean;
  /** Events were skipped: more waited than a group stores. */
  readonly truncated: boolean;
}

/** A TaskGroup, as far as subscriptions to its events concern it. */
export interface EventSource {
  /** The principal has subscribed, renewed or unsubscribed. @param id Of the subscription. */
  subscriptionsChanged(id: string, replay?: EventReplay): Promise<EventBacklog>;
}

/** Admits a callback to a challenge, or says how long to wait, in ms. */
export type AdmittedSubscription = SubscriptionAdmission & { readonly retryAfterMs?: number };

/** What is answered to a subscriber. */
export interface GrantedSubscription {
  /** When it ends unless it is renewed, in ms since 1970. */
  readonly until: number;
  /** Every event up to then has been delivered or given up, in ms since 1970. */
  readonly cursor: number;
  /** Events were skipped. */
  readonly truncated: boolean;
  /** There was no such subscription, or it had expired. */
  readonly isNew: boolean;
}

/** What the directory asks of the groups of its principal. */
export type DirectoryGroup = ActiveTasks & ConsentSubscriber & NoticeSource & EventSource;

/**
 * What the routes ask of a directory. `fetch` of `/groups/events?streams=<limit>` responds with its groups (SSE): a `group`
 * event for each there is, then `ready`, then a `group` event for each that is opened. While it is open it counts as one of
 * the principal's streams; beyond the limit the status is 429.
 */
export interface PrincipalDirectoryRpc {
  /**
   * Admits a call, or says why not. A repeated key is always admitted: it starts nothing new. What is refused because too many
   * calls are in flight counts as a call of this minute all the same, so that nobody gains by insisting.
   */
  admit(ask: AdmissionAsk): Promise<Admission>;
  /**
   * Admits a call, as `admit` does, and leases further ones to the endpoint's first group: a share of what is left of the limits,
   * and none where less than half of a minute's calls is left. A lease is given back when the directory asks the group for its load.
   */
  lease(ask: AdmissionAsk): Promise<Lease>;
  /**
   * Lends calls to isolates, by the same share of the limits. They count for the minute and as calls in flight, and take no room of a
   * group. Resolves with how many.
   */
  lend(ask: LoanAsk): Promise<number>;
  /** Tasks were deleted, or are kept no longer: their Idempotency-Keys are answered so for as long as they are remembered. */
  deleted(ids: readonly string[]): Promise<void>;
  /** Counts a read, once for each group it needs. */
  read(ask: ReadAsk): Promise<ReadAdmission>;
  /** What is used of the limits at the moment: asks all groups. */
  usage(limits: Pick<Limits, "callsPerMinute" | "readsPerMinute">): Promise<PrincipalUsage>;
  /** By endpoint, then by shard. */
  groups(): Promise<readonly GroupName[]>;
  /** The person's token for an endpoint with `consent`, renewed if need be. @param refused One that the server did not take. */
  upstreamToken(endpoint: string, refused?: string): Promise<UpstreamToken>;
  /** Begins a consent at the endpoint's server, which sends the person back to `redirectUri`. */
  beginConsent(endpoint: string, redirectUri: string): Promise<BegunConsent>;
  finishConsent(answer: ConsentAnswer): Promise<FinishedConsent>;
  /** Where the principal stands with each endpoint that has `consent`, by endpoint. */
  consents(): Promise<Readonly<Record<string, Consent>>>;
  /** The person has answered the request for an endpoint's consent that is open in this round. */
  consentAnswered(endpoint: string, round: number, declined: boolean): Promise<void>;
  /** Forgets the person's tokens for an endpoint, and has its server revoke them if it can. */
  dropConsent(endpoint: string): Promise<DroppedConsent>;
  /** The newest first. */
  passkeys(): Promise<readonly PasskeyListing[]>;
  /** What a browser needs to make a passkey; undefined if the principal has as many as it may. */
  offerPasskey(site: PasskeySite): Promise<PublicKeyCredentialCreationOptionsJSON | undefined>;
  /** Adds a passkey that was made for an offer; undefined if it does not fit one. */
  addPasskey(site: PasskeySite, response: RegistrationResponseJSON): Promise<PasskeyListing | undefined>;
  /** Whether a passkey of the principal signed this challenge, which is taken once. */
  usePasskey(site: PasskeySite, challenge: string, response: AuthenticationResponseJSON): Promise<boolean>;
  removePasskey(id: string): Promise<void>;
  /** Remembers the names of the tools that endpoints have just listed. Resolves with those of all endpoints, by endpoint. */
  knownTools(
    listed: Readonly<Record<string, readonly string[]>>,
  ): Promise<Readonly<Record<string, readonly string[]>>>;
  /** The key that browsers subscribe with, in base64url: made once, and the same from then on. */
  pushKey(): Promise<string>;
  /** The newest first. */
  pushSubscriptions(): Promise<readonly PushListing[]>;
  /** Subscribes a browser, or changes its subscription. What happens to tasks from then on is pushed. */
  subscribePush(subscription: NewPushSubscription): Promise<PushListing>;
  /** To remove what is not there does nothing. */
  unsubscribePush(id: string): Promise<void>;
  /** Has the notices of a group pushed. Durable when it resolves: with what the group hands over from then on. */
  push(notices: readonly TaskNotice[]): Promise<PushDemand>;
  /**
   * Whether there is room for a subscription, and whether its callback was verified for the principal. One that was not counts as
   * one of a minute's challenges.
   */
  admitSubscription(id: string, url: string): Promise<AdmittedSubscription>;
  /** Subscribes to the events of tasks, or renews the subscription. Undefined if the principal has as many as it may. */
  subscribeEvents(ask: EventAsk): Promise<GrantedSubscription | undefined>;
  /** Resolves with whether there was such a subscription. */
  unsubscribeEvents(id: string): Promise<boolean>;
  /** The subscriptions to events that have not expired. */
  allSubscriptions(): Promise<readonly EventSubscription[]>;
  /** The subscriptions to events of an endpoint's tasks that have not expired. */
  eventSubscriptions(endpoint: string): Promise<readonly EventSubscription[]>;
}
