import * as front from "../../front/messages.ts";
import * as proxy from "../../proxy/messages.ts";
import * as agent from "../../src/agent/messages.ts";

/** Every text of the modules that hold what a model can be sent, each parameter as `{name}`, by module and name. */
export const MESSAGES: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  "src/agent/messages.ts": textsOf(agent),
  "front/messages.ts": textsOf(front),
  "proxy/messages.ts": textsOf(proxy),
};

function textsOf(module: object): ReadonlyMap<string, string> {
  return new Map(Object.entries(module).flatMap(([name, message]) => entriesOf(name, message)));
}

function entriesOf(name: string, message: unknown): [string, string][] {
  if (typeof message === "string") return [[name, message]];
  if (typeof message === "function") return [[name, String(message(...parametersOf(message)))]];
  return Object.entries(message as object).flatMap(([key, text]) => entriesOf(`${name}.${key}`, text));
}

function parametersOf(message: unknown): string[] {
  const list = /^\(?([^)=]*)\)?\s*=>/.exec(String(message))?.[1] ?? "";
  return list
    .split(",")
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== "")
    .map((parameter) => `{${parameter}}`);
}
