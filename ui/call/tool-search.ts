import type { ListedTool } from "holdfast";

/** The tools that have every word of the search in their name, title or description; by name first. */
export function matching(tools: readonly ListedTool[], search: string): readonly ListedTool[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return tools;
  const named = (tool: ListedTool): boolean => words.every((word) => tool.name.toLowerCase().includes(word));
  return tools
    .filter((tool) => words.every((word) => textOf(tool).includes(word)))
    .sort((a, b) => Number(named(b)) - Number(named(a)));
}

function textOf({ name, definition: { title, description } }: ListedTool): string {
  return [name, title, description]
    .filter((part) => typeof part === "string")
    .join("\n")
    .toLowerCase();
}
