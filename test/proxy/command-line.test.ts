import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Command, readCommand } from "../../proxy/command-line/command.ts";
import { words } from "../../proxy/command-line/words.ts";
import { nameOfCommand } from "../../proxy/configuration/server-spec.ts";

function served(argv: readonly string[], env: Record<string, string> = {}): Command & { kind: "proxy" } {
  const command = readCommand(argv, env);
  if (command.kind !== "proxy") throw new Error(`Not proxy: ${command.kind}`);
  return command;
}

const variable = (name: string): string => `\${${name}}`;

describe("The arguments", () => {
  test("after -- are the server's command, whatever they look like", () => {
    const { configuration, options } = served([
      "--budget",
      "20",
      "--",
      "npx",
      "-y",
      "@scope/server-a@1.2",
      "--config",
      "tasks",
    ]);
    expect(configuration.servers).toEqual([
      {
        kind: "local",
        name: "server-a",
        command: "npx",
        args: ["-y", "@scope/server-a@1.2", "--config", "tasks"],
        env: {},
      },
    ]);
    expect(options).toEqual({ budgetMs: 20_000, verbose: false });
  });

  test("may be an address with headers, whose values may come from the environment", () => {
    const { configuration } = served(
      [
        "https://papers.example/mcp",
        "--header",
        `Authorization: Bearer ${variable("TOKEN")}`,
        "--header",
        "X-Team: blue",
      ],
      { TOKEN: "s3cret" },
    );
    expect(configuration.servers).toEqual([
      {
        kind: "remote",
        name: "papers.example",
        url: "https://papers.example/mcp",
        headers: { Authorization: "Bearer s3cret", "X-Team": "blue" },
      },
    ]);
  });

  test("take the name of an idempotency key for their server", () => {
    const { configuration } = served(["--idempotency-key", "com.example/key", "--", "x"]);
    expect(configuration.servers).toMatchObject([{ command: "x", idempotencyKey: "com.example/key" }]);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
    const file = join(folder, "mcp.json");
    writeFileSync(file, JSON.stringify({ mcpServers: { bank: { command: "x", idempotencyKey: true } } }));
    expect(served(["--config", file]).configuration.servers).toMatchObject([
      { idempotencyKey: "idempotencyKey" },
    ]);
    rmSync(folder, { recursive: true });
  });

  test("of a settings form may be one line, for a command or an address", () => {
    expect(
      served(["--target", 'node "/My Files/server.js" --root C:\\data']).configuration.servers,
    ).toMatchObject([{ command: "node", args: ["/My Files/server.js", "--root", "C:\\data"] }]);
    expect(served(["--target", "https://papers.example/mcp"]).configuration.servers).toMatchObject([
      { kind: "remote", url: "https://papers.example/mcp" },
    ]);
  });

  test.each([
    [[], /Nothing to run was given\n\nHoldfast: /],
    [["npx", "server"], /Unknown command "npx": there are serve.*write it after --/],
    [["--config", "/a.json", "--pairs", "/b.json"], /--pairs belongs to one server/],
    [["--config", "/a.json", "--idempotency-key", "k"], /--idempotency-key belongs to one server/],
    [
      ["--idempotency-key", "a key", "--", "x"],
      /idempotencyKey of the server must be true, or a key of _meta/,
    ],
    [["--pairs", "/no/such/pairs.json", "--", "x"], /\/no\/such\/pairs.json does not exist/],
    [["taks"], /there are serve, wrap, unwrap and tasks/],
    [["ftp://a.example/mcp"], /must begin with https:\/\/ or http:\/\//],
    [["--"], /Give one thing to run.*None was given/],
    [["--nonsense", "--", "x"], /Unknown option --nonsense/],
    [["https://a.example", "--", "x"], /Give one thing to run.*More than one was given/],
    [["https://user:pass@a.example/mcp"], /user name or password/],
    [["--header", "a: b", "--", "x"], /--header belongs to an address/],
    [["https://a.example", "--header", "no colon"], /must be given as "name: value"/],
    [["https://a.example", "--header", `a: ${variable("MISSING")}`], /MISSING is not set/],
    [["--budget", "soon", "--", "x"], /--budget must be a number/],
    [["--config", "/no/such/file.json"], /\/no\/such\/file.json does not exist/],
    [["tasks", "explode"], /Unknown command: tasks explode. There are list/],
    [["tasks", "answer", "id"], /needs a task, a key and the answer/],
    [["wrap"], /Give one agent/],
  ])("%j are refused with what is wrong", (argv, message) => {
    expect(() => readCommand(argv, {})).toThrow(message);
  });

  test.each([
    "--help",
    "-h",
    "--verbose --help",
    "--budget 5 -h",
    "wrap --help",
    "wrap cursor -h",
    "unwrap -h",
    "tasks --help",
    "tasks show --help",
    "tasks list -h",
  ])("ask for help wherever --help stands: %s", (line) => {
    expect(readCommand(words(line), {})).toEqual({ kind: "help" });
  });

  test("leave --help to the server's command and to an answer", () => {
    expect(served(["--", "x", "--help"]).configuration.servers).toMatchObject([{ args: ["--help"] }]);
    expect(readCommand(["tasks", "answer", "t", "-h", "{}"], {})).toMatchObject({ args: ["t", "-h", "{}"] });
  });

  test.each([
    ["--config a.json --config b.json", /More than one was given/],
    ["https://a.example/mcp https://b.example/mcp", /More than one was given/],
    ["--config a.json https://b.example/mcp", /More than one was given/],
    ["tasks --al", /Unknown option --al/],
    ["tasks list --jsn", /Unknown option --jsn/],
    ['tasks forget ""', /needs one task/],
    ['tasks cancel ""', /needs one task/],
    ['tasks answer "" key {}', /needs a task/],
    ["wrap cursor --only", /--only needs the names of servers/],
    ['wrap cursor --only ""', /--only needs the names of servers/],
    ["wrap cursor --only ,", /--only needs the names of servers/],
  ])("are refused where they would drop or pick something that was not meant: %s", (line, message) => {
    expect(() => readCommand(words(line), {})).toThrow(message);
  });

  test("of another account or folder are another configuration, and the same ones the same", () => {
    const key = (argv: readonly string[]): string => served(argv).configuration.key;
    expect(key(["--", "a", "b"])).toBe(key(["--budget", "3", "--", "a", "b"]));
    expect(key(["--", "a", "b"])).not.toBe(key(["--", "a", "c"]));
    const url = "https://a.example/mcp";
    expect(key([url, "--header", "authorization: x"])).not.toBe(key([url, "--header", "authorization: y"]));
  });
});

describe("A file for --config", () => {
  const read = (entry: object, env: Record<string, string> = {}): Command & { kind: "proxy" } => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
    try {
      const file = join(folder, "servers.json");
      writeFileSync(file, JSON.stringify({ mcpServers: { a: entry } }));
      return served(["--config", file], env);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test("may name variables with a default, as agents' files do, and leave an environment's value empty", () => {
    const args = [
      variable("SET:-x"),
      variable("UNSET:-some text"),
      variable("EMPTY:-y"),
      variable("UNSET:-"),
    ];
    const entry = { command: "c", args, env: { A: null, B: 1, C: variable("SET") } };
    const { configuration } = read(entry, { SET: "set", EMPTY: "" });
    expect(configuration.servers[0]).toMatchObject({
      args: ["set", "some text", "y", ""],
      env: { B: "1", C: "set" },
    });
  });

  test("is refused where a value of an environment or a header is no text", () => {
    expect(() => read({ command: "c", env: { A: { b: 1 } } })).toThrow(/The env of a must have a text for A/);
    expect(() => read({ url: "https://a.example", headers: { X: ["y"] } })).toThrow(
      /headers of a .* text for X/,
    );
  });
});

test.each([
  ["npx -y @scope/server-everything@1.2.3 stdio", "server-everything"],
  ["node /x/node_modules/@scope/server-files/dist/index.js", "server-files"],
  ["C:\\\\Tools\\\\papers.exe --fast", "papers"],
  ["uvx mcp-server-git --repository .", "mcp-server-git"],
  ["/usr/bin/python3 -m mcp_papers", "mcp_papers"],
  ["/opt/acme/bin/server", "acme"],
])("%s is called %s in lists", (line, name) => {
  const [command = "", ...args] = words(line);
  expect(nameOfCommand(command, args)).toBe(name);
});

test("words() splits by spaces and quotes, and leaves the backslashes of Windows' paths", () => {
  expect(words(`a  "b c" 'd "e' f\\ g "h \\"i\\"" C:\\x\\y ""`)).toEqual([
    "a",
    "b c",
    'd "e',
    "f g",
    'h "i"',
    "C:\\x\\y",
    "",
  ]);
  expect(() => words('a "b')).toThrow(/quote/);
});
