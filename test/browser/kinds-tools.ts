import type { FixtureTool } from "./kinds-server.ts";

/** One red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/** A tenth of a second of silence. */
function silence(): string {
  const samples = Buffer.alloc(800, 128);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]).toString("base64");
}

/** 2 kB, and each of its parts refers twice to the next. */
const DOUBLING = {
  type: "object",
  properties: { way: { $ref: "#/$defs/d0" } },
  $defs: Object.fromEntries([
    ...Array.from({ length: 32 }, (_, index) => {
      const next = { $ref: `#/$defs/d${index + 1}` };
      return [`d${index}`, { anyOf: [next, next] }];
    }),
    ["d32", { type: "string" }],
  ]),
};

const noInput = { type: "object", properties: {} };
const outputSchema = {
  type: "object",
  properties: { pages: { type: "integer", minimum: 1 }, title: { type: "string" } },
  required: ["pages", "title"],
};

function gives(name: string, result: object, more: object = {}): FixtureTool {
  return {
    definition: { name, description: `Gives ${name}`, inputSchema: noInput, ...more },
    run: () => ({ ...result }),
  };
}

/** A result of each kind. */
export const KINDS: readonly FixtureTool[] = [
  gives("text", { content: [{ type: "text", text: "Just a sentence." }] }),
  gives("markdown", {
    content: [
      {
        type: "text",
        text: "# Kelp\n\n**Bold** and a [good link](https://example.com/kelp) and a [bad link](javascript:alert(1)).\n\n<b id='raw'>raw</b>\n\n![spy](https://example.com/spy.png)",
      },
    ],
  }),
  // Its emphasis takes the parser a minute.
  gives("slow-markdown", { content: [{ type: "text", text: `# Slow\n\n${"*a_ ".repeat(20_000)}` }] }),
  {
    definition: {
      name: "doubling-schema",
      description: "Of a schema with 2^32 ways",
      inputSchema: DOUBLING,
      outputSchema: DOUBLING,
    },
    run: () => ({ content: [], structuredContent: { way: 1 } }),
  },
  gives("image", { content: [{ type: "image", data: PNG, mimeType: "image/png" }] }),
  gives("audio", { content: [{ type: "audio", data: silence(), mimeType: "audio/wav" }] }),
  gives("links", {
    content: [
      {
        type: "resource_link",
        uri: "https://example.com/a.pdf",
        name: "a.pdf",
        mimeType: "application/pdf",
        size: 1234,
      },
      { type: "resource_link", uri: "javascript:document.title='owned'", name: "evil" },
      {
        type: "resource",
        resource: { uri: "file:///notes.md", mimeType: "text/markdown", text: "## Notes" },
      },
    ],
  }),
  gives("fitting", { content: [], structuredContent: { pages: 3, title: "Kelp" } }, { outputSchema }),
  gives("misfit", { content: [], structuredContent: { pages: "three" } }, { outputSchema }),
  gives("error", { content: [{ type: "text", text: "The press is closed" }], isError: true }),
];

const SCRIPT = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let i = 0; i < depth; i++) value = { [i % 2 ? SCRIPT : "in"]: value };
  return value;
}

/** Made to break out of the page that shows it, or to freeze it. */
export const HOSTILE: readonly FixtureTool[] = [
  {
    definition: {
      name: "hostile",
      title: SCRIPT,
      description: `\u202e${SCRIPT}`,
      inputSchema: {
        type: "object",
        properties: { [SCRIPT]: { type: "string", title: SCRIPT, description: SCRIPT } },
      },
    },
    run: () => ({
      content: [
        { type: "text", text: `# ${SCRIPT}\n\n[x](javascript:document.title='owned') ${SCRIPT}` },
        { type: "text", text: `\u202e${SCRIPT}` },
        {
          type: "image",
          data: Buffer.from(
            `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='owned'"/>`,
          ).toString("base64"),
          mimeType: "image/svg+xml",
        },
        { type: "image", data: Buffer.from(SCRIPT).toString("base64"), mimeType: "text/html" },
        { type: "resource_link", uri: "data:text/html,<script>alert(1)</script>", name: SCRIPT },
        { type: "unheard-of", anything: SCRIPT },
      ],
      structuredContent: nested(500),
    }),
  },
  {
    definition: {
      name: "endless",
      description: "Patterns that are tried for longer than anybody lives",
      inputSchema: {
        type: "object",
        properties: {
          word: { type: "string", pattern: "^(a+)+$" },
          more: {
            type: "object",
            patternProperties: { "^(a|a)*$": { type: "string" } },
            default: { [`${"a".repeat(60)}!`]: "b" },
          },
        },
        required: ["word"],
      },
      outputSchema: {
        type: "object",
        properties: { word: { type: "string", pattern: "^(a+)+$" }, pages: { type: "integer" } },
      },
    },
    run: (args) => ({ content: [], structuredContent: { word: args.word, pages: "none" } }),
  },
  {
    definition: {
      name: "huge",
      description: "Ten megabytes of text, and a list of 100,000",
      inputSchema: { type: "object", properties: {} },
      outputSchema: { type: "object", properties: { list: { type: "array" } } },
    },
    run: () => ({
      content: [{ type: "text", text: "kelp ".repeat(2_000_000) }],
      structuredContent: { list: Array.from({ length: 100_000 }, (_, index) => index) },
    }),
  },
];

/** Asks before it runs, and gives what it was answered. */
function asking(name: string, params: object, method = "elicitation/create"): FixtureTool {
  return {
    definition: { name, description: `Asks ${name}`, inputSchema: noInput },
    run: (_args, call) =>
      call.inputResponses
        ? { content: [{ type: "text", text: JSON.stringify(call.inputResponses) }] }
        : {
            resultType: "input_required",
            inputRequests: { q: { method, params } },
            requestState: "state",
          },
  };
}

/** Its name, its question, the fields of that and their choices are made to break out. */
export const HOSTILE_QUESTION: FixtureTool = asking(SCRIPT, {
  mode: "form",
  message: `\u202e${SCRIPT}`,
  requestedSchema: {
    type: "object",
    properties: {
      [SCRIPT]: { type: "string", title: SCRIPT, description: SCRIPT, enum: ["a"], enumNames: [SCRIPT] },
    },
  },
});

export const ASKING: readonly FixtureTool[] = [
  asking(
    "ask_model",
    {
      systemPrompt: "Be brief.",
      messages: [{ role: "user", content: { type: "text", text: "<b>What</b> is kelp?" } }],
      maxTokens: 50,
    },
    "sampling/createMessage",
  ),
  asking("ask_folders", {}, "roots/list"),
  asking("ask_unknown", { colours: ["<b>red</b>"] }, "vendor/pick"),
  asking("ask_form", {
    mode: "form",
    message: "Who are you?",
    requestedSchema: {
      type: "object",
      properties: {
        name: { type: "string", title: "Name", minLength: 2 },
        mail: { type: "string", title: "Mail", format: "email" },
        age: { type: "integer", title: "Age", minimum: 1 },
        colour: { type: "string", title: "Colour", enum: ["r", "g"], enumNames: ["Red", "Green"] },
      },
      required: ["name"],
    },
  }),
  asking("ask_long", { mode: "form", message: "Which kelp? ".repeat(200), requestedSchema: noInput }),
  asking("ask_address", {
    mode: "url",
    message: "Please sign in",
    url: "https://login.example/enter?x=1",
    elicitationId: "e",
  }),
  asking("ask_bad_address", {
    mode: "url",
    message: "Please run this",
    url: "javascript:alert(1)",
    elicitationId: "e",
  }),
];

/** Every kind of input. */
export const SHAPES: readonly FixtureTool[] = [
  {
    definition: {
      name: "shapes",
      description: "Takes all kinds of arguments",
      inputSchema: {
        type: "object",
        properties: {
          word: { type: "string", minLength: 3, description: "At least three letters" },
          count: { type: "integer", minimum: 1, maximum: 9 },
          ratio: { type: "number" },
          sure: { type: "boolean" },
          colour: { type: "string", enum: ["red", "green"] },
          day: { type: "string", format: "date" },
          tags: { type: "array", items: { type: "string" } },
          place: {
            type: "object",
            title: "Place",
            properties: {
              city: { type: "string", title: "City" },
              zip: { type: "string", pattern: "^\\d{5}$" },
            },
            required: ["city"],
          },
          either: {
            anyOf: [
              { type: "string", title: "A text" },
              { type: "integer", title: "A number" },
            ],
          },
          ref: { $ref: "#/$defs/unit" },
        },
        required: ["word", "place"],
        $defs: { unit: { type: "string", enum: ["mm", "cm"] } },
      },
    },
    run: (args) => ({ content: [], structuredContent: args }),
  },
  taking("wide", {
    type: "object",
    properties: { ["kelp".repeat(30)]: { type: "string", description: "reef".repeat(30) } },
  }),
];

/** What a schema may say, and a form has retry with. */
export const ODD: readonly FixtureTool[] = [
  taking("anchored", {
    type: "object",
    properties: { unit: { $ref: "#unit" } },
    $defs: { unit: { $anchor: "unit", type: "string" } },
  }),
  taking("endless_objects", {
    type: "object",
    properties: {
      word: { type: "string" },
      node: { $ref: "#/$defs/node" },
      kind: {
        type: "object",
        properties: { of: { type: "string" } },
        if: { required: ["of"] },
        // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so.
        then: { properties: { more: { type: "string" } } },
      },
    },
    $defs: {
      node: { type: "object", properties: { value: { type: "string" }, next: { $ref: "#/$defs/node" } } },
    },
  }),
  taking("optional", {
    type: "object",
    properties: {
      colour: { type: "string", oneOf: [{ const: "r", title: "Red" }] },
      words: { type: "array", items: { type: "string" }, minItems: 1 },
    },
  }),
  taking("pythonic", {
    type: "object",
    properties: {
      limit: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null, title: "Limit" },
      author: { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "Author" },
      open: { anyOf: [{ type: "boolean" }, { type: "null" }], default: null, title: "Open" },
    },
  }),
  asking("ask_nowhere", {
    mode: "form",
    message: "Which unit?",
    requestedSchema: { type: "object", properties: { unit: { $ref: "#/$defs/none" } } },
  }),
  asking("ask_choices", {
    mode: "form",
    message: "Which ones?",
    requestedSchema: {
      type: "object",
      properties: {
        colour: { type: "string", title: "Colour", oneOf: [{ const: "r", title: "Red" }] },
        legacy: { type: "string", title: "Legacy", enum: ["r"], enumNames: ["Red"] },
        colours: {
          type: "array",
          title: "Colours",
          items: {
            anyOf: [
              { const: "r", title: "Red" },
              { const: "g", title: "Green" },
            ],
          },
        },
        sizes: {
          type: "array",
          title: "Sizes",
          items: { type: "string", enum: ["small", "large"] },
          minItems: 1,
        },
      },
      required: ["sizes"],
    },
  }),
];

function taking(name: string, inputSchema: object): FixtureTool {
  return {
    definition: { name, description: `Takes ${name}`, inputSchema },
    run: (args) => ({ content: [], structuredContent: args }),
  };
}
