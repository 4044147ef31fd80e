import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { ApiDocument } from "./document.ts";
import { STYLE } from "./style.ts";

type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;
type PathItem = NonNullable<ApiDocument["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;
type Parameter = NonNullable<Operation["parameters"]>[number];
type Responses = NonNullable<Operation["responses"]>;
type Response = Responses[string];
type Schema = NonNullable<NonNullable<ApiDocument["components"]>["schemas"]>[string];
type ResponseContent = Readonly<Record<string, { readonly schema?: object }>>;

const METHODS = ["get", "post", "delete"] as const;

/** The document as a page to be read, without any script. */
export function docsPage(document: ApiDocument): Markup {
  const { info, tags = [], components } = document;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${info.title} API</h1>
${(info.description ?? "").split("\n\n").map((paragraph) => html`<p>${prose(paragraph)}</p>`)}
<p>This page is made of <a href="/v1/openapi.json">/v1/openapi.json</a>, an OpenAPI ${document.openapi} document.</p>
</header>
<main>
${tags.map((tag) => section(document, tag.name, tag.description ?? ""))}
<h2>Schemas</h2>
${Object.entries(components?.schemas ?? {}).map(([name, schema]) => schemaCard(name, schema))}
</main>
</body>
</html>`;
}

function section(document: ApiDocument, tag: string, description: string): Markup {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation?.tags?.includes(tag) ? [operationCard(method, path, operation)] : [];
    }),
  );
  return html`<section>
<h2>${tag}</h2>
<p class="soft">${description}</p>
${operations}
</section>`;
}

function operationCard(method: string, path: string, operation: Operation): Markup {
  const body = operation.requestBody;
  const content = body && "content" in body ? body.content : {};
  return html`<article class="card">
<h3><code><span class="method">${method.toUpperCase()}</span> ${path}</code></h3>
<p>${operation.summary ?? ""}. ${prose(operation.description ?? "")}</p>
<dl>
${(operation.parameters ?? []).map(parameterRow)}
${Object.values(content).map(({ schema }) => row("body", html`${schema ? schemaName(schema) : ""}`))}
</dl>
<details open><summary>Answers</summary>
<dl>${Object.entries(operation.responses ?? {}).map(([status, response]) => responseRow(status, response))}</dl>
</details>
</article>`;
}

function parameterRow(parameter: Parameter): Markup {
  if ("$ref" in parameter) return html``;
  const { name, in: place, required, schema, description } = parameter;
  const said = description ?? (schema && "description" in schema ? schema.description : undefined) ?? "";
  return row(name, html`<span class="soft">${place}${required ? ", required" : ""}.</span> ${prose(said)}`);
}

function responseRow(status: string, response: Response): Markup {
  if ("$ref" in response) return html``;
  const { content = {} } = response as { readonly content?: ResponseContent };
  const bodies = Object.entries(content).map(([type, { schema }]) => {
    const said =
      schema && "description" in schema && !("$ref" in schema) ? prose(String(schema.description ?? "")) : "";
    return html` <span class="soft">${type}</span> ${schema ? schemaName(schema) : ""} ${said}`;
  });
  return row(status, html`${response.description}${bodies}`);
}

function row(term: string, definition: Markup): Markup {
  return html`<dt>${term}</dt><dd>${definition}</dd>`;
}

function schemaCard(name: string, schema: Schema): Markup {
  const { description, ...rest } = schema as { readonly description?: string };
  return html`<article class="card" id="schema-${name}">
<h3>${name}</h3>
<p>${prose(description ?? "")}</p>
<details><summary>JSON Schema</summary><pre>${JSON.stringify(rest, null, 2)}</pre></details>
</article>`;
}

/** A link to a schema that has a name. */
function schemaName(schema: object): Markup {
  const { $ref } = schema as { readonly $ref?: unknown };
  const name = typeof $ref === "string" ? $ref.split("/").at(-1) : undefined;
  return name === undefined ? html`` : html`<a href="#schema-${name}">${name}</a>`;
}

/** Text in which backticks mark code. */
function prose(text: string): readonly Markup[] {
  return text.split("`").map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}
