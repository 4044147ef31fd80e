import { inject } from "vitest";
import { SampleLab } from "../browser/sample-lab.ts";

/** A lab of the sample servers, called from the extension. */
export class TaskLab extends SampleLab {
  /** The address of its server of this generation. */
  server(generation: string): string {
    return `${inject("workerUrl")}/samples/${this.name}/${generation}/mcp`;
  }

  /** How long it was between polls of a task, in ms: by the clock of the server, each as it arrived. */
  async gaps(): Promise<readonly number[]> {
    const polls = (await this.wire()).filter(({ method }) => method === "tasks/get");
    return polls.slice(1).map(({ at }, index) => at - (polls[index]?.at ?? at));
  }
}
