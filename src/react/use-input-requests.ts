import { type OpenQuestion, questionsOf } from "../observe/open-question.ts";
import { useClientTasks } from "./provider.ts";
import { useSelection } from "./use-selection.ts";

/**
 * The questions that are open over all tasks, those of the earliest task first. The same array until
 * one is asked or answered, here, in another tab or by another component.
 * @example
 * const questions = useInputRequests();
 * const list = questions.map(({ task, request, decline }) => (
 *   <button type="button" key={`${task.id} ${request.key}`} onClick={() => void decline()}>Decline</button>
 * ));
 */
export function useInputRequests(): readonly OpenQuestion[] {
  const { handle } = useClientTasks();
  return useSelection<OpenQuestion>((views, before) => questionsOf(views, before, handle));
}
