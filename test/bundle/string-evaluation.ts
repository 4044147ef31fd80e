import { parseSync } from "vite";

/** A place where code is made of a string, which extensions and strict pages forbid. */
export interface StringEvaluation {
  readonly module: string;
  readonly code: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/**
 * Finds each use of `eval` and of the global `Function` in a bundle, also where it is first given
 * another name. `instanceof Function` and `typeof Function` make no code.
 */
export function findStringEvaluation(code: string): readonly StringEvaluation[] {
  const { program, errors } = parseSync("bundle.js", code);
  if (errors.length > 0) throw new Error(`The bundle cannot be parsed: ${JSON.stringify(errors[0])}`);
  const found: StringEvaluation[] = [];
  visit(program as unknown as Node, undefined, "", (node, parent, field) => {
    if (!makesCode(node, parent, field)) return;
    const line = code.slice(code.lastIndexOf("\n", node.start) + 1, code.indexOf("\n", node.start));
    found.push({ module: moduleAt(code, node.start), code: line.trim().slice(0, 120) });
  });
  return found;
}

function makesCode(node: Node, parent: Node | undefined, field: string): boolean {
  if (node.type !== "Identifier" || (node.name !== "eval" && node.name !== "Function")) return false;
  switch (parent?.type) {
    case "MemberExpression":
      // `globalThis.Function` is the same thing; `schema.Function` is not.
      if (field === "property" && parent.computed !== true) return isGlobalObject(parent.object as Node);
      return !(field === "object" && isHarmlessMember(parent));
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return field !== "key" || parent.shorthand === true;
    case "BinaryExpression":
      return parent.operator !== "instanceof";
    case "UnaryExpression":
      return parent.operator !== "typeof";
    default:
      return true;
  }
}

function isGlobalObject(node: Node): boolean {
  return node.type === "Identifier" && ["globalThis", "window", "self", "global"].includes(String(node.name));
}

/** `Function.prototype` only reads. */
function isHarmlessMember({ property }: Node): boolean {
  return (property as Node).name === "prototype";
}

function visit(
  node: Node,
  parent: Node | undefined,
  field: string,
  look: (node: Node, parent: Node | undefined, field: string) => void,
): void {
  look(node, parent, field);
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === "object" && child !== null && typeof (child as Node).type === "string") {
        visit(child as Node, node, name, look);
      }
    }
  }
}

/** esbuild puts each module's path before its code. */
function moduleAt(code: string, position: number): string {
  const paths = [...code.slice(0, position).matchAll(/^(?: {2})?\/\/ (\S+\.[cm]?js)$/gm)];
  return paths.at(-1)?.[1] ?? "?";
}
