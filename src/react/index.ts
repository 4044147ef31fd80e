"use client";

/**
 * Holdfast's hooks for React.
 * @module
 */

export type { ClientTasks, TaskListing } from "../observe/client-tasks.ts";
export type { OpenQuestion } from "../observe/open-question.ts";
export type { TaskFilter } from "../observe/task-filter.ts";
export { TaskClientProvider, type TaskClientProviderProps, useTaskClient } from "./provider.ts";
export { type ToolCall, useCallTool } from "./use-call-tool.ts";
export { useForgetTask } from "./use-forget-task.ts";
export { useInputRequests } from "./use-input-requests.ts";
export { useTask } from "./use-task.ts";
export { useTaskHandle } from "./use-task-handle.ts";
export { useTaskListing } from "./use-task-listing.ts";
export { useTaskIds, useTasks } from "./use-tasks.ts";
