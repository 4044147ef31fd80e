import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, textOf } from "../examples/documents.ts";
import { MESSAGES } from "./model-messages.ts";

const ROW = /^\| `([\w.-]+)` \| (.+) \| (.+) \|$/gm;
const rows = [...textOf("docs/model-messages.md").matchAll(ROW)].map(
  ([, name = "", text = "", when = ""]) => ({
    name,
    text: text.replaceAll("\\|", "|").replaceAll("⏎", "\n"),
    when,
  }),
);
const messages = Object.values(MESSAGES).flatMap((texts) => [...texts]);

describe("docs/model-messages.md", () => {
  it("has every text that a model can be sent, as the code has it", () => {
    expect(messages.length).toBeGreaterThan(100);
    const listed = new Map(rows.map(({ name, text }) => [name, text]));
    const other = messages.filter(([name, text]) => listed.get(name) !== text.trim());
    expect(other).toEqual([]);
  });

  it("has no other text, each once, and says when it is sent", () => {
    const names = new Set(messages.map(([name]) => name));
    expect(rows.filter(({ name }) => !names.has(name))).toEqual([]);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(rows.filter(({ when }) => when.length < 10)).toEqual([]);
  });

  it("has texts of one or two sentences", () => {
    // The description of the `response` parameter lists an example of each form of an answer.
    const long = messages.filter(([name, text]) => sentencesIn(text) > 2 && name !== "RESPONSE_PARAMETER");
    expect(long).toEqual([]);
  });
});

describe("texts to a model", () => {
  /** A sentence in the code: a quoted text that begins with a capital and has several words. */
  const SENTENCE = /["`]([A-Z][a-z]+ [a-z]+ (?:[^"`\n]|\$\{[^}]*\})*)["`]/g;

  it("appear in src/agent only in the modules named messages.ts", () => {
    const found = globSync("src/agent/*.ts", { cwd: ROOT })
      .filter((path) => !path.endsWith("messages.ts"))
      .flatMap((path) =>
        [
          ...readFileSync(join(ROOT, path), "utf8")
            .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
            .matchAll(SENTENCE),
        ].map(([, text]) => `${path}: ${text}`),
      );
    // The reason of an abort, which never leaves the module.
    expect(found).toEqual(["src/agent/wait-within.ts: The budget is spent"]);
  });

  it("no RpcError of the gateway or the proxy has a text of its own, but for broken requests", () => {
    const found = globSync(["worker/gateway/**/*.ts", "proxy/{server,upstream}/*.ts", "front/**/*.ts"], {
      cwd: ROOT,
    })
      .filter((path) => !path.endsWith("messages.ts"))
      .flatMap((path) =>
        [
          ...readFileSync(join(ROOT, path), "utf8").matchAll(
            /(?:invalidParams\(|\bmessage: )(["`][^"`]+["`])/g,
          ),
        ].map(([, text = ""]) => text),
      );
    // Answers to requests that break JSON-RPC or HTTP: an agent's code sees them, no model does.
    expect(found.sort()).toEqual(BROKEN_REQUESTS);
  });
});

const BROKEN_REQUESTS: readonly string[] = [
  '"Batches are not taken"',
  '"No request id"',
  '"Parse error: the body is not JSON"',
  '"The cursor is not one of this server. List again without a cursor."',
  '"Unsupported protocol version"',
  '"inputResponses is required"',
  '"inputResponses is required"',
  `\`_meta lacks \${CLIENT_CAPABILITIES}\``,
];

function sentencesIn(text: string): number {
  return text
    .replace(/\{[^{}]*\}/g, "x")
    .split(/[.!?](?:\s|$)/)
    .filter((part) => part.trim() !== "").length;
}
