import { type Task, TaskClient } from "holdfast";
import { fromUrl } from "holdfast/http";
import { indexedDbStore } from "holdfast/indexeddb";

const tasks = new TaskClient({ store: indexedDbStore(), endpoints: { papers: fromUrl("/mcp") } });
const show = async (task: Task): Promise<void> => console.log(await task.result());

for (const task of await tasks.resume()) void show(task);
document.addEventListener("click", async () => show(await tasks.callTool("papers", "acquire_paper")));
