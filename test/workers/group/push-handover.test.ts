import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { describe, expect, it } from "vitest";
import type { PushDemand, TaskNotice } from "../../../worker/directory/principal-directory-rpc.ts";
import { PushHandover } from "../../../worker/group/push-handover.ts";

const RUNNING: TaskView = {
  ...{ id: "papers.0.1", endpoint: "papers", generation: "2026-07-28", tool: "acquire_paper", taskId: "t" },
  ...{ arguments: { doi: "10.1/secret" }, status: "working", rev: 1, createdAt: 1_000 },
  ...{ inputRequests: [], cancelling: false },
};
const DONE: TaskView = {
  ...RUNNING,
  status: "completed",
  settledAt: 2_000,
  outcome: { kind: "completed", result: { content: [{ type: "text", text: "The heart of it" }] } },
};

function asking(...keys: string[]): TaskView {
  const inputRequests = keys.map((key) => ({
    ...{ key, method: "elicitation/create" },
    params: { message: `Which edition (${key})?` },
  }));
  return { ...RUNNING, status: "input_required", inputRequests };
}

/** A group's storage, its tasks as they are now, and what the directory has received. */
class Lab {
  readonly tasks = new Map<string, TaskView>();
  readonly handed: TaskNotice[] = [];
  demand: PushDemand = "names";
  push = async (notices: readonly TaskNotice[]): Promise<PushDemand> => {
    this.handed.push(...notices);
    return this.demand;
  };
  whole = 0;
  readonly storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
  }

  /** Loaded anew: it has what is stored. */
  handover(): PushHandover {
    return new PushHandover(this.storage, {
      task: async (id, whole) => {
        if (whole) this.whole += 1;
        return this.tasks.get(id);
      },
      push: (notices) => this.push(notices),
    });
  }

  change(handover: PushHandover, task: TaskView): boolean {
    this.tasks.set(task.id, task);
    return handover.changed(task, Date.now());
  }

  rows(): number {
    const [table] = this.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE name = 'push_notice'")
      .toArray();
    return table ? this.storage.sql.exec("SELECT * FROM push_notice").toArray().length : 0;
  }
}

function inLab(work: (lab: Lab) => Promise<void>): Promise<void> {
  const group = env.TASK_GROUP.getByName(crypto.randomUUID());
  return runInDurableObject(group, (_, { storage }) => work(new Lab(storage)));
}

describe("PushHandover", () => {
  it("hands an end over once, without a detail that nobody asked for, and stores nothing afterwards", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("names");
      expect([lab.change(handover, RUNNING), lab.change(handover, DONE)]).toEqual([false, true]);
      // The object was evicted in between.
      const later = lab.handover();
      expect(later.nextDue()).toBeLessThanOrEqual(Date.now());
      await later.deliver(Date.now());
      await later.deliver(Date.now());
      expect(lab.handed).toMatchObject([{ task: DONE.id, tool: "acquire_paper", kind: "completed" }]);
      expect(JSON.stringify(lab.handed)).not.toContain("10.1/secret");
      expect([lab.rows(), later.nextDue(), lab.whole]).toEqual([0, Number.POSITIVE_INFINITY, 0]);
    }));

  it("hands each question over once, also when other things change, and one that is asked again", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("details");
      const news = [
        asking("a"),
        asking("a"),
        asking("a", "b"),
        asking("b"),
        asking("b"),
        RUNNING,
        asking("b"),
      ];
      const noticed: boolean[] = [];
      for (const task of news) {
        noticed.push(lab.change(handover, task));
        await handover.deliver(Date.now());
      }
      expect(noticed).toEqual([true, false, true, false, false, false, true]);
      expect(lab.handed.map(({ kind, detail }) => [kind, detail])).toEqual([
        ["input_required", "Which edition (a)?"],
        ["input_required", "Which edition (a)?"],
        ["input_required", "Which edition (b)?"],
      ]);
      lab.change(handover, DONE);
      await handover.deliver(Date.now());
      expect(lab.handed.at(-1)).toMatchObject({ kind: "completed", detail: "The heart of it" });
      expect(lab.rows()).toBe(0);
    }));

  it("hands over no question that was answered meanwhile", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("names");
      lab.change(handover, asking("a"));
      lab.change(handover, RUNNING);
      await handover.deliver(Date.now());
      expect([lab.handed, lab.rows()]).toEqual([[], 0]);
      expect(lab.change(handover, asking("a")), "it is asked again").toBe(true);
    }));

  it("tries again when the directory cannot be reached", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("names");
      const { push } = lab;
      lab.push = () => Promise.reject(new Error("The object is overloaded"));
      lab.change(handover, DONE);
      const now = Date.now();
      await handover.deliver(now);
      expect(handover.nextDue()).toBeGreaterThanOrEqual(now + 5_000);
      lab.push = push;
      const later = lab.handover();
      await later.deliver(later.nextDue());
      expect(lab.handed).toHaveLength(1);
    }));

  it("keeps what happens while it hands over", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("names");
      const { push } = lab;
      lab.push = (notices) => {
        lab.push = push;
        lab.change(handover, DONE);
        return push(notices);
      };
      lab.change(handover, asking("a"));
      await handover.deliver(Date.now());
      await handover.deliver(Date.now());
      expect(lab.handed.map(({ kind }) => kind)).toEqual(["input_required", "completed"]);
    }));

  it("stores nothing while nobody has subscribed, and a new group asks once", () =>
    inLab(async (lab) => {
      lab.demand = "none";
      const handover = lab.handover();
      expect(lab.change(handover, DONE), "nobody has said yet what is demanded").toBe(true);
      await handover.deliver(Date.now());
      const later = lab.handover();
      expect(lab.change(later, { ...DONE, id: "papers.0.2" })).toBe(false);
      expect([lab.rows(), later.nextDue()]).toEqual([0, Number.POSITIVE_INFINITY]);
      later.demanded("names");
      expect(lab.change(later, { ...DONE, id: "papers.0.3" })).toBe(true);
    }));

  it("takes an answer for out of date that a subscription has overtaken", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      lab.push = async () => {
        handover.demanded("details");
        return "none";
      };
      lab.change(handover, DONE);
      await handover.deliver(Date.now());
      expect(lab.change(handover, { ...DONE, id: "papers.0.2" })).toBe(true);
    }));

  it.each([
    ["a task", DONE, true],
    ["a short plain call", { ...DONE, taskId: undefined }, false],
    ["a plain call of a minute", { ...DONE, taskId: undefined, settledAt: 61_000 }, true],
    ["a plain call with an addressee", { ...DONE, taskId: undefined, addressees: ["phone"] }, true],
    ["a plain call that is being made", { ...RUNNING, taskId: undefined }, false],
  ])("is about ends that somebody may miss: %s", (_name, { taskId, ...view }, expected) =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("names");
      expect(lab.change(handover, { ...view, ...(taskId !== undefined && { taskId }) })).toBe(expected);
    }),
  );

  it("forgets a task that was deleted", () =>
    inLab(async (lab) => {
      const handover = lab.handover();
      handover.demanded("names");
      lab.change(handover, DONE);
      lab.tasks.clear();
      handover.forget(DONE.id);
      expect([lab.rows(), handover.nextDue()]).toEqual([0, Number.POSITIVE_INFINITY]);
    }));
});
