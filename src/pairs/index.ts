/**
 * Servers without Tasks that offer long work as pairs of tools, such as `start_export` and `get_export`: one tool, one task.
 * @module
 */
export type {
  CancelTool,
  JobArguments,
  ListCursor,
  ListTool,
  Pair,
  Pairs,
  Place,
  ResultTool,
  StartTool,
  StatusTool,
} from "./pair.ts";
export { withPairs } from "./pair-connector.ts";
export { PairsError, readPairs } from "./read-pairs.ts";
export { type PairSuggestion, suggestPairs } from "./suggest-pairs.ts";
