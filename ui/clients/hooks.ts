/** The one place that names where the hooks come from. */
export {
  type OpenQuestion,
  type ShownTask,
  TaskClientProvider,
  useForgetTask,
  useInputRequests,
  useTask,
  useTaskListing,
  useTasks,
} from "holdfast/react";
