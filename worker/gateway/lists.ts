import type { ListMethod } from "../../front/whole-list.ts";

export const TOOLS: ListMethod = { method: "tools/list", field: "tools", key: "name" };
export const RESOURCES: ListMethod = { method: "resources/list", field: "resources", key: "uri" };
export const TEMPLATES: ListMethod = {
  method: "resources/templates/list",
  field: "resourceTemplates",
  key: "uriTemplate",
};
export const PROMPTS: ListMethod = { method: "prompts/list", field: "prompts", key: "name" };

export const LISTS: readonly ListMethod[] = [TOOLS, RESOURCES, TEMPLATES, PROMPTS];
