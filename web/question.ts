import type { InputRequest, JsonObject, Task } from "holdfast";
import { element } from "./element.ts";

/** The form for a question of the server; each button answers it, and the task goes on. */
export function questionForm(task: Task, request: InputRequest): HTMLElement {
  const { params } = request;
  const message = typeof params.message === "string" ? params.message : `The server asks: ${request.method}`;
  const problem = element("p", { hidden: true });
  problem.setAttribute("role", "alert");
  const answer = (response: JsonObject): void => {
    task.answer(request.key, response).catch((error: unknown) => {
      problem.textContent = String(error);
      problem.hidden = false;
    });
  };
  if (request.method !== "elicitation/create" || params.mode === "url") {
    return element(
      "div",
      { className: "question" },
      element("p", { textContent: message }),
      params.mode === "url" && element("p", { className: "meta", textContent: String(params.url) }),
      element(
        "div",
        { className: "actions" },
        button("Decline", () => answer({ action: "decline" })),
      ),
      problem,
    );
  }
  const fields = Object.entries(propertiesOf(params.requestedSchema));
  const form = element(
    "form",
    { className: "question" },
    element("p", { textContent: message }),
    ...fields.map(([name, schema]) => field(name, schema)),
    element(
      "div",
      { className: "actions" },
      element("button", { type: "submit", className: "primary", textContent: "Answer" }),
      button("Decline", () => answer({ action: "decline" })),
      button("Dismiss", () => answer({ action: "cancel" })),
    ),
    problem,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer({ action: "accept", content: contentOf(form, fields) });
  });
  return form;
}

function button(text: string, click: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", textContent: text });
  made.addEventListener("click", click);
  return made;
}

function propertiesOf(schema: unknown): Record<string, JsonObject> {
  const properties = (schema as { properties?: unknown } | undefined)?.properties;
  return typeof properties === "object" && properties !== null
    ? (properties as Record<string, JsonObject>)
    : {};
}

function field(name: string, schema: JsonObject): HTMLElement {
  const label = typeof schema.title === "string" ? schema.title : name;
  const choices = choicesOf(schema);
  const control = choices
    ? element(
        "select",
        { name },
        ...choices.map(([value, text]) => element("option", { value, textContent: text })),
      )
    : element("input", { name, type: inputType(schema), required: schema.type !== "boolean" });
  const initial = schema.default;
  if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = initial === true;
  else if (initial !== undefined) control.value = String(initial);
  return element("label", {}, label, " ", control);
}

/** `enum`, or titled choices as `oneOf` (elicitation, "Requested Schema"). */
function choicesOf(schema: JsonObject): [value: string, text: string][] | undefined {
  if (Array.isArray(schema.enum)) {
    const names = Array.isArray(schema.enumNames) ? schema.enumNames : schema.enum;
    return schema.enum.map((value, index) => [String(value), String(names[index])]);
  }
  if (!Array.isArray(schema.oneOf)) return undefined;
  return schema.oneOf.map((choice: JsonObject) => [
    String(choice.const),
    String(choice.title ?? choice.const),
  ]);
}

function inputType(schema: JsonObject): string {
  if (schema.type === "boolean") return "checkbox";
  return schema.type === "number" || schema.type === "integer" ? "number" : "text";
}

function contentOf(form: HTMLFormElement, fields: [string, JsonObject][]): JsonObject {
  return Object.fromEntries(
    fields.map(([name, schema]) => {
      const control = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
      if (control instanceof HTMLInputElement && control.type === "checkbox") return [name, control.checked];
      const number = schema.type === "number" || schema.type === "integer";
      return [name, number ? Number(control.value) : control.value];
    }),
  );
}
