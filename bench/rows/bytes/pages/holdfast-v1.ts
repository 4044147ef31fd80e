import { type Task, TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { fromUrl } from "holdfast/sdk-v1";

const tasks = new TaskClient({ store: indexedDbStore(), endpoints: { papers: fromUrl("/mcp") } });
const show = async (task: Task): Promise<void> => console.log(await task.result());

for (const task of await tasks.resume()) void show(task);
document.addEventListener("click", async () => show(await tasks.callTool("papers", "acquire_paper")));
