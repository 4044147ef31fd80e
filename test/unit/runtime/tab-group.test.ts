import { describe, expect, it } from "vitest";
import type { Ownership, TaskAction } from "../../../src/runtime/ownership.ts";
import { createTabGroup } from "../../../src/runtime/tab-group.ts";
import type { TabPlatform } from "../../../src/runtime/tab-platform.ts";
import { type TaskView, viewOf } from "../../../src/task-view.ts";
import { FakeBrowser, type FakeTab } from "../../fixtures/fake-browser.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { runningRecord, T0 } from "../../fixtures/records.ts";

interface Member {
  readonly group: Ownership;
  readonly tab: FakeTab;
  /** `elected`, `steppedDown` and `awake`, as they came. */
  readonly news: string[];
  readonly published: TaskView[];
  /** Views that a leader published after it was replaced. */
  readonly outdated: TaskView[];
  readonly adopted: string[];
  readonly acts: TaskAction[];
  /** What it says when it is asked to act. */
  taken: boolean;
  /** Whether it holds an unfinished task. */
  awaits: boolean;
}

/** The tab, which learns of the theft of a lock only once `news` resolves. */
function withLateThefts(news: Promise<void>, tab: FakeTab): TabPlatform {
  return {
    locks: {
      request: (name, options, callback) =>
        tab.locks.request(name, options, callback).catch(async (error: unknown) => {
          await news;
          throw error;
        }),
    },
    openChannel: (name) => tab.openChannel(name),
    visible: () => tab.visible(),
    onVisible: (callback) => tab.onVisible(callback),
  };
}

class Group {
  readonly browser = new FakeBrowser();
  readonly clock = new FakeClock(T0);
  /** What a new leader waits for before it leads. */
  resuming: Promise<void> = Promise.resolve();

  member(scope = "app", tab: FakeTab = this.browser.openTab(), platform: TabPlatform = tab): Member {
    const news: string[] = [];
    const published: TaskView[] = [];
    const outdated: TaskView[] = [];
    const adopted: string[] = [];
    const acts: TaskAction[] = [];
    const group = createTabGroup(platform, this.clock, scope, {
      elected: () => {
        news.push("elected");
        return this.resuming;
      },
      steppedDown: () => news.push("steppedDown"),
      awake: () => news.push("awake"),
      published: (view) => published.push(view),
      outdated: (view) => outdated.push(view),
      forgot: (id) => news.push(`forgot ${id}`),
      adopt: ({ id }) => adopted.push(id),
      runs: () => false,
      awaits: () => member.awaits,
      passOn: () => false,
      followCall: () => undefined,
      resumeOrphan: async () => undefined,
      act: async (action) => {
        acts.push(action);
        return member.taken;
      },
    });
    const member: Member = {
      group,
      tab,
      news,
      published,
      outdated,
      adopted,
      acts,
      taken: true,
      awaits: true,
    };
    return member;
  }

  /** Members that have joined one after the other. */
  async joined(count: number): Promise<Member[]> {
    const members: Member[] = [];
    for (let index = 0; index < count; index++) {
      const member = this.member();
      await member.group.join();
      members.push(member);
    }
    return members;
  }

  /** The function returned says how often a tab has asked since whether the leader lives. */
  pings(): () => number {
    let count = 0;
    this.browser.openTab().openChannel("holdfast/app").onmessage = ({ data }) => {
      if ((data as { type: string }).type === "ping") count++;
    };
    return () => count;
  }

  async pair(): Promise<[leader: Member, follower: Member]> {
    const [leader, follower] = await this.joined(2);
    if (!leader || !leads(leader) || !follower || leads(follower)) throw new Error("The first must lead");
    return [leader, follower];
  }
}

function leads({ group }: Member): boolean {
  return group.leadership === "leading";
}

/** How often a tab came to lead, and ceased to. */
function elections({ news }: Member): readonly string[] {
  return news.filter((event) => event !== "awake");
}

const cancel: TaskAction = { type: "cancelled", id: "record-1" };

describe("leading", () => {
  it("falls to the first tab; the others follow, and their join resolves at once", async () => {
    const members = await new Group().joined(3);
    expect(members.map(leads)).toEqual([true, false, false]);
    expect(members.map(({ news }) => news)).toEqual([["elected"], [], []]);
  });

  it("begins once the tasks are resumed: until then the leader's join waits", async () => {
    const group = new Group();
    let haveResumed = (): void => undefined;
    group.resuming = new Promise((resolve) => {
      haveResumed = resolve;
    });
    const { group: tabs } = group.member();
    let joined = false;
    const joining = tabs.join().then(() => {
      joined = true;
    });
    await settled();
    expect([tabs.leadership === "leading", joined]).toEqual([true, false]);
    haveResumed();
    await joining;
  });

  it("passes to the next in the queue when the leader closes", async () => {
    const [first, second, third] = (await new Group().joined(3)) as [Member, Member, Member];
    first.group.close();
    await settled();
    expect([leads(second), leads(third)]).toEqual([true, false]);
    second.group.close();
    await settled();
    expect(leads(third)).toBe(true);
    expect([first, second, third].map(elections)).toEqual([["elected"], ["elected"], ["elected"]]);
  });

  it("passes on when the leader is killed, with no time passing", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    leader.tab.kill();
    await settled();
    expect(leads(follower)).toBe(true);
    expect(group.clock.now()).toBe(T0);
  });

  it("does not come to a tab that closed while it waited", async () => {
    const [first, second, third] = (await new Group().joined(3)) as [Member, Member, Member];
    second.group.close();
    first.group.close();
    await settled();
    expect([leads(second), leads(third)]).toEqual([false, true]);
    expect(second.news).toEqual([]);
  });

  it("is of one scope: each endpoint has a leader of its own", async () => {
    const group = new Group();
    const [one, two] = [group.browser.openTab(), group.browser.openTab()];
    const [oneA, twoA, twoB, oneB] = [
      group.member("app/a", one),
      group.member("app/a", two),
      group.member("app/b", two),
      group.member("app/b", one),
    ];
    for (const member of [oneA, twoA, twoB, oneB]) await member.group.join();
    expect([oneA, twoA].map(leads)).toEqual([true, false]);
    expect([oneB, twoB].map(leads)).toEqual([false, true]);
    await oneB.group.ask(cancel);
    expect([oneA, twoA, twoB, oneB].map(({ acts }) => acts.length)).toEqual([0, 0, 1, 0]);
  });
});

describe("asking", () => {
  it.each([true, false])("is answered by the leader: %j", async (taken) => {
    const [leader, follower] = await new Group().pair();
    leader.taken = taken;
    expect(await follower.group.ask(cancel)).toBe(taken);
    expect([leader.acts, follower.acts]).toEqual([[cancel], []]);
    expect(leads(leader)).toBe(true);
  });

  it("oneself is acting oneself", async () => {
    const [leader, follower] = await new Group().pair();
    expect(await leader.group.ask(cancel)).toBe(true);
    expect([leader.acts, follower.acts]).toEqual([[cancel], []]);
  });

  it("waits for a leader that is still resuming tasks", async () => {
    const group = new Group();
    const [leader, heir, third] = (await group.joined(3)) as [Member, Member, Member];
    let haveResumed = (): void => undefined;
    group.resuming = new Promise((resolve) => {
      haveResumed = resolve;
    });
    leader.group.close();
    await settled();
    const asking = third.group.ask(cancel);
    await settled();
    expect([leads(heir), heir.acts]).toEqual([true, []]);
    haveResumed();
    expect(await asking).toBe(true);
    expect([heir.acts, third.acts]).toEqual([[cancel], []]);
  });

  it("a leader that stays silent is to replace it within a second, and to act", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    leader.tab.freeze();
    const asking = follower.group.ask(cancel);
    await group.clock.advance(1_000);
    expect(await asking).toBe(true);
    expect([leads(leader), leads(follower)]).toEqual([false, true]);
    expect([leader.acts, follower.acts]).toEqual([[], [cancel]]);
    leader.tab.thaw();
    await settled();
    expect(leader.acts, "a leader that was replaced does not act on what it missed").toEqual([]);
  });

  it("twice of a silent leader takes the lead once", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    leader.tab.freeze();
    const asking = [follower.group.ask(cancel), follower.group.ask(cancel)];
    await group.clock.advance(1_000);
    expect(await Promise.all(asking)).toEqual([true, true]);
    expect(elections(follower)).toEqual(["elected"]);
  });

  it("is not done by a later leader that receives it after the one before refused it", async () => {
    const group = new Group();
    const [leader, heir, third] = (await group.joined(3)) as [Member, Member, Member];
    heir.tab.freeze();
    leader.taken = false;
    expect(await third.group.ask(cancel)).toBe(false);
    await group.clock.advance(1);
    leader.group.close();
    await settled();
    heir.tab.thaw();
    await settled();
    expect([leads(heir), leader.acts, heir.acts]).toEqual([true, [cancel], []]);
  });

  it("is asked again at once where a leader of a later epoch has received it", async () => {
    const group = new Group();
    const [leader, heir, third] = (await group.joined(3)) as [Member, Member, Member];
    leader.tab.freeze();
    heir.tab.freeze();
    const asking = third.group.ask(cancel);
    await group.clock.advance(1);
    leader.tab.kill();
    await settled();
    heir.tab.thaw();
    await settled();
    expect([await asking, leads(heir), heir.acts]).toEqual([true, true, [cancel]]);
    expect(group.clock.now(), "no leader was given up").toBe(T0 + 1);
  });

  it("is nobody's to answer once the tab has closed, and does not act", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    leader.tab.freeze();
    const asking = follower.group.ask(cancel);
    follower.group.close();
    await group.clock.advance(1_000);
    expect(await asking).toBe(false);
    expect(follower.acts).toEqual([]);
  });
});

describe("a leader that serves nobody", () => {
  it.each<[string, (leader: Member) => void]>([
    ["is hidden", ({ tab }) => tab.hide()],
    ["is frozen", ({ tab }) => tab.freeze()],
  ])("because it %s gives way to a visible tab within three seconds", async (_why, fail) => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    fail(leader);
    await group.clock.advance(3_000);
    expect(group.browser.holder("holdfast/app/leader")).toBe(follower.tab);
    expect(elections(follower)).toEqual(["elected"]);
    expect(elections(leader), "and the old leader knows it").toEqual(["elected", "steppedDown"]);
  });

  it("gives way within 13 seconds to a visible tab that holds no unfinished task, which asks every 10 seconds", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    follower.awaits = false;
    const pings = group.pings();
    await group.clock.advance(60_000);
    expect(pings()).toBe(6);
    leader.tab.hide();
    await group.clock.advance(13_000);
    expect([leads(follower), elections(follower)]).toEqual([true, ["elected"]]);
  });

  it("is asked anew every 2 seconds by one of three tabs that hold unfinished tasks", async () => {
    const group = new Group();
    await group.pair();
    const pings = group.pings();
    await group.clock.advance(1_000);
    await group.joined(1);
    await group.clock.advance(20_000);
    expect(pings()).toBe(10);
  });

  it("gives way at once when another tab becomes visible", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    follower.tab.hide();
    leader.tab.hide();
    follower.tab.show();
    await settled();
    expect([leads(leader), leads(follower)]).toEqual([false, true]);
    expect(group.clock.now()).toBe(T0);
  });

  it("goes on leading while no tab is visible", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    leader.tab.hide();
    follower.tab.hide();
    await group.clock.advance(60_000);
    expect([leads(leader), leads(follower)]).toEqual([true, false]);
  });

  it("is watched by a timer of each visible follower, and of no other tab", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    await group.clock.advance(11_000);
    expect(group.clock.pending, "the follower").toBe(1);
    follower.tab.hide();
    await group.clock.advance(11_000);
    expect(group.clock.pending, "nobody").toBe(0);
    leader.tab.hide();
    follower.tab.show();
    await settled();
    await group.clock.advance(11_000);
    leader.tab.show();
    await settled();
    await group.clock.advance(11_000);
    expect([leads(leader), leads(follower)]).toEqual([false, true]);
    expect(group.clock.pending, "the leader that was replaced").toBe(1);
  });

  it("that leads again before it learns that its lock was stolen goes on leading when it learns of the theft", async () => {
    const group = new Group();
    const [first] = (await group.joined(1)) as [Member];
    const tab = group.browser.openTab();
    let reportTheft = (): void => undefined;
    const news = new Promise<void>((resolve) => {
      reportTheft = resolve;
    });
    const late = group.member("app", tab, withLateThefts(news, tab));
    await late.group.join();
    first.tab.hide();
    await group.clock.advance(3_000);
    expect(group.browser.holder("holdfast/app/leader")).toBe(tab);
    tab.hide();
    first.tab.show();
    await settled();
    expect(group.browser.holder("holdfast/app/leader"), "stolen from it").toBe(first.tab);
    first.tab.kill();
    await settled();
    expect(group.browser.holder("holdfast/app/leader"), "its turn in the queue").toBe(tab);
    reportTheft();
    await settled();
    expect(leads(late)).toBe(true);
    // It stepped down when the thief declared its epoch.
    expect(elections(late)).toEqual(["elected", "steppedDown", "elected"]);
  });

  it("leads again when it is the last", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    leader.tab.hide();
    await group.clock.advance(3_000);
    follower.group.close();
    await settled();
    expect(leads(leader)).toBe(true);
    expect(elections(leader)).toEqual(["elected", "steppedDown", "elected"]);
  });
});

it("a leader that is visible and awake is left in peace", async () => {
  const group = new Group();
  const members = await group.joined(3);
  await group.clock.advance(60_000);
  expect(members.map(({ news }) => news)).toEqual([["elected"], [], []]);
});

it("a tab that becomes visible reads what it missed, leader or not", async () => {
  const members = await new Group().pair();
  for (const { tab } of members) {
    tab.hide();
    tab.show();
  }
  expect(members.map(({ news }) => news)).toEqual([["elected", "awake"], ["awake"]]);
});

it("those who follow read what they missed once a new leader has read: what it saw settled, they see", async () => {
  const group = new Group();
  const [first, second, third] = (await group.joined(3)) as [Member, Member, Member];
  let haveResumed = (): void => undefined;
  group.resuming = new Promise((resolve) => {
    haveResumed = resolve;
  });
  first.tab.kill();
  await settled();
  expect([second.news, third.news]).toEqual([["elected"], []]);
  haveResumed();
  await settled();
  expect([second.news, third.news]).toEqual([["elected"], ["awake"]]);
});

describe("publishing a view", () => {
  const view = viewOf(runningRecord(), { progress: { progress: 1 } });

  it("reaches all the others, as copies, and not oneself", async () => {
    const group = new Group();
    const [one, two, three] = (await group.joined(3)) as [Member, Member, Member];
    const stranger = group.member("another app");
    await stranger.group.join();
    two.group.publish(view, false);
    await settled();
    expect([one.published, two.published, three.published]).toEqual([[view], [], [view]]);
    expect(one.published[0]).not.toBe(view);
    expect(stranger.published).toEqual([]);
  });

  it("and handing over is for the leader alone", async () => {
    const members = (await new Group().joined(3)) as [Member, Member, Member];
    members[1].group.handOver(runningRecord({ id: "mine" }));
    await settled();
    expect(members.map(({ adopted }) => adopted)).toEqual([["mine"], [], []]);
  });

  it("ends with closing, and so does watching", async () => {
    const group = new Group();
    const [leader, follower] = await group.pair();
    follower.group.close();
    follower.group.publish(view, false);
    leader.group.publish(view, false);
    follower.tab.show();
    leader.tab.freeze();
    await group.clock.advance(60_000);
    expect([leader.published, follower.published, follower.news]).toEqual([[], [], []]);
    expect(group.clock.pending, "nobody watches").toBe(0);
  });
});

it("exclusive work of one name is done by one tab after the other, of two names at once", async () => {
  const [one, two] = await new Group().pair();
  const running: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => (): Promise<string> => {
    running.push(name);
    return new Promise((resolve) => ends.push(() => resolve(name)));
  };
  const first = one.group.exclusively("session", work("one"));
  const second = two.group.exclusively("session", work("two"));
  const other = two.group.exclusively("call/1", work("other"));
  await settled();
  expect(running).toEqual(["one", "other"]);
  ends[0]?.();
  expect(await first).toBe("one");
  await settled();
  expect(running).toEqual(["one", "other", "two"]);
  for (const end of ends) end();
  expect(await Promise.all([second, other])).toEqual(["two", "other"]);
});

describe("a leader that was replaced and does not know it", () => {
  const view = viewOf(runningRecord());
  const never = new Promise<void>(() => undefined);

  /** The first leads; the second has taken the lead from it, and the browser does not notify the first. */
  async function robbed(group: Group): Promise<[robbed: Member, leader: Member, third: Member]> {
    const tab = group.browser.openTab();
    const first = group.member("app", tab, withLateThefts(never, tab));
    await first.group.join();
    const others = (await group.joined(2)) as [Member, Member];
    first.tab.freeze();
    await group.clock.advance(3_000);
    const [leader, third] = leads(others[0]) ? others : [others[1], others[0]];
    expect([leads(first), leads(leader), leads(third)]).toEqual([true, true, false]);
    return [first, leader, third];
  }

  it("steps down when it learns that another tab was elected, before the browser reports the theft", async () => {
    const group = new Group();
    const [first, leader] = await robbed(group);
    first.tab.thaw();
    await settled();
    expect([leads(first), leads(leader)]).toEqual([false, true]);
    expect(elections(first)).toEqual(["elected", "steppedDown"]);
  });

  it("publishes a view that the others do not apply, but compare with the store", async () => {
    const group = new Group();
    const [first, leader, third] = await robbed(group);
    first.group.publish(view, false);
    await settled();
    expect([leader.published, third.published]).toEqual([[], []]);
    expect([leader.outdated, third.outdated]).toEqual([[view], [view]]);
  });

  it("publishes a call that it makes itself as before: it needs no lead for that", async () => {
    const group = new Group();
    const [first, leader] = await robbed(group);
    await first.group.calls.hold(view.id);
    first.group.publish(view, false);
    await settled();
    expect([leader.published, leader.outdated]).toEqual([[view], []]);
  });

  it("learns of its successor from what a third tab asks, and does not act on it", async () => {
    const group = new Group();
    const [first, leader, third] = await robbed(group);
    // It has not received any of the messages that it missed.
    first.tab.freeze();
    const asking = third.group.ask(cancel);
    await settled();
    expect(await asking).toBe(true);
    first.tab.thaw();
    await settled();
    expect([first.acts, leader.acts]).toEqual([[], [cancel]]);
  });

  it("leads no longer in the epochs of a clock that was set back: who knows a later epoch says so", async () => {
    const group = new Group();
    const [first] = (await group.joined(1)) as [Member];
    const follower = group.member();
    await follower.group.join();
    // A tab that has received nothing yet, with a clock that is an hour behind.
    first.group.publish(view, false);
    await settled();
    first.tab.kill();
    await settled();
    expect(leads(follower)).toBe(true);
    await group.clock.advance(-3_600_000);
    const late = group.member();
    await late.group.join();
    follower.tab.hide();
    await group.clock.advance(3_000);
    await settled();
    expect([leads(follower), leads(late)]).toEqual([false, true]);
    late.group.publish(view, false);
    await settled();
    expect(follower.published.at(-1), "its word counts").toEqual(view);
    expect(follower.outdated).toEqual([]);
  });
});
