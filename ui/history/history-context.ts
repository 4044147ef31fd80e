import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Story, TaskHistory } from "./task-history.ts";

export const HistoryContext = createContext<TaskHistory | undefined>(undefined);

export function useHistory(): TaskHistory {
  const history = useContext(HistoryContext);
  if (!history) throw new Error("There is no HistoryContext above this component");
  return history;
}

export function useStory(id: string): Story {
  const history = useHistory();
  const subscribe = useCallback((listener: () => void) => history.subscribe(id, listener), [history, id]);
  return useSyncExternalStore(subscribe, () => history.read(id));
}
