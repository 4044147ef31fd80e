import { hasTexts } from "../protocol/json.ts";
import type { Task } from "../task.ts";
import type { Delivery } from "../task-inbox.ts";
import { type TaskView, withoutResult } from "../task-view.ts";
import { readView } from "./read-view.ts";

/** A delivery as plain data, for another process. */
export interface DeliveryMessage extends Omit<Delivery, "task"> {
  /** Without its result. */
  readonly task: TaskView;
}

export function deliveryMessage({ task, ...delivery }: Delivery): DeliveryMessage {
  return { ...delivery, task: withoutResult(task.latest) };
}

/** Reads the deliveries that another process sent, and skips anything else. @param taskOf Returns the handle of a task. */
export function readDeliveries(
  values: readonly unknown[],
  taskOf: (view: TaskView) => Task,
): readonly Delivery[] {
  return values.flatMap((value) => {
    const view = hasTexts(value, "id", "addressee", "receipt") && readView(value.task);
    return view ? { ...(value as unknown as Delivery), task: taskOf(view) } : [];
  });
}
