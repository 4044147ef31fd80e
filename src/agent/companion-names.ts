/** The tools that come with those of the servers. Their names are theirs, whatever a server calls its own. */
export const CHECK_TASK = "check_task";
export const ANSWER_TASK = "answer_task";
export const CANCEL_TASK = "cancel_task";
export const LIST_TASKS = "list_tasks";

export const COMPANION_NAMES: readonly string[] = [CHECK_TASK, ANSWER_TASK, CANCEL_TASK, LIST_TASKS];
