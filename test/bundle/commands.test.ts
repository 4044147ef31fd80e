import { describe, expect, test } from "vitest";
import { HELP } from "../../proxy/command-line/help.ts";
import { SERVE_HELP } from "../../proxy/serve/serve-options.ts";
import { blocksOf, DOCUMENTS, spansOf, textOf } from "../examples/documents.ts";
import { readsFlag, shellProblems, unknownProjects } from "./commands.ts";

const ALL = [...DOCUMENTS, "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

function commandsOf(document: string): readonly string[] {
  const shell = blocksOf(document).filter(({ language }) => language === "sh");
  const inline = spansOf(document).filter((span) => /^(npm|npx|node|holdfast) /.test(span));
  return [...shell.map(({ code }) => code), ...inline];
}

/** The options that a text names. */
function optionsIn(text: string): readonly string[] {
  return [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]+/g))];
}

test("the documents have commands to check", () => {
  expect(ALL.flatMap(commandsOf).length).toBeGreaterThan(80);
});

test.each(ALL)(
  "the commands in %s can be run here: scripts, files, packages, sub-commands and flags",
  (document) => {
    expect(commandsOf(document).flatMap(shellProblems)).toEqual([]);
    expect(unknownProjects(textOf(document))).toEqual([]);
  },
);

describe.each([
  ["holdfast", "docs/proxy.md", HELP, [[], ["wrap"], ["tasks"]]],
  ["holdfast serve", "docs/serve.md", SERVE_HELP, [["serve"]]],
])("the options of %s", (_command, document, help, subcommands) => {
  const ofTables = spansOf(document).filter((span) => span.startsWith("--"));

  test.each(optionsIn(help).filter((option) => option !== "--help"))(
    "%s is read by the command and explained in its document",
    (option) => {
      expect(subcommands.some((subcommand) => readsFlag(subcommand, option))).toBe(true);
      expect(optionsIn(textOf(document))).toContain(option);
    },
  );

  test("its document names no other option", () => {
    expect(ofTables.length).toBeGreaterThan(5);
    const options = ofTables.flatMap(optionsIn);
    const known = (option: string): boolean =>
      subcommands.some((subcommand) => readsFlag(subcommand, option));
    expect(options.filter((option) => !known(option))).toEqual([]);
  });
});

test.each([
  "npm run bild",
  "npm run simulate -- --sok 1",
  "npm install holdfasst",
  "npx vitst run",
  "npx vitest run --project nod",
  "npx vitest run --project node test/apis",
  "node test/simulation/simulated.ts --seed 1",
  "node test/simulation/simulate.ts --sed 1",
  "npx -y holdfast srve",
  "npx -y holdfast wrap cursor --yess",
  "npx -y holdfast tasks shaw <task>",
  "npx -y holdfast --budgt <s> -- npx -y @modelcontextprotocol/server-everything",
  "npx -y holdfast -- npx -y @modelcontextprotocol/server-everythin",
  "holdfast serve --endpoint a=https://a.example --prt 1",
  "make",
])("the test notices that `%s` cannot be run", (command) => {
  expect(shellProblems(command)).toHaveLength(1);
});
