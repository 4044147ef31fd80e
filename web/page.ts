import { type ListedTool, type Task, TaskClient, type TaskClientApi } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { RemoteTaskClient } from "holdfast/remote";
import { element, find } from "./element.ts";
import { addServer, connectorTo, edgeServers, knownServers } from "./servers.ts";
import { taskCard } from "./task-card.ts";

const OTHER = "other";
const EXAMPLES: Readonly<Record<string, unknown>> = {
  acquire_paper: { doi: "10.1038/s41586-020-2649-2", mode: "success" },
  lookup_doi: { doi: "10.1038/s41586-020-2649-2" },
  "simulate-research-query": { topic: "python" },
};

const form = find<HTMLFormElement>("#call");
const serverSelect = find<HTMLSelectElement>("[name=server]", form);
const toolSelect = find<HTMLSelectElement>("[name=tool]", form);
const argumentsText = find<HTMLTextAreaElement>("[name=arguments]", form);
const addressInput = find<HTMLInputElement>("[name=address]", form);
const callButton = find<HTMLButtonElement>("[type=submit]", form);
const about = find<HTMLElement>("#about");
const problem = find<HTMLElement>("#problem");
const taskList = find<HTMLOListElement>("#tasks");

/** The demo's: a worker that is nobody's demo does not know it. */
const EDGE_TOKEN = "demo";

const called = await knownServers(location);
const page = new TaskClient({
  store: indexedDbStore(),
  endpoints: Object.fromEntries(called.map(({ name, url }) => [name, connectorTo(url)])),
  // A task of a server this page does not show is another visit's: it waits for that.
  onProblem: (reported) => reported.kind !== "unknown-endpoint" && say(reported.message),
});
const edge = new RemoteTaskClient({ url: location.origin, token: EDGE_TOKEN });
const held = await edgeServers(edge);
const servers = [...called, ...held];
const clients: readonly TaskClientApi[] = held.length > 0 ? [page, edge] : [page];
const clientOf = (endpoint: string): TaskClientApi =>
  held.some(({ name }) => name === endpoint) ? edge : page;
let tools: readonly ListedTool[] = [];
/** Counts the choices of a server: a list that comes late is not shown over a newer choice. */
let choices = 0;

const shown = new Map<string, Task>();
for (const client of clients) client.subscribe(show);

serverSelect.append(
  ...servers.map(({ name, title }) => element("option", { value: name, textContent: title })),
  element("option", { value: OTHER, textContent: "Another address…" }),
);
serverSelect.addEventListener("change", () => void chooseServer());
toolSelect.addEventListener("change", chooseTool);
find<HTMLButtonElement>("[name=connect]", form).addEventListener("click", () => {
  if (!URL.canParse(addressInput.value)) return say(`${JSON.stringify(addressInput.value)} is no address`);
  addServer(addressInput.value).then(
    () => location.reload(),
    (error) => say(`The address could not be stored: ${error}`),
  );
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void call();
});

const preferred = new URLSearchParams(location.search).get("server");
if (preferred && servers.some(({ name }) => name === preferred)) serverSelect.value = preferred;
// What runs comes first: the list of tools can wait.
for (const client of clients) for (const task of await client.resume()) show(task);
for (const client of clients) for (const task of await client.list()) show(task);
// Whoever has chosen meanwhile, and begun to type, is not to lose it.
if (choices === 0) void chooseServer();
document.documentElement.dataset.ready = "true";

function show(task: Task): void {
  if (shown.has(task.id)) return;
  const server = servers.find(({ name }) => name === task.endpoint);
  const card = taskCard(task, server?.title ?? task.endpoint, () => {
    void clientOf(task.endpoint).forget(task.id);
    card.remove();
  });
  shown.set(task.id, task);
  // The newest comes first, in whatever order they were found.
  const older = [...taskList.children].find((other) => createdAt(other) < task.createdAt);
  taskList.insertBefore(card, older ?? null);
  find<HTMLElement>("#none").hidden = true;
}

function createdAt(card: Element): number {
  return shown.get((card as HTMLElement).dataset.task ?? "")?.createdAt ?? 0;
}

async function chooseServer(): Promise<void> {
  const chosen = serverSelect.value;
  const choice = ++choices;
  find<HTMLElement>("#other").hidden = chosen !== OTHER;
  showTools(undefined, []);
  if (chosen === OTHER) return addressInput.focus();
  about.textContent = "Asking for the tools…";
  try {
    const listed = await clientOf(chosen).listTools(chosen);
    if (choice !== choices) return;
    showTools(chosen, listed);
    say(undefined);
  } catch (error) {
    if (choice !== choices) return;
    about.textContent = "";
    say(`${chosen} cannot be reached: ${error instanceof Error ? error.message : error}`);
  }
}

function showTools(server: string | undefined, listed: readonly ListedTool[]): void {
  tools = listed;
  form.dataset.toolsOf = server ?? "";
  toolSelect.replaceChildren(
    ...tools.map(({ name }) => element("option", { value: name, textContent: name })),
  );
  if (tools.some(({ name }) => name === "acquire_paper")) toolSelect.value = "acquire_paper";
  toolSelect.disabled = callButton.disabled = tools.length === 0;
  chooseTool();
}

function chooseTool(): void {
  const tool = tools.find(({ name }) => name === toolSelect.value);
  about.textContent = typeof tool?.definition.description === "string" ? tool.definition.description : "";
  if (tool) argumentsText.value = JSON.stringify(EXAMPLES[tool.name] ?? {}, undefined, 2);
}

async function call(): Promise<void> {
  let args: Record<string, unknown>;
  try {
    args = JSON.parse(argumentsText.value);
  } catch (error) {
    return say(`The arguments are no JSON: ${error instanceof Error ? error.message : error}`);
  }
  say(undefined);
  callButton.disabled = true;
  try {
    show(await clientOf(serverSelect.value).callTool(serverSelect.value, toolSelect.value, args));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  } finally {
    callButton.disabled = false;
  }
}

function say(message: string | undefined): void {
  problem.hidden = message === undefined;
  problem.textContent = message ?? "";
}
