import type { ReactElement } from "react";
import {
  useCallTool,
  useInputRequests,
  useTask,
  useTaskIds,
  useTaskListing,
  useTasks,
} from "../../../src/react/index.ts";

/** A component with every hook that reads, and what each gave. */
export function Everything(): ReactElement {
  const lengths = [useTasks(), useTaskIds(), useInputRequests()].map(({ length }) => length);
  const { task, pending } = useCallTool("lab", "acquire");
  const one = useTask("task-1")?.status;
  return <p>{[...lengths, one, useTaskListing().status, task, pending].map(String).join(" ")}</p>;
}
