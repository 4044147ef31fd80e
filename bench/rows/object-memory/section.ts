import budget from "../../budget.json" with { type: "json" };
import { type SettledMemory, SettledObjects } from "../../edge/settled-object.ts";
import type { Row, Section } from "../../row.ts";
import { median } from "../../statistics.ts";

const TASKS = [1, 10, 100] as const;
const ROUNDS = 3;
/** Of the text of each result: about a MB of JSON. */
const RESULT_LENGTH = 2 ** 20;
const X = { name: "settled tasks of one object, 1 MB each", unit: "count" } as const;

export const objectMemory: Section = {
  id: "object-memory",
  title: "Memory of a Durable Object with large results",
  async *run({ note }) {
    const objects = await SettledObjects.start(RESULT_LENGTH);
    const samples = new Map<number, SettledMemory[]>(TASKS.map((tasks) => [tasks, []]));
    try {
      for (let round = 1; round <= ROUNDS; round++)
        for (const tasks of TASKS) {
          note(`round ${round} of ${ROUNDS}: ${tasks} tasks`);
          samples.get(tasks)?.push(await objects.settle(tasks));
        }
    } finally {
      await objects.stop();
    }
    yield held(samples);
  },
};

function held(samples: ReadonlyMap<number, readonly SettledMemory[]>): Row {
  const points = [...samples].map(([tasks, taken]) => ({
    subject: "Holdfast",
    x: tasks,
    samples: taken.map(({ heapMb }) => heapMb),
  }));
  const most = median(points.at(-1)?.samples ?? []);
  const peak = Math.max(...[...samples.values()].flat().map(({ peakMb }) => peakMb));
  return {
    id: "object-memory",
    title: "Held in memory for tasks that have settled",
    unit: "MB",
    better: "less",
    x: X,
    points,
    aim: {
      text: `at most ${budget.settledHeapMb} MB for ${TASKS.at(-1)} tasks (${most.toFixed(1)} MB)`,
      met: most <= budget.settledHeapMb,
    },
    notes: [
      "The heap of the isolate in workerd, all garbage collected, more than before the tasks: by its inspector, as soon as all have settled and while the object is awake.",
      `Results are read from the object's storage when they are asked for. The process took at most ${Math.round(peak)} MB: garbage, what is on its way, and workerd itself. Cloudflare gives an object 128 MB.`,
    ],
  };
}
