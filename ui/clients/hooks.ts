/** The one place that names where the hooks come from. */
export {
  type OpenQuestion,
  TaskClientProvider,
  useForgetTask,
  useInputRequests,
  useTask,
  useTaskHandle,
  useTaskIds,
  useTaskListing,
  useTasks,
} from "holdfast/react";
