import { describe, expect, it } from "vitest";
import { checkedAddressees } from "../../../src/engine/addressees.ts";
import {
  acknowledged,
  type DeliveryNote,
  leased,
  readNote,
  undelivered,
  withAddressee,
} from "../../../src/inbox/delivery-note.ts";
import { MAX_QUESTIONS } from "../../../src/protocol/bounds.ts";

const NOTHING: DeliveryNote = { id: "a", addressees: [], marks: [] };
const END = { to: "chat" };
const ENDED = { addressees: ["chat"], inputRequests: [], outcome: { kind: "lost", detail: "?" } } as const;
const QUESTION = { method: "roots/list", params: {} };
const ASKING = {
  addressees: ["chat"],
  inputRequests: [
    { key: "a", ...QUESTION },
    { key: "b", ...QUESTION },
  ],
};

function kept(note: DeliveryNote | undefined): DeliveryNote {
  if (!note) throw new Error("The change was refused");
  return JSON.parse(JSON.stringify(note)) as DeliveryNote;
}

describe("undelivered", () => {
  it("follows from the outcome, and from each open question", () => {
    expect(undelivered(ENDED, NOTHING, "chat")).toEqual([END]);
    expect(undelivered(ASKING, NOTHING, "chat")).toEqual([
      { to: "chat", key: "a" },
      { to: "chat", key: "b" },
    ]);
    expect(undelivered({ ...ASKING, inputRequests: [] }, NOTHING, "chat")).toEqual([]);
  });

  it("names only addressees of the call, and those that were added later", () => {
    expect(undelivered(ENDED, NOTHING, "phone")).toEqual([]);
    expect(undelivered(ENDED, withAddressee(NOTHING, "phone"), "phone")).toEqual([{ to: "phone" }]);
    expect(undelivered({ ...ENDED, addressees: [] }, NOTHING, "chat")).toEqual([]);
  });

  it("leaves out what this addressee acknowledged, and nothing else", () => {
    const note = kept(acknowledged(NOTHING, { to: "chat", key: "a" }, "r"));
    expect(undelivered(ASKING, note, "chat")).toEqual([{ to: "chat", key: "b" }]);
    expect(undelivered(ENDED, note, "chat")).toEqual([END]);
    const both = { ...ENDED, addressees: ["chat", "phone"] };
    const ended = kept(acknowledged(note, END, "r"));
    expect(undelivered(both, ended, "chat")).toEqual([]);
    expect(undelivered(both, ended, "phone")).toEqual([{ to: "phone" }]);
  });
});

describe("acknowledged", () => {
  it("accepts the first receipt, again and again, and refuses every other", () => {
    const note = kept(acknowledged(NOTHING, END, "first"));
    expect(acknowledged(note, END, "first")).toEqual(note);
    expect(acknowledged(note, END, "second")).toBeUndefined();
  });

  it("accepts a receipt whose lease has ended, also while another one lasts", () => {
    const mine = kept(leased(NOTHING, END, "mine", 0, 10));
    const theirs = kept(leased(mine, END, "theirs", 10, 10));
    expect(acknowledged(theirs, END, "theirs")).toBeDefined();
    const note = kept(acknowledged(theirs, END, "mine"));
    expect(acknowledged(note, END, "theirs")).toBeUndefined();
  });

  it("keeps the marks of questions when the end is acknowledged: an old receipt may still come", () => {
    const question = { to: "chat", key: "a" };
    const note = kept(acknowledged(kept(acknowledged(NOTHING, question, "r")), END, "r"));
    expect(acknowledged(note, question, "late")).toBeUndefined();
    expect(acknowledged(note, question, "r")).toBeDefined();
  });
});

describe("leased", () => {
  it("refuses another receipt until the lease ends, and not its own", () => {
    const note = kept(leased(NOTHING, END, "one", 1_000, 500));
    expect(leased(note, END, "two", 1_499, 500)).toBeUndefined();
    expect(leased(note, END, "one", 1_499, 500)).toBeDefined();
    expect(leased(note, END, "two", 1_500, 500)).toBeDefined();
  });

  it("of the end also refuses the task's questions to others, and not to its own receipt or to another addressee", () => {
    const question = { to: "chat", key: "a" };
    const note = kept(leased(NOTHING, END, "one", 1_000, 500));
    expect(leased(note, question, "two", 1_499, 500)).toBeUndefined();
    expect(leased(note, question, "two", 1_500, 500)).toBeDefined();
    expect(leased(note, question, "one", 1_499, 500)).toBeDefined();
    expect(leased(note, { to: "phone", key: "a" }, "two", 1_499, 500)).toBeDefined();
  });

  it("of a question leaves the end and the other questions to others", () => {
    const note = kept(leased(NOTHING, { to: "chat", key: "a" }, "one", 1_000, 500));
    expect(leased(note, END, "two", 1_000, 500)).toBeDefined();
    expect(leased(note, { to: "chat", key: "b" }, "two", 1_000, 500)).toBeDefined();
  });

  it("refuses an acknowledged item, also to the receipt that acknowledged it", () => {
    const note = kept(acknowledged(NOTHING, END, "one"));
    expect(leased(note, END, "one", 0, 1)).toBeUndefined();
  });

  it("does not last longer because the clock was set back", () => {
    const note = kept(leased(NOTHING, END, "one", 1_000, 500));
    expect(leased(note, END, "two", 10, 500)).toBeDefined();
  });
});

describe("bounds", () => {
  it("addressees are 16 at most, each once, of 1 to 256 characters", () => {
    const names = Array.from({ length: 16 }, (_, index) => `chat-${index}`);
    expect(checkedAddressees([...names, "chat-0"])).toEqual(names);
    expect(() => checkedAddressees([...names, "one more"])).toThrow(TypeError);
    expect(() => checkedAddressees([""])).toThrow(TypeError);
    expect(() => checkedAddressees(["x".repeat(257)])).toThrow(TypeError);
    expect(() => checkedAddressees([7 as unknown as string])).toThrow(TypeError);
    expect(() => withAddressee({ ...NOTHING, addressees: names }, "one more")).toThrow(TypeError);
  });

  it("a note does not outgrow its bound, and keeps the latest marks", () => {
    let note = NOTHING;
    for (let count = 0; count < 200; count++)
      note = kept(acknowledged(note, { to: "chat", key: `${count}`.padEnd(2_000) }, "r"));
    expect(JSON.stringify(note.marks).length).toBeLessThanOrEqual(MAX_QUESTIONS);
    expect(note.marks.length).toBeGreaterThan(100);
    expect(note.marks.at(-1)?.key?.trim()).toBe("199");
  });

  it.each([undefined, null, 7, "x", [], { marks: 1, addressees: {} }])(
    "a damaged note %j reads as an empty one",
    (stored) => expect(readNote(stored, "a")).toEqual(NOTHING),
  );
});
