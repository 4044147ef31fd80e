/** One line of the library made wrong. */
export interface Mutation {
  readonly name: string;
  /** Under src/. */
  readonly file: string;
  /** Must be found exactly once. */
  readonly find: string;
  readonly replace: string;
  /** It shows where tabs contend for the lead, and is looked for in such worlds. */
  readonly contended?: true;
  /** Shows only where calls have an addressee. */
  readonly inbox?: true;
  /** Shows only where a server offers pairs of tools. */
  readonly paired?: true;
  /** Shows only where tabs connect by `holdfast/http`. */
  readonly http?: true;
  /** Shows only where calls have an idempotency key. */
  readonly keyed?: true;
}

/**
 * A simulation that misses one of these does not watch what it says it watches. Not here, since a world that calms lists all tasks in
 * every tab and so hides a missed message: what adopt.test.ts and many-tabs.test.ts say of outcomes that a tab publishes late or not at
 * all, and of a call that asked first.
 */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "an outcome on disk is overwritten",
    file: "store/supersede.ts",
    find: "if (known.outcome !== undefined) return true;",
    // Without the line alone, the rev that a write follows on still refuses it.
    replace: "if (known.outcome !== undefined) return false;",
    contended: true,
  },
  {
    name: "a superseded write is not refused",
    file: "store/supersede.ts",
    find: "return known.rev >= record.rev || (after !== undefined && known.rev !== after);",
    replace: "return false;",
    contended: true,
  },
  {
    name: "a write that the store refused counts as written",
    file: "runtime/record-writer.ts",
    find: "        if (!saved) {",
    replace: "        if (!saved && tenure.overtaken) {",
    contended: true,
  },
  {
    name: "a leader runs what a frozen tab hands over although it moved the task on",
    file: "runtime/residence.ts",
    find: "held !== undefined && held.rev > record.rev",
    replace: "held !== undefined && held.rev < 0",
    contended: true,
  },
  {
    name: "a record of an earlier version is not read",
    file: "store/read-record.ts",
    find: "  1: (record) => record,",
    replace: "",
  },
  {
    name: "what is in flight is forgotten where another tab moved the task on",
    file: "runtime/task-runtime.ts",
    find: "new Set(sent)",
    replace: "new Set()",
    contended: true,
  },
  {
    name: "the tab that made a call releases it before it lets go of the task",
    file: "runtime/task-host.ts",
    find: "if (current !== record || isCall(record)) return;",
    replace:
      "if (isCall(record)) return;\n      if (current !== record) return ownership.calls.release(record.id);",
    contended: true,
  },
  {
    name: "requests leave before their record is stored",
    file: "runtime/task-runtime.ts",
    find: "if (!written) proceed(",
    replace: "if (written || !written) proceed(",
  },
  {
    name: "a call leaves before it is stored",
    file: "runtime/task-runtime.ts",
    find: "const written = task.state.ephemeral",
    // Without the wait alone, the dispatch waits for the write that is under way.
    replace: 'dispatchTo(task.id, { type: "started" });\n    const written = task.state.ephemeral',
  },
  {
    name: "the leader's lock is ignored",
    file: "runtime/tab-group.ts",
    find: "on(lock ? {",
    replace: "on(lock || !lock ? {",
  },
  {
    name: "a deposed leader goes on",
    file: "runtime/tab-events.ts",
    find: "yieldAll(parts, endpoint);",
    replace: "",
    contended: true,
  },
  // test/model/ownership.test.ts breaks the fencing of the lead: while the store refuses a former leader's writes, no app sees
  // a stale epoch that counts, and without rising epochs a world comes to no end.
  {
    name: "a call is repeated whose fate is unknown",
    file: "engine/plan.ts",
    find: 'state.mayCall || record.stream || record.call.recovery === "repeat" ? "call" : "list"',
    replace: '"call"',
  },
  {
    name: "a call that may not be repeated is sent again after a failure",
    file: "engine/call.ts",
    find: "return retryLater({ ...withoutStream(state), failures, mayCall: false }, failure, now, policy);",
    replace: "return retryLater({ ...withoutStream(state), failures, mayCall: true }, failure, now, policy);",
  },
  {
    name: "a call that the store holds as still to be sent leaves all the same",
    file: "engine/effects.ts",
    find: 'before.stage !== "calling" || before.call.refused === true;',
    replace: 'before.stage === "queued";',
  },
  {
    name: "a queued call is left by the process that finds it",
    file: "engine/plan.ts",
    find: 'case "queued":\n      return ["describe"];',
    replace: 'case "queued":\n      return state.attended ? ["describe"] : [];',
  },
  {
    name: "a queued call is given up when its server is out of reach",
    file: "engine/queue.ts",
    find: 'case "timeout":\n      return false;',
    replace: 'case "timeout":\n      return true;',
  },
  {
    name: "a plain call stays queued in the store",
    file: "runtime/record-writer.ts",
    find: 'persist === "remove" || persist === "writeThenRemove"',
    replace: 'persist === "remove"',
  },
  {
    name: "a call is sent that the store still holds as queued",
    file: "runtime/task-runtime.ts",
    find: 'leavesQueue && result === "unstored"',
    replace: '!leavesQueue && result === "unstored"',
  },
  {
    name: "a tab waits for ever for a plain call whose tab has ended",
    file: "client/hosted-client.ts",
    find: 'if (status === "queued" || (status === "calling" && !view.asTask)) this.#host.followCall(view);',
    replace: "",
  },
  {
    name: "the server's poll interval is ignored",
    file: "engine/schedule.ts",
    find: "return clamp(suggested, timing.minPollMs, timing.maxPollMs);",
    replace: "return timing.minPollMs;",
  },
  {
    name: "Retry-After is ignored",
    file: "engine/retry.ts",
    find: 'failure.kind === "http" && failure.retryAfterMs !== undefined\n    ? Math.min(',
    replace: 'failure.kind === "http" && failure.retryAfterMs === Infinity\n    ? Math.min(',
  },
  {
    name: "Retry-After is forgotten with the process",
    file: "engine/poll.ts",
    find: "...inheritedBackoff(record, now, timing),",
    replace: "",
  },
  {
    name: "a question that was answered comes open again",
    file: "engine/input.ts",
    find: '    state: "delivered",',
    replace: '    state: "open",',
  },
  {
    name: "a question that another tab delivered is withdrawn",
    file: "engine/input.ts",
    find: "if (isUnsettled(input)) return withdrawn(input);",
    replace: "return withdrawn(input);",
    contended: true,
  },
  // That the engine takes no second answer either cannot be seen from outside: this is asked before it.
  {
    name: "a second answer is said to be taken",
    file: "runtime/task-actions.ts",
    find: 'state && (action.type !== "answered" || openInputs(state.record).some(({ key }) => key === action.key));',
    replace: "state !== undefined;",
  },
  {
    name: "a cancel is taken for the outcome at once",
    file: "engine/cancel.ts",
    find: "return state.record.cancel ? state : revise(relaxed(state), { cancel: { requestedAt: now } });",
    replace: "return end(state, { kind: 'cancelled', confirmed: true }, now);",
  },
  {
    name: "an acknowledged cancel is not waited for",
    file: "engine/cancel.ts",
    find: "since(acknowledgedAt, now) < timing.cancelGraceMs",
    replace: "since(acknowledgedAt, now) < 0",
  },
  {
    name: "resume forgets calls that were out",
    file: "runtime/residence.ts",
    find: 'claim === "wait") void ownership.resumeOrphan(id);',
    replace: 'claim === "wait") continue;',
  },
  {
    name: "a task handed over is not taken up",
    file: "runtime/tab-events.ts",
    find: "adopt: (record, base) => void adopt(parts, record, base),",
    replace: "adopt: () => undefined,",
  },
  {
    name: "a task that another tab moved on is let go by the leader",
    file: "runtime/residence.ts",
    find: "if (own) return record;",
    replace: "if (own) { runtime.yield(id); return undefined; }",
    contended: true,
  },
  {
    name: "a lost session is not made anew",
    file: "channel/lost-session.ts",
    find: "if (status === 404) return sessionId !== undefined;",
    replace: "if (status === 404) return false;",
  },
  {
    name: "the result of an ended task is asked for before its id is durable",
    file: "runtime/task-runtime.ts",
    find: "const isKnown = before.record.taskId !== undefined && tenure.base === before.record.rev;",
    replace: "const isKnown = true;",
  },
  {
    name: "a request never times out",
    file: "channel/rpc-channel.ts",
    find: "if (pending.deadline < this.#sweepAt)",
    replace: "if (pending.deadline < 0)",
  },
  {
    name: "requestState is not echoed",
    file: "engine/task-request.ts",
    find: "inputResponses : undefined, requestState });",
    replace: "inputResponses : undefined });",
  },
  {
    name: "any task that is listed is taken for a lost call's",
    file: "engine/recovery.ts",
    find: "fitting.length === 1 && !event.rivals",
    replace: "fitting.length > 0",
  },
  {
    name: "any error is taken for an unknown task",
    file: "engine/request-failure.ts",
    find: "return code === INVALID_PARAMS ||",
    replace: "return code !== 0 ||",
  },
  {
    name: "a TTL counts for half",
    file: "engine/schedule.ts",
    find: "(record.acceptedAt ?? record.createdAt) + ttl",
    replace: "(record.acceptedAt ?? record.createdAt) + ttl / 2 - 60_000",
  },
  {
    name: "a TTL that has passed ends a task that the server still answers for",
    file: "engine/poll.ts",
    find: "  const { status, statusMessage } = reading.snapshot;",
    replace:
      "  if (now >= deadline(state.record)) return gone(state, { kind: 'network', message: '' }, now);\n  const { status, statusMessage } = reading.snapshot;",
  },
  {
    name: "a reply with an earlier stamp than the one before is ignored",
    file: "engine/poll.ts",
    find: "if (state.overtaken && isOutdated(",
    replace: "if (isOutdated(",
  },
  {
    name: "a createdAt that moves with each reply is taken for another task's",
    file: "engine/reused-id.ts",
    find: "return { createdAt, since: now, moves: true };",
    replace: "return before;",
  },
  {
    name: "a leader that does not act is not replaced",
    file: "engine/ownership.ts",
    find: "unanswered:  [steal,   steal,    steal,",
    replace: "unanswered:  [steal,   stay,     stay,",
  },
  {
    name: "a silent leader is not replaced",
    file: "engine/ownership.ts",
    find: "silent:      [stay,    stay,     steal,",
    replace: "silent:      [stay,    stay,     follow,",
  },
  {
    name: "inbox: every acknowledgement resolves with true",
    file: "inbox/delivery-note.ts",
    find: "return mark?.by === by ? note : undefined;",
    replace: "return note;",
    inbox: true,
  },
  {
    name: "inbox: a lease is taken for an acknowledgement",
    file: "inbox/delivery-note.ts",
    find: "return mark !== undefined && !mark.lease;",
    replace: "return mark !== undefined;",
    inbox: true,
  },
  {
    name: "inbox: a lease hides nothing",
    file: "inbox/delivery-note.ts",
    find: "return mark?.lease !== undefined && mark.lease[0] <= now",
    replace: "return now < 0 && mark?.lease !== undefined && mark.lease[0] <= now",
    inbox: true,
  },
  {
    name: "inbox: a lease does not end",
    file: "inbox/delivery-note.ts",
    find: " && now < mark.lease[1]",
    replace: "",
    inbox: true,
  },
  {
    name: "inbox: an acknowledgement is not stored",
    file: "inbox/local-inbox.ts",
    find: "return next ?? note;",
    replace: "return note;",
    inbox: true,
  },
  {
    name: "inbox: a mark replaces all other marks of its addressee",
    file: "inbox/delivery-note.ts",
    find: "to !== mark.to || key !== mark.key",
    replace: "to !== mark.to",
    inbox: true,
  },
  {
    name: "inbox: a plain call with an addressee is not kept",
    file: "engine/record.ts",
    find: "if (addressees) return false;",
    replace: "",
    inbox: true,
  },
  {
    name: "pairs: a lost call takes whatever job the list shows",
    file: "pairs/readings.ts",
    find: "if (!fits) return [];",
    replace: "",
    paired: true,
  },
  {
    name: "pairs: a job that its server does not know is asked after for ever",
    file: "pairs/pair-connector.ts",
    find: "if (deniesJob(text) && status !== undefined)",
    replace: "if (text === undefined)",
    paired: true,
  },
  {
    name: "pairs: a job that failed has no end",
    file: "pairs/readings.ts",
    find: 'const failed = status === "failed";',
    replace: "const failed = false;",
    paired: true,
  },
  {
    name: "pairs: requests about a pair's task wait until the server speaks its protocol",
    file: "channel/endpoint.ts",
    find: " && of !== connector.overlay?.generation",
    replace: "",
    paired: true,
  },
  {
    name: "keys: a call that is made again has another key",
    file: "protocol/call-params.ts",
    find: "[idempotency.name]: idempotency.value",
    replace: "[idempotency.name]: String(Math.random())",
    keyed: true,
  },
  {
    name: "streams: a call whose response stream can be resumed is lost with its page",
    file: "engine/plan.ts",
    find: "!state.mayCall && !stream && isLost",
    replace: "!state.mayCall && isLost",
    http: true,
  },
  {
    name: "streams: the call is sent again where its response stream was to be resumed",
    file: "runtime/task-requests.ts",
    find: "resume: record.stream,",
    replace: "resume: undefined,",
    http: true,
  },
  {
    name: "streams: a network that is away counts as a forgotten stream",
    file: "engine/response-stream.ts",
    find: "return !failure.forgotten;",
    replace: "return false;",
    http: true,
  },
];
